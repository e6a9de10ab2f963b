"""What a piece of code reads: its names, and all that they lead to."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import CodeType, FunctionType, MethodType, ModuleType

from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints.code_objects import code_facts, constant_digest, names_in
from fpcache.fingerprints.encoder import Encoder
from fpcache.fingerprints.global_reads import global_reads
from fpcache.fingerprints.installed import installed_path, is_named_code, static_attribute
from fpcache.fingerprints.module_files import changed_modules
from fpcache.fingerprints.name_uses import NameUse
from fpcache.fingerprints.packages import package_versions
from fpcache.fingerprints.patches import package_patches, patches_read
from fpcache.fingerprints.records import (
    MISSING,
    Allowance,
    GlobalRead,
    Reading,
    Resolved,
    Root,
    Walk,
    unlimited,
)
from fpcache.fingerprints.summaries import summary
from fpcache.fingerprints.text_lookups import LOOKING_UP, module_lookups, text_lookups
from fpcache.fingerprints.walking import EncoderMaker, join, joint_nodes, walk

__all__ = ["changed_roots", "read", "reread"]


def read(
    names: Iterable[str],
    code: CodeType | None,
    namespace: dict[str, object],
    *,
    ignore: Collection[str] = (),
    allowance: Allowance | None = None,
    live: dict[str, object] | None = None,
    make: EncoderMaker = Encoder,
) -> Reading:
    """Fingerprint everything that a piece of code reads.

    Parameters
    ----------
    names : iterable of str
        The names that it reads; each is a root, an unbound one of kind ``"missing"``.
    code : CodeType or None
        Its code object. Attribute chains on modules in it are followed.
    namespace : dict
        The namespace that it runs in. Nothing in it is changed or run.
    ignore : collection of str
        Names of the namespace that shall not count.
    allowance : callable, optional
        Called before each root; may raise to stop a costly reading.
    live : dict, optional
        Where `namespace` is an earlier copy: itself, which functions refer to.
    make : callable, optional
        Makes the encoder of each root, of a name and an allowance.

    Returns
    -------
    Reading
        Equal digests mean equal values, code and packages, with the same identities among them.

    Raises
    ------
    UnfingerprintableValueError
        For a value that has no fingerprint; the message says through which
        functions it is read. With `live`, also for a global that functions
        read and that was bound since.
    """
    gatherer = _Gatherer(namespace, frozenset(ignore), allowance or unlimited, live, make)
    gatherer.gather(global_reads(_direct_uses(frozenset(names), code), namespace))
    if code is not None:
        gatherer.strings.update(dict.fromkeys(code_facts(code).strings))
    gatherer.gather_texts(code)
    gatherer.gather_patches()
    return replace(gatherer.reading(), code=code)


def reread(reading: Reading, namespace: dict[str, object], *, allowance: Allowance | None = None) -> Reading:
    """Fingerprint the same objects again, to see what changed in place.

    Parameters
    ----------
    reading : Reading
        From before the run.
    namespace : dict
        Not looked at: a name that was rebound keeps its former object here.
    allowance : callable, optional
        Called often; what it raises ends the reading.

    Returns
    -------
    Reading
        With the same roots.
    """
    roots = tuple(root if root.walk is None else _walk_again(root, allowance) for root in reading.roots)
    again = replace(
        reading,
        roots=roots,
        nodes=joint_nodes(_walks(roots)),
        has_seeded_set=any(root.walk.has_seeded_set for root in roots if root.walk is not None),
    )
    return replace(again, digest=_joint_digest(again))


def changed_roots(before: Reading, after: Reading) -> tuple[Root, ...]:
    """Return the roots of `after` that `before` lacks or has with another digest."""
    digests = {root.key: root.digest for root in before.roots}
    return tuple(root for root in after.roots if digests.get(root.key) != root.digest)


def _direct_uses(names: frozenset[str], code: CodeType | None) -> Iterator[NameUse]:
    """Use each name: as the code does where it says how, else as a whole."""
    uses = code_facts(code).uses if code is not None else ()
    taken = [use for use in uses if use.is_import or use.head in names]
    yield from taken
    yield from map(NameUse, sorted(names - {use.head for use in taken if not use.is_import}))


@dataclass(slots=True)
class _Gatherer:
    """Follows reads until nothing new is reached."""

    namespace: dict[str, object]
    ignore: frozenset[str]
    allowance: Allowance
    live: dict[str, object] | None = None
    make: EncoderMaker = Encoder
    roots: dict[str, Root] = field(default_factory=dict)
    scopes: dict[str, int] = field(default_factory=dict)
    resolved: dict[tuple[str, int | None], Resolved] = field(default_factory=dict)
    stored: dict[tuple[str, str], None] = field(default_factory=dict)
    strings: dict[str, None] = field(default_factory=dict)
    functions: dict[int, FunctionType] = field(default_factory=dict)
    modules: dict[str, None] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    pending: deque[tuple[GlobalRead, tuple[str, ...]]] = field(default_factory=deque)

    def gather(self, reads: Iterable[GlobalRead]) -> None:
        self.pending.extend((found, ()) for found in reads)
        while self.pending:
            found, chain = self.pending.popleft()
            found = self._as_earlier(found)
            if found.role == "follow":
                self._follow(found)
            elif found.role == "mention":
                self._resolve(found, found.path, chain)
                self.packages.add(found.path.partition(".")[0])
            elif found.role != "named":
                self._root(found, chain)

    def _as_earlier(self, found: GlobalRead) -> GlobalRead:
        """Take a function's read of the live namespace for one of its earlier copy."""
        if self.live is None or found.namespace is not self.live:
            return found
        if self.namespace.get(found.name, MISSING) is not self.live.get(found.name, MISSING):
            raise UnfingerprintableValueError(f"`{found.name}` was bound since; run the cell again")
        return replace(found, namespace=self.namespace)

    def gather_texts(self, code: CodeType | None) -> None:
        """Add what code may look up by the texts that it has."""
        codes = [function.__code__ for function in self.functions.values()]
        codes += [code] if code is not None else []
        names = (LOOKING_UP & self.strings.keys()).union(*(LOOKING_UP & names_in(found) for found in codes))
        if not names:
            return
        texts = [*self.strings, *(root.value for root in self.roots.values() if isinstance(root.value, str))]
        scopes = {id(function.__globals__): function.__globals__ for function in self.functions.values()}
        scopes[id(self.namespace)] = self.namespace
        found = [*text_lookups(names, texts, scopes.values()), *module_lookups(names, texts)]
        self.gather(found)

    def gather_patches(self) -> None:
        """Add what other code put into the classes of the packages that were reached."""
        for package in sorted(self.packages):
            self.pending.extend((found, (package,)) for found in package_patches(package))
        self.gather(())

    def _follow(self, found: GlobalRead) -> None:
        function = found.value
        assert isinstance(function, FunctionType)
        self.functions.setdefault(id(function), function)
        self.strings.update(dict.fromkeys(code_facts(function.__code__).strings))
        self.modules.setdefault(found.module)

    def _resolve(self, found: GlobalRead, path: str, chain: tuple[str, ...]) -> None:
        value, path = _through_classes(found.value, path, found.rest)
        if isinstance(found.value, type):
            self.pending.extend((read, (*chain, path)) for read in patches_read(found.value))
        line = None if chain else found.line
        self.resolved.setdefault((path, line), Resolved(path, value, chain, line))

    def _root(self, found: GlobalRead, chain: tuple[str, ...]) -> None:
        key = self._key(found)
        if found.role == "store":
            self.stored.setdefault((found.module, found.name))
        if key in self.roots or key in self.ignore:
            return
        self.allowance(0.0)
        chain = (*chain, key.replace(":", ".").rstrip("."))
        root = self._new_root(key, found, chain)
        self.roots[key] = root
        if found.namespace is not self.namespace:
            self.modules.setdefault(found.module)
        if root.walk is not None:
            self.packages |= root.walk.packages
            self.pending.extend((reached, chain) for reached in root.walk.reached)

    def _key(self, found: GlobalRead) -> str:
        """Name a root; namesakes in different namespaces are numbered as they are met."""
        if found.namespace is self.namespace:
            return found.name
        key = base = f"{found.module}:{found.name}"
        number = 1
        while self.scopes.setdefault(key, id(found.namespace)) != id(found.namespace):
            number += 1
            key = f"{base}#{number}"
        return key

    def _new_root(self, key: str, found: GlobalRead, chain: tuple[str, ...]) -> Root:
        value = found.value
        kind = _kind(value, found)
        label = f"{kind} `{chain[-1]}`" if kind in ("function", "class", "module") else f"`{chain[-1]}`"
        path = installed_path(value) if is_named_code(value) else None
        if value is MISSING:
            return Root(key, label, chain, kind, value, None, b"missing", summary(value))
        if path is not None and not isinstance(value, type):
            self.packages.add(path.partition(".")[0])
            self._resolve(found, path, chain[:-1])
            digest = constant_digest(("installed", path))
            return Root(key, label, chain, kind, value, None, digest, summary(value))
        if path is not None:
            self._resolve(found, path, chain[:-1])
        walked = _walk_root(value, chain, self.allowance, self.make)
        return Root(key, label, chain, kind, value, walked, walked.digest, summary(value))

    def reading(self) -> Reading:
        roots = tuple(self.roots[key] for key in sorted(self.roots))
        unsigned = Reading(
            digest="",
            roots=roots,
            nodes=joint_nodes(_walks(roots)),
            packages=package_versions(self.packages),
            resolved=tuple(self.resolved.values()),
            stored_globals=tuple(sorted(self.stored)),
            strings=tuple(self.strings),
            functions=tuple(self.functions.values()),
            has_seeded_set=any(root.walk.has_seeded_set for root in roots if root.walk is not None),
            changed_on_disk=changed_modules(self.modules),
        )
        return replace(unsigned, digest=_joint_digest(unsigned))


def _kind(value: object, found: GlobalRead) -> str:
    if value is MISSING:
        return "missing"
    if isinstance(value, type):
        return "class"
    if isinstance(value, ModuleType):
        return "module"
    if found.module == "builtins":
        return "builtin"
    is_function = isinstance(value, (FunctionType, MethodType)) or is_named_code(value)
    return "function" if is_function else "value"


def _through_classes(value: object, path: str, rest: tuple[str, ...]) -> tuple[object, str]:
    """Follow the attributes that code takes of an installed class, such as ``datetime.now``."""
    if value is MISSING:
        return value, ".".join((path, *rest))
    for name in rest:
        if not isinstance(value, (type, ModuleType)):
            break
        found = static_attribute(value, name)
        if found is MISSING:
            break
        value, path = found, f"{path}.{name}"
    return value, path


def _walk_root(
    value: object,
    chain: tuple[str, ...],
    allowance: Allowance | None = None,
    make: EncoderMaker = Encoder,
) -> Walk:
    try:
        return walk(value, chain[-1], allowance=allowance, make=make)
    except UnfingerprintableValueError as error:
        if len(chain) == 1:
            raise
        way = " → ".join(f"`{name}`" for name in chain)
        what, mark, remedy = str(error).rpartition("; ")
        message = f"{what or remedy} (read through {way}){mark}{remedy if mark else ''}"
        raise UnfingerprintableValueError(message, error.path) from error


def _walk_again(root: Root, allowance: Allowance | None) -> Root:
    walked = _walk_root(root.value, root.chain, allowance)
    return replace(root, walk=walked, digest=walked.digest, summary=summary(root.value))


def _walks(roots: Iterable[Root]) -> Mapping[str, Walk]:
    return {root.key: root.walk for root in roots if root.walk is not None}


def _joint_digest(reading: Reading) -> str:
    named = tuple((root.key, root.kind, root.digest) for root in reading.roots if root.walk is None)
    parts = (join(_walks(reading.roots)), named, tuple(reading.packages.items()), reading.stored_globals)
    return constant_digest(parts).hex()
