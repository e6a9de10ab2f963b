"""What a node's code reads besides its inputs: found before it runs, and looked at again afterwards."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints import MISSING, Reading, Root, Walk
from fpcache.fingerprints.code_objects import names_in
from fpcache.fingerprints.locality import is_local_module
from fpcache.fingerprints.reading import read
from fpcache.fingerprints.unfollowed import IMPORTING, UNFOLLOWED
from fpcache.graph.late_modules import Found, imported_by, late_modules

__all__ = ["OWN", "OwnCode"]

OWN = "component"
"""What readings call that which a node uses, so that renaming it changes no key."""

_IMPORTING = IMPORTING | {"sys.modules"}


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
    late : dict of str to str
        Digests of the files of local modules that it may import as it runs.
    before : frozenset of str
        The modules that were loaded.
    """

    uses: object
    texts: tuple[str, ...]
    reading: Reading
    late: Found = field(default_factory=dict)
    before: frozenset[str] = frozenset()

    @classmethod
    def of(cls, uses: object, config: Mapping[str, Any]) -> OwnCode:
        """Read what a node uses, and all that this leads to; nothing is run or imported.

        Raises
        ------
        UnfingerprintableValueError
            If a value that it reads has no fingerprint, or it finds code in a way that can't be followed.
        """
        texts = tuple(dict.fromkeys(_texts(config)))
        reading = _read(uses, texts)
        named = _named_modules(reading, texts)
        _refuse_blind(reading, any(named))
        late = late_modules([*imported_by(reading.functions), *named])
        return cls(uses, texts, reading, late, frozenset(sys.modules))

    @property
    def state(self) -> Mapping[str, Walk]:
        """What it reads beside its inputs, by label: globals, and what classes and functions hold."""
        walked = (root for root in self.reading.roots if root.walk is not None)
        return {_label(root): root.walk for root in walked if root.walk is not None}

    def names(self) -> frozenset[str]:
        """Return the names and texts in the code."""
        return _names(self.reading)

    def sets_of(self) -> frozenset[str]:
        """Return the globals that the code assigns as a whole (``global x``)."""
        return frozenset(f"{module}:{name}" for module, name in self.reading.stored_globals)

    def reads_of(self) -> frozenset[str]:
        """Return the globals that the code reads."""
        return frozenset(root.key.partition("#")[0] for root in self.reading.roots)

    def fills(self) -> frozenset[str]:
        """Return the globals that the code assigns and that are None as yet, as for one made when needed."""
        empty = {root.key.partition("#")[0] for root in self.reading.roots if root.value is None}
        return self.sets_of() & empty

    def loaded(self) -> str:
        """Name a local module that was loaded since and is no part of the key; empty where there is none."""
        for name in sorted(sys.modules.keys() - self.before - self.late.keys()):
            module = sys.modules.get(name)
            has_file = isinstance(getattr(module, "__file__", None), str)
            if module is sys.modules["__main__"]:
                continue  # under another name, for processes that are started
            if has_file and isinstance(module, ModuleType) and is_local_module(module):
                return name
        return ""

    def changed(self) -> str:
        """Name something that the code reads and is no longer as it was; empty where all is.

        Memos of `functools` don't count, nor globals that the code assigns as a whole: see `sets_of`.
        """
        try:
            now = _read(self.uses, self.texts).roots
        except UnfingerprintableValueError as error:
            return f"`{error.path or OWN}`"
        before, assigned = {root.key: root for root in self.reading.roots}, self.sets_of()
        for root in now:
            known = before.get(root.key)
            if known is None or root.digest == known.digest or root.key in assigned:
                continue  # what is new is of a module that was loaded since: see `loaded`
            if known.value is MISSING and root.key.partition(":")[0] in self.late:
                continue  # it was known by its file
            if not isinstance(root.value, functools._lru_cache_wrapper):
                return _label(root).replace(f"`{OWN}`", f"`{getattr(self.uses, '__name__', OWN)}`")
        return ""


def _label(root: Root) -> str:
    return root.label.replace("`__main__.", "`")


def _read(uses: object, texts: Iterable[str]) -> Reading:
    reading = read([OWN], None, {OWN: uses})
    found = {name: sys.modules.get(name) for name in _named_modules(reading, texts)}
    modules = {name: module for name, module in found.items() if _is_local(name, module)}
    return read([OWN, *modules], None, {OWN: uses, **modules}) if modules else reading


def _named_modules(reading: Reading, texts: Iterable[str]) -> list[str]:
    """Return the local modules that texts may name, where the code imports by a text."""
    if _IMPORTING.isdisjoint(item.path for item in reading.resolved):
        return []
    names = dict.fromkeys(name for text in (*texts, *reading.strings) for name in _module_names(text))
    return [name for name in names if _is_local(name, sys.modules.get(name)) or late_modules([name])]


def _is_local(name: str, module: object) -> bool:
    return name != "__main__" and isinstance(module, ModuleType) and is_local_module(module)


def _module_names(text: str) -> Iterator[str]:
    """Yield what may be modules in a text such as ``module``, ``module:name`` or ``module.Class.name``."""
    name = text.strip().partition(":")[0]
    while name and all(part.isidentifier() for part in name.split(".")):
        yield name
        name = name.rpartition(".")[0]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(key)
            yield from _texts(part)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from _texts(part)


def _names(reading: Reading) -> frozenset[str]:
    return frozenset(reading.strings).union(*(names_in(function.__code__) for function in reading.functions))


def _refuse_blind(reading: Reading, names_modules: bool) -> None:
    paths = {item.path for item in reading.resolved}
    blind = sorted(UNFOLLOWED.keys() & paths)
    if blind:
        what = f"{UNFOLLOWED[blind[0]]} (`{blind[0].removeprefix('builtins.')}`)"
    elif "__globals__" in _names(reading):
        what = "takes globals by names that it makes (`__globals__`)"
    elif "__subclasses__" in _names(reading):
        what = "finds classes that it doesn't name (`__subclasses__`)"
    elif _IMPORTING & paths and not names_modules:
        what = f"finds modules by names that it makes (`{min(_IMPORTING & paths)}`)"
    else:
        return
    raise UnfingerprintableValueError(f"its code {what}, which can't be followed; name what it uses")
