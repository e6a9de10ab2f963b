"""What code reads without naming it: registries of the process, texts in annotations, lines of code."""

from __future__ import annotations

import pytest
from daily import daily

from fpcache.testing.sessions import assert_same, expect
from fpcache.testing.sessions.edits import run_one_then_other


def expect_to_count(transcript, cells, old, new, **settings):
    """An edit far from `r` makes it run again, once; back before the edit, it still hits."""
    _, warm = run_one_then_other(transcript, cells, cells.replace(old, new), **settings)
    expect(warm, {"r =": "miss"})
    again = transcript.run(cells.replace(old, new), **settings)
    assert_same(transcript.plain(cells.replace(old, new), **settings), again)
    expect(again, {"r =": "hit"})
    expect(transcript.run(cells, **settings), {"r =": "hit"})


def expect_to_be_nothing(transcript, cells, old, new, **settings):
    """An edit of what `r` does not read leaves it as it is."""
    _, warm = run_one_then_other(transcript, cells, cells.replace(old, new), **settings)
    expect(warm, {"r =": "hit"})


# ---------------------------------------------------------------- classes registered with abstract ones

ABSTRACT = "from abc import ABC\nclass A(ABC): pass\nclass A1(A): pass\nclass B: pass\nclass C(B): pass\nitems = [B(), C()]"
SEQUENCE = "from collections import OrderedDict\nfrom collections.abc import Sequence\nclass B: pass\nclass S(Sequence): pass"
KIND = "def is_sequence(o): return isinstance(o, Sequence)"
# By name: the definitions, the statement that registers, what asks.
REGISTERED = {
    "a class of the notebook": (ABSTRACT, "x = A.register(B)", "isinstance(B(), A)"),
    "in a function": (f"{ABSTRACT}\ndef put(): A.register(B)", "put()", "isinstance(B(), A)"),
    "by another name": (f"{ABSTRACT}\nput = A.register", "x = put(B)", "isinstance(B(), A)"),
    "for a subclass": (ABSTRACT, "x = A.register(B)", "isinstance(C(), A)"),
    "for what is in a list": (ABSTRACT, "x = A.register(B)", "[isinstance(o, A) for o in items]"),
    "with a subclass": (ABSTRACT, "x = A1.register(B)", "issubclass(B, A)"),
    "as a decorator": (ABSTRACT, "@A.register\nclass B: pass", "isinstance(B(), A)"),
    "an installed class": (ABSTRACT, "x = A.register(int)", "isinstance(1, A)"),
    "an installed class with a subclass": (ABSTRACT, "x = A1.register(int)", "isinstance(1, A)"),
    "a subclass that decides": (
        ABSTRACT, "class A2(A):\n    @classmethod\n    def __subclasshook__(cls, other): return True", "isinstance(1, A)"
    ),
    "with an installed class": (f"{SEQUENCE}\n{KIND}", "x = Sequence.register(B)", "is_sequence(B())"),
    "installed ones": (f"{SEQUENCE}\n{KIND}", "x = Sequence.register(OrderedDict)", "is_sequence(OrderedDict())"),
    "an installed one with a subclass of an installed one": (
        f"{SEQUENCE}\n{KIND}", "x = S.register(OrderedDict)", "is_sequence(OrderedDict())"
    ),
    "installed ones beside an import": (
        f"{SEQUENCE}\n{KIND}", "import chunk_of_mine; x = Sequence.register(OrderedDict)", "is_sequence(OrderedDict())"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("made", "registers", "asks"), daily(REGISTERED, 6))
def test_a_class_registered_with_an_abstract_one_counts(transcript, made, registers, asks):
    transcript.files = {"chunk_of_mine.py": "x = 1\n"}
    cells = f"{made}\n# %%\n0;\n# %%\nr = {asks}\n# %%\nprint(r)"
    expect_to_count(transcript, cells, "\n0;\n", f"\n{registers}\n")


UNRELATED = {
    "another class of the notebook": (ABSTRACT, "x = A.register(B)", "isinstance(1, A1), [2]"),
    "an import that registers": (ABSTRACT, "import numbers, fractions", "isinstance(1, A), [2]"),
    "a subclass": (ABSTRACT, "class A3(A): pass", "isinstance(1, A), [2]"),
    "with an installed class": (f"{SEQUENCE}\n{KIND}", "x = Sequence.register(B)", "is_sequence([1])"),
}


@pytest.mark.parametrize(("made", "registers", "asks"), UNRELATED.values(), ids=UNRELATED)
def test_a_registration_of_other_classes_changes_nothing(transcript, made, registers, asks):
    cells = f"{made}\n# %%\n0;\n# %%\nr = {asks}\n# %%\nprint(r)"
    expect_to_be_nothing(transcript, cells, "\n0;\n", f"\n{registers}\n")


# ---------------------------------------------------------------- registries of the process

CODEC = "import codecs\ndef find(name): return codecs.lookup('utf-8') if name == 'zzz' else None"
ENCODED = "def told(errors='strict'):\n    try: return 'a\\xe4'.encode('zzz' if errors == 'strict' else 'ascii', errors)\n    except LookupError as e: return str(e)"
PICKLED = "import copy, copyreg\nclass C:\n    def __init__(self, v): self.v = v\nc = C(3)\ndef reduced(o): return C, (99,)"
DIGITS = (
    "import sys\ndef told():\n    try: return len(str(10**5000))\n    except ValueError: return 'too long'"
)
PROCESS = {
    "a codec": (f"{CODEC}\n{ENCODED}", "codecs.register(find)", "told()"),
    "a codec, under another name": (f"{CODEC}\n{ENCODED}\nput = codecs.register", "put(find)", "told()"),
    "a codec, in a function": (f"{CODEC}\n{ENCODED}\ndef put(): codecs.register(find)", "put()", "told()"),
    "a codec, by text": (f"{CODEC}\n{ENCODED}", "getattr(codecs, 'register')(find)", "told()"),
    "a codec, in code that is run": (f"{CODEC}\n{ENCODED}", "exec('codecs.register(find)')", "told()"),
    "a codec, as a decorator": (f"{CODEC}\n{ENCODED}", f"@codecs.register\n{CODEC.partition(chr(10))[2]}", "told()"),
    "a codec, by a module": (f"{CODEC}\n{ENCODED}", "import puts_codec", "told()"),
    "a handler of errors": (
        f"{CODEC}\n{ENCODED}", "codecs.register_error('mine', lambda e: ('?', e.end))", "told('mine')"
    ),
    "a pickler": (PICKLED, "copyreg.pickle(C, reduced)", "copy.copy(c).v"),
    "a pickler in the table": (PICKLED, "copyreg.dispatch_table[C] = reduced", "copy.copy(c).v"),
    "a dialect": (
        "import csv, io\ndef told(): return [row for row in csv.reader(io.StringIO('a;b'), 'mine' if 'mine' in csv.list_dialects() else 'excel')]",
        "csv.register_dialect('mine', delimiter=';')", "told()",
    ),
    "digits of numbers": (DIGITS, "sys.set_int_max_str_digits(0)", "told()"),
    "the mask of modes": (
        "import os\ndef told():\n    open('z.txt', 'w').close()\n    return oct(os.stat('z.txt').st_mode & 0o777)",
        "x = os.umask(0o077)", "told()",
    ),
    "the mask that is returned": ("import os", "x = os.umask(0o077)", "os.umask(0o022)"),
}  # fmt: skip
PUTS = f"{CODEC}\ncodecs.register(find)\n"


@pytest.mark.parametrize(("made", "registers", "asks"), daily(PROCESS, 6))
def test_what_is_registered_for_the_process_counts(transcript, made, registers, asks):
    transcript.files = {"puts_codec.py": PUTS}
    cells = f"{made}\n# %%\n0;\n# %%\nr = {asks}\n# %%\nprint(r)"
    expect_to_count(transcript, cells, "\n0;\n", f"\n{registers}\n")


@pytest.mark.parametrize(
    "other", ["codecs.lookup('utf-8')", "import atexit; atexit.register(int)", "x = copy.copy([1])"]
)
def test_code_that_registers_nothing_for_others_changes_nothing(transcript, other):
    cells = "import codecs, copy\n# %%\n0;\n# %%\nr = 'a'.encode('utf-8') + b'b'\n# %%\nprint(r)"
    expect_to_be_nothing(transcript, cells, "\n0;\n", f"\n{other};\n")


# ---------------------------------------------------------------- texts in annotations

LATER = "from __future__ import annotations\nimport inspect, typing\nK = int"
ANNOTATED = {
    "a dataclass": (
        "from __future__ import annotations\nimport dataclasses, typing\nK = int\n@dataclasses.dataclass\nclass C:\n    a: K",
        "str(typing.get_type_hints(C))",
    ),
    "a function": (f"{LATER}\ndef f(a: K): pass", "str(inspect.signature(f, eval_str=True))"),
    "a quoted one": ("import inspect\nK = int\ndef f(a: 'K'): pass", "str(inspect.get_annotations(f, eval_str=True))"),
    "inside another": (
        "import typing\nK = int\ndef f(a: list['K'], b: typing.Optional['K']): pass", "str(typing.get_type_hints(f))"
    ),
    "a method": (f"{LATER}\nclass C:\n    def f(self, a: K): pass", "str(typing.get_type_hints(C.f))"),
    "a named tuple": (f"{LATER}\nclass C(typing.NamedTuple):\n    a: K", "str(typing.get_type_hints(C))"),
    "an alias that is a text": (f"{LATER}\nL = 'K'\ndef f(a: L): pass", "str(typing.get_type_hints(f))"),
    "an alias with a text": (f"{LATER}\nL = typing.Tuple['K', 'K']\ndef f(a: L): pass", "str(typing.get_type_hints(f))"),
    "in a function that is called": (
        f"{LATER}\ndef cast(f, v): return typing.get_type_hints(f)['a'](v)\ndef f(a: K): pass", "cast(f, 3.5)"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("made", "asks"), daily(ANNOTATED, 6))
def test_what_a_text_in_an_annotation_stands_for_counts(transcript, made, asks):
    cells = f"{made}\n# %%\nr = {asks}\n# %%\nprint(r)"
    expect_to_count(transcript, cells, "K = int", "K = float")


def test_what_an_annotation_of_a_typed_dict_stands_for_counts(transcript):
    made = f"{LATER}\nclass C(typing.TypedDict):\n    a: K"
    cells = f"{made}\n# %%\nr = str(typing.get_type_hints(C))\n# %%\nprint(r)"
    _, warm = run_one_then_other(transcript, cells, cells.replace("K = int", "K = float"))
    expect(warm, {"r =": "miss"})


def test_a_name_in_an_annotation_that_is_bound_later_counts(transcript):
    cells = f"{LATER}\ndef f(a: Late): pass\ndef told():\n    try: return str(typing.get_type_hints(f))\n    except NameError: return 'unbound'\n# %%\nr = told()\nprint(r)"
    expect_to_count(transcript, cells, "K = int", "Late = float")


def test_a_class_that_only_an_annotation_names_counts_by_content(transcript):
    cells = f"{LATER}\nclass C:\n    v = 1\ndef f(a: C): pass\n# %%\nr = typing.get_type_hints(f)['a'].v\nprint(r)"
    expect_to_count(transcript, cells, "v = 1", "v = 2")


HARMLESS = {
    "a remark": "def f(a: 'a number, one of few', b: 'K is it' = 0): return a",
    "a text among literals": "def f(a: typing.Literal['K']): return a",
    "what opens connections": "import socket\nclass C:\n    s: socket.socket\ndef f(a: socket.socket, c: C = None): return a",
    "itself": "class C:\n    next: C\n    def same(self, o: C) -> C: return o\ndef f(a: C): return a",
    "nothing that is bound": "def f(a: Unknown, b: un.known = 1): return a",
}


@pytest.mark.parametrize("made", HARMLESS.values(), ids=HARMLESS)
def test_annotations_refuse_nothing_and_other_names_do_not_count(transcript, made):
    header = LATER if made is not HARMLESS["a text among literals"] else LATER.partition("\n")[2]
    cells = f"{header}\n{made}\n# %%\nr = [f(1)]\n# %%\nprint(r)"
    expect_to_be_nothing(transcript, cells, "K = int", "K = float")


# ---------------------------------------------------------------- lines of code

LINES = {
    "the first line": "f.__code__.co_firstlineno",
    "a table of lines": "list(f.__code__.co_lines())",
    "by text": "getattr(f.__code__, 'co_firstlineno')",
    "a path in a text": "operator.attrgetter('__code__.co_firstlineno')(f)",
    "in a function": "line_of(f)",
    "code as a whole": "marshal.dumps(f.__code__)[:0], [x for x in map(operator.attrgetter('co_firstlineno'), [f.__code__])]",
    "a line in a traceback": "where()",
    "a generator's code": "g().gi_code.co_firstlineno",
    "the source": "inspect.getsource(f)",
}
MADE = """import inspect, marshal, operator
def line_of(f):
    code = f.__code__
    return code.co_firstlineno
# %%
def g(): yield 1
def f(): return 1
def where():
    try: 1 / 0
    except ZeroDivisionError as e: return e.__traceback__.tb_lineno
# %%
"""


@pytest.mark.parametrize("asks", LINES.values(), ids=LINES)
def test_code_that_asks_for_a_line_runs_again_where_the_line_is_another(transcript, asks):
    cells = f"{MADE}r = {asks}\n# %%\nprint(r)"
    moved = "# a remark\n\ndef g()" if "getsource" not in asks else "def g()"
    changed = cells.replace("def g()", moved).replace("def f(): return 1", "def f(): return 1  # one")
    _, warm = run_one_then_other(transcript, cells, changed)
    expect(warm, {"r =": "miss"})
    expect(transcript.run(changed), {"r =": "hit"})


@pytest.mark.parametrize("asks", ["f.__code__.co_varnames, f()", "f.__name__ + f.__code__.co_name", "[f()]"])
def test_code_that_asks_for_nothing_of_a_line_still_hits(transcript, asks):
    cells = f"{MADE}r = {asks}\n# %%\nprint(r)"
    expect_to_be_nothing(transcript, cells, "def g()", "# a remark\n\ndef g()")
