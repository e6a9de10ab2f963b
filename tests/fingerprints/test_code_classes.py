"""Local classes count by all they hold; installed ones by name."""

from __future__ import annotations

import pytest

EDITS = {
    "a method": ("class A:\n def m(self): return 1", "class A:\n def m(self): return 2"),
    "a class attribute": ("class A:\n x = 1", "class A:\n x = 2"),
    "an attribute deep in a class": ("class A:\n x = {'a': [1]}", "class A:\n x = {'a': [2]}"),
    "a property": (
        "class A:\n @property\n def p(self): return 1",
        "class A:\n @property\n def p(self): return 2",
    ),
    "a property's setter": (
        "class A:\n @property\n def p(self): return 1\n @p.setter\n def p(self, v): self.x = v",
        "class A:\n @property\n def p(self): return 1\n @p.setter\n def p(self, v): self.y = v",
    ),
    "a cached property": (
        "import functools\nclass A:\n @functools.cached_property\n def p(self): return 1",
        "import functools\nclass A:\n @functools.cached_property\n def p(self): return 2",
    ),
    "a class method": (
        "class A:\n @classmethod\n def m(cls): return 1",
        "class A:\n @classmethod\n def m(cls): return 2",
    ),
    "a static method": (
        "class A:\n @staticmethod\n def m(): return 1",
        "class A:\n @staticmethod\n def m(): return 2",
    ),
    "a class method made static": (
        "class A:\n @classmethod\n def m(x): return 1",
        "class A:\n @staticmethod\n def m(x): return 1",
    ),
    "a base's method": (
        "class B:\n def m(self): return 1\nclass A(B): pass",
        "class B:\n def m(self): return 2\nclass A(B): pass",
    ),
    "a base's base's attribute": (
        "class C: x = 1\nclass B(C): pass\nclass A(B): pass",
        "class C: x = 2\nclass B(C): pass\nclass A(B): pass",
    ),
    "the order of bases": (
        "class B: pass\nclass C: pass\nclass A(B, C): pass",
        "class B: pass\nclass C: pass\nclass A(C, B): pass",
    ),
    "the metaclass": (
        "class M(type):\n def m(cls): return 1\nclass A(metaclass=M): pass",
        "class M(type):\n def m(cls): return 2\nclass A(metaclass=M): pass",
    ),
    "the docstring": ("class A:\n 'one'", "class A:\n 'two'"),
    "an annotation": ("class A:\n x: int", "class A:\n x: str"),
    "a generic annotation": ("class A:\n x: list[int] | None", "class A:\n x: list[str] | None"),
    "slots": ("class A:\n __slots__ = ('x',)", "class A:\n __slots__ = ('y',)"),
    "an enum's value": (
        "import enum\nclass A(enum.Enum):\n R = 1\n G = 2",
        "import enum\nclass A(enum.Enum):\n R = 1\n G = 3",
    ),
    "an enum's alias": (
        "import enum\nclass A(enum.Enum):\n R = 1\n G = 1",
        "import enum\nclass A(enum.Enum):\n R = 1\n H = 1",
    ),
    "an enum's method": (
        "import enum\nclass A(enum.IntFlag):\n R = 1\n def m(self): return 1",
        "import enum\nclass A(enum.IntFlag):\n R = 1\n def m(self): return 2",
    ),
    "a functional enum": (
        "import enum\nA = enum.Enum('A', {'R': 1})",
        "import enum\nA = enum.Enum('A', {'R': 2})",
    ),
    "a dataclass field's default": (
        "from dataclasses import dataclass\n@dataclass\nclass A:\n x: int = 1",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n x: int = 2",
    ),
    "a dataclass field's factory": (
        "from dataclasses import *\n@dataclass\nclass A:\n x: list = field(default_factory=lambda: [1])",
        "from dataclasses import *\n@dataclass\nclass A:\n x: list = field(default_factory=lambda: [2])",
    ),
    "a dataclass field's metadata": (
        "from dataclasses import *\n@dataclass\nclass A:\n x: int = field(default=1, metadata={'u': 1})",
        "from dataclasses import *\n@dataclass\nclass A:\n x: int = field(default=1, metadata={'u': 2})",
    ),
    "what a dataclass compares": (
        "from dataclasses import *\n@dataclass\nclass A:\n x: int = field(default=1)",
        "from dataclasses import *\n@dataclass\nclass A:\n x: int = field(default=1, compare=False)",
    ),
    "frozen": (
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass A:\n x: int = 1",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n x: int = 1",
    ),
    "a named tuple's fields": (
        "from collections import namedtuple\nA = namedtuple('A', 'x y')",
        "from collections import namedtuple\nA = namedtuple('A', 'x z')",
    ),
    "a typed named tuple's default": (
        "from typing import NamedTuple\nclass A(NamedTuple):\n x: int = 1",
        "from typing import NamedTuple\nclass A(NamedTuple):\n x: int = 2",
    ),
    "an abstract class's method": (
        "import abc\nclass A(abc.ABC):\n @abc.abstractmethod\n def m(self): return 1",
        "import abc\nclass A(abc.ABC):\n @abc.abstractmethod\n def m(self): return 2",
    ),
    "a descriptor's class": (
        "class D:\n def __get__(self, o, t): return 1\nclass A:\n x = D()",
        "class D:\n def __get__(self, o, t): return 2\nclass A:\n x = D()",
    ),
    "a method that calls super": (
        "class A(dict):\n def __init__(self): super().__init__(a=1)",
        "class A(dict):\n def __init__(self): super().__init__(a=2)",
    ),
    "a type variable's bound": (
        "from typing import Generic, TypeVar\nT = TypeVar('T', bound=int)\nclass A(Generic[T]): pass",
        "from typing import Generic, TypeVar\nT = TypeVar('T', bound=str)\nclass A(Generic[T]): pass",
    ),
    "a protocol's member": (
        "from typing import Protocol\nclass A(Protocol):\n def m(self) -> int: ...",
        "from typing import Protocol\nclass A(Protocol):\n def m(self) -> str: ...",
    ),
    "a partial method": (
        "from functools import partialmethod\nclass A:\n def m(self, x): return x\n n = partialmethod(m, 1)",
        "from functools import partialmethod\nclass A:\n def m(self, x): return x\n n = partialmethod(m, 2)",
    ),
    "an inner class": (
        "class A:\n class B:\n  x = 1",
        "class A:\n class B:\n  x = 2",
    ),
}


@pytest.mark.parametrize(("before", "after"), EDITS.values(), ids=EDITS.keys())
def test_an_edit_changes_the_reading(digest_of, before, after):
    assert digest_of(before, "A") != digest_of(after, "A")


@pytest.mark.parametrize("source", [cell for pair in EDITS.values() for cell in pair])
def test_the_same_cell_run_twice_reads_the_same(digest_of, source):
    assert digest_of(source, "A") == digest_of(source, "A")


@pytest.mark.parametrize(
    "source",
    [before for name, (before, _) in EDITS.items() if name not in ("the metaclass", "frozen")],
)
def test_using_a_class_does_not_change_it(digest_of, source):
    use = (
        "\ntry:\n a = A()\n dir(A); issubclass(A, A); isinstance(3, A); hash(a); repr(a); a.m(); a.p; a == a"
        "\nexcept Exception: pass"
    )
    assert digest_of(source, "A") == digest_of(source + use, "A")


@pytest.mark.parametrize("shift", ["\n\n\n", "# a comment\n"])
def test_a_class_moved_within_its_cell_is_the_same(digest_of, shift):
    cell = "class A:\n x = 2\n def m(self):\n  self.y = 1\n  self.z = 2"
    assert digest_of(cell, "A") == digest_of(shift + cell, "A")


@pytest.mark.parametrize("change", ["A.x = 2", "A.m = lambda self: 2", "del A.x", "A.new = 1", "A.x = True"])
def test_a_class_changed_in_place_reads_differently(notebook, change):
    notebook.run("class A:\n x = 1\n def m(self): return 1\na = A()")
    before_class, before_instance = notebook.digest("A"), notebook.digest("a")
    notebook.run(change)
    assert notebook.digest("A") != before_class
    assert notebook.digest("a") != before_instance


def test_an_edited_class_changes_what_its_rebuilt_instance_reads(digest_of):
    one = "class A:\n def m(self): return 1\na = A()"
    assert digest_of(one, "a.m()") != digest_of(one.replace("1", "2"), "a.m()")


def test_a_class_redefined_under_a_living_instance_reads_differently(notebook):
    cell = "class C:\n def m(self): return 1"
    notebook.run(f"{cell}\no = C()")
    before = notebook.digest("type(o) is C")
    notebook.run(cell)
    assert notebook.digest("type(o) is C") != before
    notebook.run("o = C()")
    assert notebook.digest("type(o) is C") == before


def test_a_class_whose_methods_name_it_terminates(digest_of):
    cell = "class A:\n def m(self): return A, super()\n def n(self): return __class__"
    assert digest_of(cell, "A") == digest_of(cell, "A")


def test_classes_that_hold_each_other_terminate(digest_of):
    cell = "class A: pass\nclass B:\n a = A\nA.b = B"
    assert digest_of(cell, "A, B") == digest_of(cell, "A, B")
    assert digest_of(cell, "A, B") != digest_of(cell + "\nB.x = 1", "A, B")


def test_globals_that_methods_read_are_reached(notebook):
    notebook.run("LIMIT = 1\nclass A:\n def m(self): return LIMIT\na = A()")
    before = notebook.digest("a.m()")
    notebook.run("LIMIT = 2")
    assert notebook.digest("a.m()") != before


def test_an_installed_class_counts_by_name(notebook):
    notebook.run("from json import JSONEncoder, JSONDecoder")
    reading = notebook.read("JSONEncoder")
    assert [root.kind for root in reading.roots] == ["class"]
    assert reading.functions == ()


def test_a_local_function_put_into_an_installed_class_counts(notebook, monkeypatch):
    import json

    notebook.run("from json import JSONEncoder\ndef patched(self, o): return 1")
    before = notebook.digest("JSONEncoder")
    monkeypatch.setattr(json.JSONEncoder, "default", notebook.namespace["patched"])
    assert notebook.digest("JSONEncoder") != before
