"""Why a reading differs from an earlier one, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, islice
from types import FunctionType, MappingProxyType
from typing import Any

from fpcache.fingerprints.code_objects import code_facts
from fpcache.fingerprints.locality import is_local_code
from fpcache.fingerprints.overlaps import overlap_groups
from fpcache.fingerprints.records import Reading, Root
from fpcache.fingerprints.walking import walk

__all__ = ["explain_change", "root_records"]

Record = Mapping[str, Any]
_MOST_PARTS = 20
_MOST_NODES = 50_000


def root_records(reading: Reading, heads: Mapping[str, str] = MappingProxyType({})) -> list[dict[str, Any]]:
    """Return what has to be kept of a reading to explain a later difference.

    Parameters
    ----------
    reading : Reading
        Of the entry that is stored.
    heads : mapping of str to str
        The first elements of its values, by the roots' keys.

    Returns
    -------
    list of dict
        One per root and one per package; JSON can hold them.
    """
    shares = _shares(reading)
    roots = [
        {**_root_record(root), "shares": shares.get(root.key, []), "head": heads.get(root.key, "")}
        for root in reading.roots
    ]
    packages = [
        {"key": name, "label": f"package {name}", "kind": "package", "summary": version, "digest": version}
        for name, version in reading.packages.items()
    ]
    return roots + packages


def _root_record(root: Root) -> dict[str, Any]:
    return {
        "key": root.key,
        "label": root.label,
        "kind": root.kind,
        "summary": root.summary,
        "digest": root.digest.hex(),
        "chain": list(root.chain),
        "code": _code_digest(root.value),
        "parts": _code_parts(root),
    }


def _shares(reading: Reading) -> dict[str, list[str]]:
    """Name, for each root, the later ones with which it shares objects or memory."""
    walks = {root.key: root.walk for root in reading.roots if root.walk is not None}
    if sum(len(walked.nodes) for walked in walks.values()) > _MOST_NODES:
        return {}
    holders: dict[int, list[str]] = {}
    for key, walked in walks.items():
        for node in walked.nodes:
            if not isinstance(node, type) or is_local_code(node):
                holders.setdefault(id(node), []).append(key)
    groups = {tuple(keys) for keys in holders.values() if len(keys) > 1}
    buffers = {key: walked.buffers for key, walked in walks.items()}
    groups |= {tuple(sorted({root for root, *_ in group})) for group in overlap_groups(buffers)}
    found: dict[str, set[str]] = {}
    for one, other in {pair for keys in groups for pair in combinations(keys, 2)}:
        found.setdefault(min(one, other), set()).add(max(one, other))
    return {key: sorted(others) for key, others in found.items()}


def _code_parts(root: Root) -> dict[str, str]:
    """Digest the local classes and functions that a value holds, to tell edits of them from other changes."""
    if root.walk is None:
        return {}
    held = (
        node for node in root.walk.nodes if isinstance(node, (type, FunctionType)) and node is not root.value
    )
    return {
        f"{'class' if isinstance(node, type) else 'function'} `{node.__qualname__}`": walk(node).digest.hex()
        for node in islice(held, _MOST_PARTS)
        if is_local_code(node)
    }


def _code_digest(value: object) -> str:
    return code_facts(value.__code__).digest.hex() if isinstance(value, FunctionType) else ""


def explain_change(old: Iterable[Record], reading: Reading) -> list[str]:
    """Say what differs between an earlier entry's records and a reading.

    Parameters
    ----------
    old : iterable of dict
        From `root_records`.
    reading : Reading
        The present one.

    Returns
    -------
    list of str
        Such as ``"`df` changed (DataFrame 10×5 → DataFrame 10×6)"``: edited
        code first, then values, packages, and names that came or went. Empty
        only where nothing differs.
    """
    before = {_identity(record): record for record in old}
    after = {_identity(record): record for record in root_records(reading)}
    reasons = [*_changes(before, after), *_comings_and_goings(before, after)]
    if not reasons and before.keys() == after.keys():
        return [*_sharings(before, after)] or ["which inputs share objects or memory changed"]
    return reasons


def _sharings(before: Mapping[Any, Record], after: Mapping[Any, Record]) -> Iterator[str]:
    """Say of inputs that are each equal by themselves which pairs share something now, or did."""
    names = {record["key"]: _name(record) for record in after.values()}
    for key, record in after.items():
        old, new = set(before[key].get("shares", ())), set(record.get("shares", ()))
        for other in sorted((old ^ new) & names.keys()):
            verb = "share objects or memory now" if other in new else "no longer share objects or memory"
            yield f"{_name(record)} and {names[other]} {verb}"


def _identity(record: Record) -> tuple[bool, str]:
    return record["kind"] == "package", record["key"]


def _changes(before: Mapping[Any, Record], after: Mapping[Any, Record]) -> Iterator[str]:
    changed = [key for key in after if key in before and before[key]["digest"] != after[key]["digest"]]
    for key in sorted(changed, key=lambda key: (_importance(after[key]), key)):
        yield _change(before[key], after[key])


def _importance(record: Record) -> int:
    order = ("function", "class", "module", "value", "builtin", "missing", "package")
    kind = record["kind"]
    return order.index(kind) if kind in order else len(order)


def _change(old: Record, new: Record) -> str:
    if new["kind"] == "package":
        return f"package {new['key']} {old['summary']} → {new['summary']}"
    if new["kind"] == "missing" or old["kind"] == "missing":
        return f"{_name(new)} is no longer defined" if new["kind"] == "missing" else f"{_name(new)} is new"
    if old["kind"] == new["kind"] == "class":
        return f"{new['label']} was edited{_way(new)}"
    if old.get("code") and new.get("code"):
        verb = "holds other values" if new["code"] == old["code"] else "was edited"
        return f"{new['label']} {verb}{_way(new)}"
    parts = old.get("parts", {})
    edited = [part for part, digest in new["parts"].items() if parts.get(part, digest) != digest]
    if new["label"] in edited:  # below a cache or a decorator
        return f"{new['label']} was edited{_way(new)}"
    if edited:
        return f"{_name(new)} changed ({edited[-1]} was edited){_way(new)}"
    if old["summary"] == new["summary"]:
        return f"{_name(new)} changed ({new['summary']}){_way(new)}"
    return f"{_name(new)} changed ({old['summary']} → {new['summary']}){_way(new)}"


def _name(record: Record) -> str:
    return f"`{record['chain'][-1]}`" if record.get("chain") else str(record["label"])


def _way(record: Record) -> str:
    """Name the functions that lead to a root which the component doesn't name itself."""
    chain = record.get("chain", ())
    if len(chain) < 2:
        return ""
    return " (through " + " → ".join(f"`{name}`" for name in chain) + ")"


def _comings_and_goings(before: Mapping[Any, Record], after: Mapping[Any, Record]) -> Iterator[str]:
    for key, record in after.items():
        if key not in before:
            yield f"{record['label']} is new{_way(record)}"
    for key, record in before.items():
        if key not in after:
            yield f"{record['label']} is no longer read"
