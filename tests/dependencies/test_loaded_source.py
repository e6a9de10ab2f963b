"""A function's tree is given only where the source at hand is proved to be what was loaded."""

from __future__ import annotations

import ast
import inspect
import linecache

import pytest

from fpcache.dependencies.loaded_source import function_source, function_tree

CELL = """import math
def plain(x): return math.sqrt(x)
class Model:
    @property
    def size(self): return math.floor(2.5)
square = lambda x: x * x
twice = lambda x: x + x; thrice = lambda x: x + x + x
async def wait(): return await plain(1)
"""


def loaded(text: str, name: str = "<cell>", apart: bool = False) -> dict[str, object]:
    """Run a text, as one module or as IPython runs a cell: statement by statement."""
    namespace: dict[str, object] = {}
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    nodes = ast.parse(text).body
    for part in [ast.Module([node], []) for node in nodes] if apart else [ast.Module(nodes, [])]:
        exec(compile(part, name, "exec"), namespace)
    return namespace


@pytest.mark.parametrize("apart", [False, True])
def test_the_tree_of_what_was_loaded_is_found(apart):
    namespace = loaded(CELL, apart=apart)
    found = [namespace["plain"], namespace["Model"].size.fget, namespace["square"], namespace["wait"]]
    assert [ast.unparse(function_tree(function)).splitlines()[-1].strip() for function in found] == [
        "return math.sqrt(x)",
        "return math.floor(2.5)",
        "lambda x: x * x",
        "return await plain(1)",
    ]


def test_two_functions_of_one_line_are_not_told_apart():
    assert function_tree(loaded(CELL)["twice"]) is None


def test_an_edited_source_is_not_that_of_the_loaded_function():
    before = loaded("def f(x): return x + 1\n")["f"]
    loaded("def f(x): return x + 2\n")
    assert function_tree(before) is None


def test_a_function_without_source_has_no_tree():
    namespace: dict[str, object] = {}
    exec(compile("def f(): return 1", "<nowhere>", "exec"), namespace)
    assert function_tree(namespace["f"]) is None


@pytest.mark.parametrize("apart", [False, True])
def test_the_lines_of_a_function_are_those_that_inspect_gives(apart):
    namespace = loaded(CELL, "<lines>", apart=apart)
    found = [namespace["plain"], namespace["Model"].size.fget, namespace["square"], namespace["wait"]]
    for function in found:
        assert function_source(function) == inspect.getsource(function)


def test_without_lines_there_is_no_source():
    namespace: dict[str, object] = {}
    exec(compile("def f(): return 1", "<nowhere>", "exec"), namespace)
    assert function_source(namespace["f"]) == ""
