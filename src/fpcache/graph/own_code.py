"""What a node's code reads besides its inputs: found before it runs, and looked at again afterwards."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints import MISSING, Reading, Root, Walk
from fpcache.fingerprints.code_objects import code_facts, names_in
from fpcache.fingerprints.locality import is_local_module
from fpcache.fingerprints.reading import read

__all__ = ["OWN", "OwnCode"]

OWN = "component"
"""What readings call that which a node uses, so that renaming it changes no key."""

_BLIND = {
    "eval": "runs text as code",
    "exec": "runs text as code",
    "globals": "takes globals by names that it makes",
}
_IMPORTERS = frozenset({"import_module", "__import__", "locate", "resolve_name"})


@dataclass(frozen=True, slots=True)
class OwnCode:
    """The code and the globals that a node's result depends on.

    Attributes
    ----------
    uses : object
        What the node uses.
    texts : tuple of str
        The texts in its config, in which modules may be named.
    reading : Reading
        What was found before it ran.
    """

    uses: object
    texts: tuple[str, ...]
    reading: Reading

    @classmethod
    def of(cls, uses: object, config: Mapping[str, Any]) -> OwnCode:
        """Read what a node uses, and all that this leads to.

        Local modules that the code imports as it runs are imported now: a running node would do that, too.

        Raises
        ------
        UnfingerprintableValueError
            If a value that it reads has no fingerprint, or it finds code in a way that can't be followed.
        """
        texts, tried = tuple(dict.fromkeys(_texts(config))), set[str]()
        while True:
            reading = _read(uses, texts)
            missing = {_module_of(root) for root in reading.roots if root.value is MISSING} - {"", *tried}
            if not missing:
                break
            for module in sorted(missing):
                with suppress(Exception, SystemExit):  # the node will raise that again, or knows what to do
                    import_module(module)
            tried |= missing
        _refuse_blind(reading)
        return cls(uses, texts, reading)

    @property
    def state(self) -> Mapping[str, Walk]:
        """The globals that it reads and that are no code, by label."""
        values = (root for root in self.reading.roots if root.kind == "value")
        return {root.label.replace("`__main__.", "`"): root.walk for root in values if root.walk is not None}

    def names(self) -> frozenset[str]:
        """Return the names and texts in the code."""
        return _names(self.reading)

    def loaded(self) -> str:
        """Name a module that the code has loaded since, unseen before; empty where there is none."""
        modules = {_name_of(root) for root in self.reading.roots}
        return next((_name_of(root) for root in self._now() if _name_of(root) not in modules), "")

    def changed(self) -> Iterable[Root]:
        """Return what the code reads and is no longer as it was; memos of `functools` don't count."""
        before = {root.key: root for root in self.reading.roots}
        return tuple(
            before[root.key]
            for root in self._now()
            if root.key in before
            and root.digest != before[root.key].digest
            and not isinstance(root.value, functools._lru_cache_wrapper)
        )

    def writes(self) -> frozenset[str]:
        """Return the globals that the code assigns, or has changed since; the class it is of is one."""
        assigned = {f"{module}:{name}" for module, name in self.reading.stored_globals}
        return frozenset(assigned | {self._key(root) for root in self.changed()})

    def reads(self) -> frozenset[str]:
        """Return the globals that the code reads."""
        return frozenset(map(self._key, self.reading.roots))

    def _key(self, root: Root) -> str:
        if root.key != OWN:
            return root.key
        return f"{getattr(self.uses, '__module__', '')}:{getattr(self.uses, '__qualname__', id(self.uses))}"

    def _now(self) -> tuple[Root, ...]:
        try:
            return _read(self.uses, self.texts).roots
        except UnfingerprintableValueError:  # something was put there that has no fingerprint
            return tuple(_lost(root) for root in self.reading.roots if root.kind == "value")


def _read(uses: object, texts: Iterable[str]) -> Reading:
    reading = read([OWN], None, {OWN: uses})
    if _IMPORTERS.isdisjoint(_names(reading)):
        return reading
    modules = {name: sys.modules[name] for text in texts for name in _module_names(text)}
    return read([OWN, *modules], None, {OWN: uses, **modules}) if modules else reading


def _module_names(text: str) -> Iterator[str]:
    """Yield the loaded local modules that a text may name, also as ``module:name`` or ``module.name``."""
    head = text.partition(":")[0]
    for name in dict.fromkeys((head, head.rpartition(".")[0])):
        module = sys.modules.get(name)
        if name != "__main__" and isinstance(module, ModuleType) and is_local_module(module):
            yield name


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from _texts(part)


def _module_of(root: Root) -> str:
    """Return the module that a root stands for; empty where it is another value."""
    module, _, name = root.key.partition(":")
    return module if ":" in root.key and (not name or name.startswith("#")) else ""


def _name_of(root: Root) -> str:
    return root.key.partition(":")[0]


def _lost(root: Root) -> Root:
    return Root(root.key, root.label, root.chain, root.kind, root.value, None, b"", "")


def _names(reading: Reading) -> frozenset[str]:
    return frozenset(reading.strings).union(*(names_in(function.__code__) for function in reading.functions))


def _refuse_blind(reading: Reading) -> None:
    for function in reading.functions:
        for use in code_facts(function.__code__).uses:
            if use.head in _BLIND and not use.is_import and use.head not in function.__globals__:
                raise UnfingerprintableValueError(
                    f"`{function.__name__}` {_BLIND[use.head]} (`{use.head}`), which can't be followed; "
                    "name what it calls and reads"
                )
