"""What nodes' code reads besides their inputs, in scripts that run again and again in new processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

from fpcache.errors import FpcacheError, GraphSchemaError
from fpcache.graph import GraphComponent, GraphSchema, Model, ModelStorage, SchemaNode, validate

HEAD = """
import json, shutil
from functools import partial
from fpcache import output_cache
from fpcache.graph import GraphComponent, GraphSchema, GraphTrainer, SchemaNode as N
cache = partial(output_cache, "cache")
"""
TAIL = """
if __name__ == "__main__":
    result = GraphTrainer(cache()).train(GraphSchema(nodes), targets=globals().get("only"))
    reasons = {outcome.name: outcome.status.reason for outcome in result.outcomes}
    outputs = {name: repr(value) for name, value in result.outputs.items()}
    print(json.dumps([outputs, list(result.executed), dict(result.notes), reasons]))
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Return what writes files and runs a script; it says outputs, executed nodes, notes and reasons."""
    monkeypatch.setenv("FPCACHE_KEY_FILE", str(tmp_path / "key"))

    def run(code: str, seed: int = 0, **modules: str):
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        (tmp_path / "main.py").write_text(HEAD + textwrap.dedent(code) + TAIL)
        environment = os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "main.py"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


LATE = {
    "from": "from helpers import scale\n    return [scale(v) for v in values]",
    "whole": "import helpers as h\n    return [h.scale(v) for v in values]",
    "by a text": "import importlib\n    return [importlib.import_module('helpers').scale(v) for v in values]",
    "in a helper": "return [other(v) for v in values]\n"
    "def other(v):\n    from helpers import scale\n    return scale(v)",
}


def late(body: str, more: str = "") -> str:
    return f"""
def numbers(): return [3, 1, 2]
def scaled(values):
    {body}
{more}
nodes = {{"numbers": N(uses=numbers, is_input=True),
          "scaled": N({{"values": "numbers"}}, scaled, is_target=True)}}
"""


@pytest.mark.parametrize("body", list(LATE.values()), ids=list(LATE))
def test_what_a_node_imports_as_it_runs_counts(script, body):
    code = late(body)
    for seed in (1, 2):
        outputs, executed, notes, _ = script(code, seed, helpers="def scale(x): return 2 * x")
        assert outputs == {"scaled": "[6, 2, 4]"}
    assert executed == (["numbers", "scaled"] if notes else ["numbers"])
    assert "text" in body or "'helpers'" in body or executed == ["numbers"]
    outputs, executed, *_ = script(code, helpers="def scale(x): return 300 * x")
    assert outputs == {"scaled": "[900, 300, 600]"}


def test_two_nodes_that_import_the_same_as_they_run_are_both_known(script):
    code = """
def numbers(): return [3, 1, 2]
def one(values):
    from helpers import scale
    return [scale(v) for v in values]
def two(values):
    from helpers import scale
    return [-scale(v) for v in values]
nodes = {"numbers": N(uses=numbers, is_input=True), "one": N({"values": "numbers"}, one, is_target=True),
         "two": N({"values": "numbers"}, two, is_target=True)}
"""
    script(code, helpers="def scale(x): return 2 * x")
    assert script(code)[1] == ["numbers"]


UNSEEN = {
    "put together": "import importlib\n    m = importlib.import_module(''.join(['help', 'ers']))",
    "by a plugin": "import registry\n    m = registry.get('helpers')",
    "by an alias": "m = load(str.lower('HELPERS'))\nfrom importlib import import_module as load",
    "by the modules": "import sys, helpers\n    m = sys.modules[str.lower('HELPERS')]",
}


@pytest.mark.parametrize("how", list(UNSEEN.values()), ids=list(UNSEEN))
def test_what_a_node_loads_unseen_keeps_it_from_being_stored(script, how):
    load, _, more = how.partition("\nfrom")
    code = late(f"{load}\n    return [m.scale(v) for v in values]", f"from{more}" if more else "")
    registry = "import importlib\ndef get(kind): return importlib.import_module(kind[:4] + kind[4:])\n"
    for factor in (2, 2, 300):
        outputs, executed, *_ = script(code, helpers=f"def scale(x): return {factor} * x", registry=registry)
        assert outputs == {"scaled": repr([factor * v for v in (3, 1, 2)])}
        assert executed == ["numbers", "scaled"]


@pytest.mark.parametrize("imports", ["", "import helpers"])
def test_a_function_that_config_names_counts(script, imports):
    code = f"""
import importlib
{imports}
def numbers(): return [3, 1, 2]
def scaled(values, fn):
    module, name = fn.split(":")
    return [getattr(importlib.import_module(module), name)(v) for v in values]
nodes = {{"numbers": N(uses=numbers, is_input=True),
          "scaled": N({{"values": "numbers"}}, scaled, {{"fn": "helpers:scale"}}, is_target=True)}}
"""
    for factor in (2, 2, 300):
        outputs, *_ = script(code, helpers=f"def scale(x): return {factor} * x")
        assert outputs == {"scaled": repr([factor * v for v in (3, 1, 2)])}


BLIND = [
    "__import__('sys')._getframe().f_globals['double'](v)",
    "__import__('inspect').currentframe().f_globals['double'](v)",
    "{c.__name__: c for c in Base.__subclasses__()}['One']().f(v)",
    "globals()['double'](v)",
    "eval('double(v)')",
    "eval('dou' + 'ble(v)')",
]


@pytest.mark.parametrize("call", BLIND)
def test_what_can_not_be_followed_is_not_kept_and_says_why(script, call):
    for factor in (2, 2, 300):
        defined = f"def double(v): return {factor} * v\nclass Base: pass\n"
        defined += f"class One(Base):\n    def f(self, v): return {factor} * v\n"
        code = late(f"return [{call} for v in values]", defined)
        outputs, executed, _, reasons = script(code)
        assert outputs == {"scaled": repr([factor * v for v in (3, 1, 2)])}
        assert executed == ["numbers", "scaled"]
        assert "can't be followed" in reasons["scaled"]


STATES = {
    "a dict": ("V = []", "V.append(x)", "list(V)"),
    "a module's": ("import helpers", "helpers.V.append(x)", "list(helpers.V)"),
    "an attribute of a class": ("class K: v = []", "K.v = [*K.v, x]", "list(K.v)"),
    "another name": ("import helpers\nV = helpers.V", "V.append(x)", "list(helpers.V)"),
    "a bound method": ("V = []\nadd = V.append", "add(x)", "list(V)"),
    "two holders": (
        "class H:\n    def __init__(self, v): self.v = v\nV = []\none, two = H(V), H(V)",
        "one.v.append(x)",
        "list(two.v)",
    ),
    "a base class": (
        "class B: v = []\nclass One(B): pass\nclass Two(B): pass",
        "One.v.append(x)",
        "list(Two.v)",
    ),
    "a closure": (
        "def make():\n    n = 0\n    def add():\n        nonlocal n\n        n += 1\n"
        "    return add, lambda: n\nadd, count = make()",
        "add()",
        "count()",
    ),
    "a default": ("def add(x, v=[]):\n    v.append(x)\n    return v", "add(x)", "list(add.__defaults__[0])"),
    "of no fingerprint": ("import threading\nV = []", "V.append(threading.Lock())", "len(V)"),
    "an assigned global": ("V = 0\ndef put(x):\n    global V\n    V = x", "put(x)", "V"),
    "an assigned one, read by a module": (
        "import helpers",
        "helpers.put(x)",
        "helpers.N",
    ),
    "a partial": (
        "from functools import partial\nV = []\nadd = partial(list.append, V)",
        "add(x)",
        "list(V)",
    ),
}
HELPERS = "V, N = [], 0\ndef put(x):\n    global N\n    N = x\n"


def stateful(kind: str, reader: str = "{read}", targets: str = "None") -> str:
    define, write, read = STATES[kind]
    return f"""
{define}
def src(): return 3
def w(x):
    {write}
    return 1
def r(x, y): return {reader.format(read=read)}
nodes = {{"s": N(uses=src, is_input=True), "w": N({{"x": "s"}}, w),
          "r": N({{"x": "s", "y": "w"}}, r, is_target=True)}}
only = {targets}
"""


@pytest.mark.parametrize("kind", list(STATES))
def test_a_node_that_changes_what_another_one_reads_is_not_kept(script, kind):
    expected = "1" if kind in ("a closure", "of no fingerprint") else "3" if "assigned" in kind else "[3]"
    for seed in range(3):
        outputs, executed, *_ = script(stateful(kind), seed, helpers=HELPERS)
        assert outputs == {"r": expected}
        assert "w" in executed


@pytest.mark.parametrize("kind", list(STATES))
def test_nor_is_it_where_the_reader_comes_later(script, kind):
    script(stateful(kind, targets="['w']"), helpers=HELPERS)
    script(stateful(kind, reader="5"), helpers=HELPERS)
    expected = script(stateful(kind) + "shutil.rmtree('cache', True)\n", helpers=HELPERS)[0]
    script(stateful(kind, targets="['w']") + "shutil.rmtree('cache', True)\n", helpers=HELPERS)
    script(stateful(kind, reader="5"), helpers=HELPERS)
    for _ in range(2):
        assert script(stateful(kind), helpers=HELPERS)[0] == expected


def test_a_value_that_another_node_sets_counts_as_it_is_when_a_node_runs(script):
    for value in (5, 5, 7, 5):
        outputs, *_ = script(f"""
G = {{}}
def start(): return 1
def put(start):
    G["v"] = {value}
    return {value} - {value}
def get(start): return G.get("v")
def both(put, get): return get
nodes = {{"start": N(uses=start, is_input=True),
          "put": N({{"start": "start"}}, put), "get": N({{"start": "start"}}, get),
          "both": N({{"put": "put", "get": "get"}}, both, is_target=True)}}
""")
        assert outputs == {"both": str(value)}


def test_a_node_alone_with_its_state_is_kept(script):
    code = """
MODEL = None
def model():
    global MODEL
    if MODEL is None: MODEL = [1, 2, 3]
    return MODEL
def start(): return 1
def used(start): return sum(model()) + start
nodes = {"start": N(uses=start, is_input=True), "used": N({"start": "start"}, used, is_target=True)}
"""
    assert script(code)[0] == {"used": "7"}
    assert script(code)[:2] == [{"used": "7"}, ["start"]]


HARMLESS = {
    "a library": "import colorsys\n    return colorsys.rgb_to_hsv(x, 0, 0)[2]",
    "one that isn't there": "try: import no_such_module\n    except ImportError: return x",
    "a local package": "from pk import tools\n    return tools.twice(x)",
    "a namespace in a namespace": "import ns.sub.tools\n    return ns.sub.tools.twice(x)",
    "a library that starts processes": "from sklearn.linear_model import Ridge\n    return x",
    "a module as a whole": "import helpers\n    return getattr(helpers, 'f' + str(x))(x)",
    "a fallback": "try: from . import helpers\n    except ImportError: import helpers\n"
    "    return helpers.f3(x)",
    "a package's module": "import pk.tools\n    return pk.tools.twice(x)",
    "a memo": "return memo(x)\n@lru_cache\ndef memo(x): return 2 * x",
    "a singleton": "return model()[0]\nM = None\n"
    "def model():\n    global M\n    if M is None: M = [1, 2]\n    return M",
    "a logger": "log.warning('x')\n    return x\nimport logging\nlog = logging.getLogger('x')",
    "a class of its own": "return copy.deepcopy(Plain(x)).v\nimport copy\n"
    "class Plain:\n    def __init__(self, v): self.v = v",
    "annotations": "typing.get_type_hints(Typed)\n    return 1\nimport typing\nclass Typed: pass",
}


@pytest.mark.parametrize("body", list(HARMLESS.values()), ids=list(HARMLESS))
def test_what_changes_nothing_is_kept(script, tmp_path, body):
    (tmp_path / "pk").mkdir()
    (tmp_path / "pk" / "__init__.py").write_text("")
    (tmp_path / "pk" / "tools.py").write_text("from . import more\ndef twice(x): return more.by(x)\n")
    (tmp_path / "pk" / "more.py").write_text("def by(x): return 2 * x\n")
    if "sklearn" in body:
        pytest.importorskip("sklearn")
    (tmp_path / "ns" / "sub").mkdir(parents=True)
    (tmp_path / "ns" / "sub" / "tools.py").write_text("from pk.tools import twice\n")
    code = f"""
from functools import lru_cache
def src(): return 3
def one(x):
    {body}
nodes = {{"s": N(uses=src, is_input=True), "a": N({{"x": "s"}}, one, is_target=True),
          "b": N({{"x": "s"}}, one, {{}}, is_target=True)}}
"""
    first, _, notes, _ = script(code, helpers="def f3(x): return 2 * x")
    assert not notes
    assert script(code)[:2] == [first, ["s"]]
    if "helpers" in body:
        assert script(code, helpers="def f3(x): return 5 * x")[0] == {"a": "15", "b": "15"}
    if "pk" in body:
        (tmp_path / "pk" / "more.py").write_text("def by(x): return 5 * x\n")
        assert script(code)[0] == {"a": "15", "b": "15"}


def test_nothing_is_imported_to_make_a_key(script):
    code = """
def src(): return 3
def one(x):
    if x > 10:
        import helpers
        return helpers.f(x)
    return x
nodes = {"s": N(uses=src, is_input=True), "a": N({"x": "s"}, one, is_target=True)}
"""
    for _ in range(2):
        outputs, executed, *_ = script(code, helpers="import os; os._exit(4)")
        assert outputs == {"a": "3"}
    assert executed == ["s"]


def test_keywords_behind_a_decorator_count_in_their_order(script):
    code = """
import functools
def src(): return 3
def named(f):
    @functools.wraps(f)
    def wrapped(**k): return list(k), f(**k)
    return wrapped
@named
def one(x, p, q): return p
nodes = {"s": N(uses=src, is_input=True), "a": N({"x": "s"}, one, CONFIG, is_target=True)}
"""
    script(code.replace("CONFIG", '{"p": 1, "q": 2}'))
    outputs, *_ = script(code.replace("CONFIG", '{"q": 2, "p": 1}'))
    assert outputs == {"a": "(['q', 'p', 'x'], 1)"}


HELD = {
    "of a class": ("class K: pool = [1]", "K.pool"),
    "by a class method": (
        "class K:\n    pool = [1]\n    @classmethod\n    def get(cls): return cls.pool",
        "K.get()",
    ),
    "of a closure": ("def make():\n    v = [1]\n    return lambda: v\nget = make()", "get()"),
    "a default": ("def get(v=[1]): return v", "get()"),
    "of a function": ("def get(): return get.v\nget.v = [1]", "get()"),
    "an array's": ("import numpy\nclass K: pool = numpy.zeros(3)", "K.pool[:2]"),
}


@pytest.mark.parametrize("kind", list(HELD))
def test_an_output_that_code_holds_is_not_kept(script, kind):
    define, get = HELD[kind]
    code = f"""
{define}
def src(): return 3
def a(x): return {get}
def b(y):
    y *= 2
    return len({get}), list({get})
nodes = {{"s": N(uses=src, is_input=True), "a": N({{"x": "s"}}, a), "b": N({{"y": "a"}}, b, is_target=True)}}
"""
    first, *_ = script(code)
    for _ in range(2):
        outputs, _, notes, _ = script(code)
        assert outputs == first
        assert "shares memory" in notes["a"]


def test_a_counter_that_several_nodes_count_on_keeps_none_of_them(script):
    code = """
N_ = 0
def nid():
    global N_
    N_ += 1
    return N_
def src(): return 3
def a(x): return nid()
def b(x, y): return nid() + 0
nodes = {"s": N(uses=src, is_input=True), "a": N({"x": "s"}, a, is_target=True),
         "b": N({"x": "s", "y": "a"}, b, is_target=True)}
"""
    for text in (code, code, code.replace("+ 0", "- 0")):
        assert script(text)[0] == {"a": "1", "b": "2"}


def test_an_output_that_is_a_global_is_not_kept(script):
    code = """
BUFFER = [0, 0]
def start(): return 1
def fill(start, k):
    BUFFER[:] = [k, k]
    return BUFFER
def both(p, q): return list(p), list(q)
nodes = {"start": N(uses=start, is_input=True), "a": N({"start": "start"}, fill, {"k": 1}),
         "b": N({"start": "start"}, fill, {"k": 2}), "z": N({"p": "a", "q": "b"}, both, is_target=True)}
"""
    for _ in range(3):
        outputs, executed, notes, _ = script(code)
        assert outputs == {"z": "([2, 2], [2, 2])"}
        assert {"a", "b"} <= set(executed)
        assert "BUFFER" in notes["b"]
    single = code.replace(
        '"z": N({"p": "a", "q": "b"}, both, is_target=True)',
        '"z": N({"p": "a"}, lambda p: p is BUFFER, is_target=True)',
    ).replace("    BUFFER[:] = [k, k]\n", "")
    for _ in range(2):
        outputs, _, notes, _ = script(single)
        assert outputs == {"z": "True"}
        assert notes["a"] == "not stored: its output shares memory with `BUFFER`; return a copy"


def test_the_order_of_keywords_counts_where_the_code_takes_any(script):
    code = """
def start(): return 1
def listed(**given): return list(given)
class Listed(GraphComponent):
    default_config = {"z": 0}
    def run(self, p, q): return list(self.config)
def fixed(p, q): return [p, q]
nodes = {"l": N(uses=start, is_input=True), "r": N(uses=start, is_input=True),
         "f": N(NEEDS, listed, CONFIG, is_target=True), "c": N(ORDER, Listed, CONFIG, is_target=True),
         "g": N(ORDER, fixed, is_target=True)}
"""

    def written(needs: str, config: str, order: str) -> str:
        return code.replace("NEEDS", needs).replace("CONFIG", config).replace("ORDER", order)

    script(written('{"l": "l", "r": "r"}', '{"a": 1, "b": 2}', '{"p": "l", "q": "r"}'))
    outputs, executed, *_ = script(
        written('{"r": "r", "l": "l"}', '{"b": 2, "a": 1}', '{"q": "r", "p": "l"}')
    )
    assert outputs["f"] == "['b', 'a', 'r', 'l']"
    assert outputs["c"] == "['z', 'b', 'a']"
    assert "g" not in executed


CLASSES = """
import dataclasses, enum
@dataclasses.dataclass
class Data:
    rows: list
class Plain:
    shared = []
    def __init__(self, v): self.v = v
    def more(self): return super().__repr__()
class Kind(enum.Enum):
    A = 1
@dataclasses.dataclass(frozen=True)
class Frozen:
    v: int
def function(x): return x
"""


@pytest.mark.parametrize("place", ["script", "module"])
def test_outputs_of_own_classes_are_kept(script, place):
    code = """
def start(): return Data([1, 2])
def double(data): return Data([2 * row for row in data.rows])
def plain(data): return Plain(data.rows)
def listed(data): return [Frozen(1), {"kind": Kind.A, "data": Data([0]), "cls": Data, "f": function}]
def again(plain): return Plain(len(plain.v))
def shown(again, listed):
    frozen, rest = listed
    return repr((again.v, frozen, rest["kind"], rest["data"], rest["cls"] is Data, rest["f"] is function))
nodes = {"start": N(uses=start, is_input=True), "double": N({"data": "start"}, double, is_target=True),
         "plain": N({"data": "double"}, plain), "again": N({"plain": "plain"}, again),
         "listed": N({"data": "start"}, listed),
         "shown": N({"again": "again", "listed": "listed"}, shown, is_target=True)}
"""
    modules = {"own": CLASSES} if place == "module" else {}
    code = ("from own import Data, Plain, Kind, Frozen, function" if modules else CLASSES) + code
    first, executed, notes, _ = script(code, 1, **modules)
    assert set(executed) == {"start", "double", "plain", "again", "listed", "shown"}
    assert list(notes) == ["plain"]  # the rows of its input are in it
    again, executed, *_ = script(code, 2, **modules)
    assert again == first
    assert executed == ["start", "plain"]


def test_a_copy_shares_nothing_but_what_is_shared_on_purpose_does(script):
    code = (
        CLASSES
        + """
def start(): return Plain(1)
def apart(given): return Plain(2)
def through(given):
    made = Plain(3)
    made.v = Plain.shared
    return made
nodes = {"start": N(uses=start, is_input=True), "apart": N({"given": "start"}, apart, is_target=True),
         "through": N({"given": "start"}, through, is_target=True)}
Plain.__repr__ = lambda self: f'Plain({self.v})'
"""
    )
    _, _, notes, _ = script(code)
    assert "apart" not in notes
    assert "shares memory" in notes["through"]


def test_a_node_that_asks_for_its_name_is_another_one_when_it_is_renamed(script):
    code = """
def start(): return 1
class Named(GraphComponent):
    @classmethod
    def create(cls, config, context):
        made = cls(config)
        made.name = context.node_name
        return made
    def run(self, x): return self.name
class Plain(GraphComponent):
    def run(self, x): return x
nodes = {"start": N(uses=start, is_input=True), "NAME": N({"x": "start"}, Named, is_target=True),
         "p NAME": N({"x": "start"}, Plain, is_target=True)}
"""
    script(code.replace("NAME", "one"))
    outputs, executed, *_ = script(code.replace("NAME", "two"))
    assert outputs == {"two": "'two'", "p two": "1"}
    assert executed == ["start", "two"]


def test_reasons_name_what_was_edited(script):
    code = late("return [double(v) for v in values]", "def double(v): return FACTOR * v\nFACTOR = 2\n")
    edits = {
        "function `scaled` was edited": ("in values]", "in values if v]"),
        "function `double` was edited": ("FACTOR * v", "FACTOR * -v"),
        "`FACTOR` changed": ("= 2", "= 3"),
    }
    for expected, edit in edits.items():
        script(code)
        script(code, helpers="")
        code = code.replace(*edit)
        assert script(code)[3]["scaled"] == expected


def test_config_that_can_not_be_copied_is_an_error_that_names_it():
    schema = GraphSchema(
        {
            "start": SchemaNode(uses=list, is_input=True),
            "node": SchemaNode({"x": "start"}, lambda x, made: x, {"made": sys}, is_target=True),
        }
    )
    with pytest.raises(
        GraphSchemaError, match=r"node `node`: config `made` is a module, which can't be copied"
    ):
        validate(schema)


def test_a_model_of_code_in_main_is_packaged_with_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "given", list, raising=False)
    uses = type("given", (GraphComponent,), {"run": lambda self: [1], "__module__": "__main__"})
    monkeypatch.setattr(sys.modules["__main__"], "given", uses)
    model = Model(GraphSchema({"node": SchemaNode(uses=uses, is_target=True)}), ModelStorage(tmp_path), {})
    with pytest.warns(UserWarning, match="only where node `node` finds its code in `__main__`"):
        model.package(tmp_path / "model.zip")
    with pytest.raises(FpcacheError, match="there is no directory"):
        model.package(tmp_path / "not" / "there" / "model.zip")
