"""Names that the user leaves out of the key: a run may read them, but a replay can't change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fpcache.errors import UncacheableError, UnfingerprintableValueError
from fpcache.fingerprints import fingerprint

__all__ = ["digests", "refuse_changed"]


def digests(names: Iterable[str], namespace: Mapping[str, object]) -> dict[str, tuple[int, str]]:
    """Return which object each name stands for and its fingerprint; what has none is left out."""
    found = {}
    for name in names:
        if name in namespace:
            try:
                found[name] = id(namespace[name]), fingerprint(namespace[name])
            except UnfingerprintableValueError:
                continue  # often the very reason to ignore it
    return found


def refuse_changed(before: Mapping[str, tuple[int, str]], namespace: Mapping[str, object]) -> None:
    """Raise where a run changed an ignored value in place.

    Raises
    ------
    UncacheableError
        Names the value.
    """
    after = digests(before, namespace)
    for name, (identity, digest) in before.items():
        if name in after and after[name][0] == identity and after[name][1] != digest:
            raise UncacheableError(
                f"changes `{name}` in place, which --ignore leaves out; change a copy, or don't ignore it"
            )
