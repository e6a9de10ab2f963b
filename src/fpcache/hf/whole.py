"""Modules that are handed on as values, and so may be drawn from under any name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import FunctionType, ModuleType

from fpcache.fingerprints import Reading
from fpcache.fingerprints.code_objects import code_facts, names_in
from fpcache.hf.captures import TakenApart, variables_of

__all__ = ["drawn_as_values"]

_TORCH_METHODS = frozenset(
    {
        "uniform_", "normal_", "random_", "bernoulli_", "exponential_", "cauchy_", "geometric_",
        "log_normal_", "dropout", "dropout_", "sample", "rsample", "init", "distributions", "Linear",
        "reset_parameters",
    }
)  # fmt: skip
_DRAWN = frozenset({"random", "numpy.random", "torch"})


def drawn_as_values(reading: Reading, leaves: Iterable[object], taken: TakenApart) -> Iterator[str]:
    """Yield ``"random.*"`` and the like for each generator module that is a value, or drawn from by method.

    Parameters
    ----------
    reading : Reading
        Of the code.
    leaves : iterable of object
        What its values hold.
    taken : TakenApart
        The callable.
    """
    brought = [one.value for one in taken.brought.values() if one.how != "closure"]
    for value in (*leaves, *brought, *_named_whole(reading.functions, taken)):
        if isinstance(value, ModuleType) and value.__name__ in _DRAWN:
            yield f"{value.__name__}.*"
    if "torch" in reading.packages:
        names = (names_in(function.__code__) for function in reading.functions)
        if any(found & _TORCH_METHODS for found in names):
            yield "torch.*"


def _named_whole(functions: Iterable[FunctionType], taken: TakenApart) -> Iterator[object]:
    """Yield the values of variables that code uses without taking an attribute of them."""
    for function in functions:
        held = variables_of(function, taken)
        facts = code_facts(function.__code__)
        yield from (held.get(use.variable) for use in facts.free if not use.attributes)
        for use in facts.uses:
            if not use.attributes and not use.is_import:
                yield function.__globals__.get(use.head)
