"""Samples that Polars draws without a seed: from a random state that can't be read."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping

from fpcache.dependencies.context import Context
from fpcache.dependencies.loaded_source import function_tree, statements
from fpcache.dependencies.records import Refusal
from fpcache.fingerprints.code_objects import names_in

__all__ = ["unseeded_draw"]

_DRAWING = frozenset({"sample", "shuffle"})


def unseeded_draw(context: Context, lines: tuple[int, int]) -> Refusal | None:
    """Refuse a call of ``sample`` or ``shuffle`` without ``seed=`` in code that reaches Polars.

    Parameters
    ----------
    context : Context
        With the component's reading and its cell's text.
    lines : tuple of int
        The component's first and last line in the cell.
    """
    if "polars" not in sys.modules or not _reaches_polars(context):
        return None
    for tree, place in _trees(context, lines):
        named = {} if place else context.namespace  # what a function calls so may be its own
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _draws(node) and not _has_seed(node, named):
                reason = f"draws a sample from Polars' own random state ({place or f'line {node.lineno}'})"
                return Refusal(reason, "give `seed=`, or use %%fpcache to keep one sample", explicit_ok=True)
    return None


def _reaches_polars(context: Context) -> bool:
    reading = context.reading
    if reading is None:
        return False
    homes = {str(type(node).__module__).partition(".")[0] for node in reading.nodes}
    return "polars" in reading.packages or "polars" in homes


def _trees(context: Context, lines: tuple[int, int]) -> Iterator[tuple[ast.AST, str]]:
    if any(name in context.cell_text for name in _DRAWING):
        own = statements(context.cell_text, *lines)
        if own is not None:
            yield own, ""
    for function in context.reading.functions if context.reading is not None else ():
        if not _DRAWING.isdisjoint(names_in(function.__code__)):
            tree = function_tree(function)
            if tree is not None:
                yield tree, f"in `{function.__qualname__}`"


def _draws(call: ast.Call) -> bool:
    """Whether it is a method of such a name, of what isn't named as a random generator is."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _DRAWING:
        return False
    owner = call.func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return not name.lower().endswith(("random", "rng", "generator"))


def _has_seed(call: ast.Call, namespace: Mapping[str, object]) -> bool:
    """Whether a seed is given that surely is a number."""
    given = [word.value for word in call.keywords if word.arg in ("seed", "random_state")]
    if isinstance(call.func, ast.Attribute) and call.func.attr == "shuffle":
        given += call.args[:1]
    values = [value.value if isinstance(value, ast.Constant) else _named(value, namespace) for value in given]
    return any(isinstance(value, int) for value in values)


def _named(node: ast.expr, namespace: Mapping[str, object]) -> object:
    return namespace.get(node.id) if isinstance(node, ast.Name) else None
