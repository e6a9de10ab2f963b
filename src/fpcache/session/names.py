"""Which names of the user's namespace a run changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

__all__ = ["bound_names", "deleted_names", "is_shells_own"]

# IPython rebinds these around every cell; a replayed result sets them by itself. So are `_1` and `_i1`.
_SHELLS_OWN = frozenset(
    {"_", "__", "___", "_i", "_ii", "_iii", "_oh", "_ih", "_dh", "In", "Out", "get_ipython", "exit", "quit"}
) | {"__builtin__", "__builtins__", "__warningregistry__", "__annotations__"}


def is_shells_own(name: str) -> bool:
    """Whether IPython itself keeps this name up to date."""
    return name in _SHELLS_OWN or (name.startswith("_") and name[1:].removeprefix("i").isdecimal())


def bound_names(
    before: Mapping[str, object],
    now: Mapping[str, object],
    surely_bound: Collection[str],
    maybe_bound: Collection[str] = (),
) -> list[str]:
    """Return the names a run bound, in the order they stand in the namespace.

    A name that the code surely binds counts also when it was bound to the
    same object before: another kernel may have it bound to something else.
    The shell's own names count where the code itself binds them (``_ = f()``,
    ``for _ in ...``): then the shell leaves them alone.
    """
    missing = object()
    return [
        name
        for name, value in now.items()
        if name in surely_bound
        or (before.get(name, missing) is not value and (name in maybe_bound or not is_shells_own(name)))
    ]


def deleted_names(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Return the names that were bound before and are not bound now."""
    return [name for name in before if name not in now and not is_shells_own(name)]
