"""Plain functions as nodes, with what a component class could say of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, overload

__all__ = ["FunctionFacts", "component", "facts_of"]

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTE = "__fpcache_component__"


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What a function said of itself by `component`.

    Attributes
    ----------
    packages : tuple of str
        Distributions whose versions enter the fingerprint key.
    addon : callable or None
        Takes the config, and returns further state that the result depends on.
    defaults : mapping of str to object
        The config that nodes are merged over.
    """

    packages: tuple[str, ...] = ()
    addon: Callable[[Mapping[str, Any]], Any] | None = None
    defaults: Mapping[str, Any] | None = None


_NONE = FunctionFacts()


@overload
def component(function: F, /) -> F: ...
@overload
def component(
    *,
    packages: Sequence[str] = (),
    addon: Callable[[Mapping[str, Any]], Any] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Callable[[F], F]: ...
def component(
    function: F | None = None,
    /,
    *,
    packages: Sequence[str] = (),
    addon: Callable[[Mapping[str, Any]], Any] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Any:
    """Make a function a component of graphs; it can be called as before.

    A plain function will do as a node, too: this is for those that depend on
    more than their code, config and inputs.

    Parameters
    ----------
    packages : sequence of str, optional
        Distributions whose versions count.
    addon : callable, optional
        Takes a node's config and returns further state that counts, such as the digest of a file.
    config : mapping of str to object, optional
        Defaults, which a node's config is merged over.

    Examples
    --------
    >>> @component(packages=["numpy"], config={"factor": 2})
    ... def scale(numbers, factor):
    ...     return [factor * number for number in numbers]
    >>> scale([1, 2], factor=3)
    [3, 6]
    """
    if isinstance(packages, str):
        raise TypeError(f"packages is a list of names; write packages=[{packages!r}]")
    facts = FunctionFacts(tuple(packages), addon, None if config is None else dict(config))

    def marked(found: F) -> F:
        if facts_of(found) not in (_NONE, facts):
            raise TypeError(f"{found!r} is a component already; wrap it in another function")
        try:
            setattr(found, _ATTRIBUTE, facts)
        except AttributeError as error:
            raise TypeError(
                f"{found!r} can't be made a component; wrap it in a function of your own"
            ) from error
        return found

    return marked if function is None else marked(function)


def facts_of(function: object) -> FunctionFacts:
    """Return what a function said of itself; nothing where it is no component."""
    facts = getattr(function, _ATTRIBUTE, _NONE)
    return facts if isinstance(facts, FunctionFacts) else _NONE
