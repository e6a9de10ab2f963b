"""The files that code may read, by the names that its values and constants hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fpcache.fingerprints import Reading
from fpcache.hf.captures import TakenApart
from fpcache.hf.columns import files_in_columns
from fpcache.hf.environment import is_like_environment
from fpcache.hf.held import files_named, files_nearby
from fpcache.hf.outside import file_taken, paths_in
from fpcache.hf.policy import IN_IGNORE, Policy, plain_name
from fpcache.hf.reports import Ignored, Taken
from fpcache.hf.surroundings import files_by_address, package_files
from fpcache.hf.wishes import Wishes

__all__ = ["counted_files"]


def counted_files(
    reading: Reading,
    leaves: tuple[object, ...],
    policy: Policy,
    taken_apart: TakenApart,
    wishes: Wishes,
    used: Iterable[str] = (),
) -> tuple[list[Taken], Sequence[str]]:
    """Find the files that values, constants and datasets name; refuse directories that values name.

    Returns
    -------
    files, notes
        What counts, and what is to be told.
    """
    held = dict(policy.texts)
    for root in reading.roots:
        name = plain_name(root.chain[-1])
        brought = taken_apart.brought.get(root.key)
        if name not in policy.ignored and root.kind == "value":
            value = brought.value if brought is not None else root.value
            if is_like_environment(value):
                continue
            policy.look_into(name, value)
            held.update((text, name) for text in paths_in(value))
    near = files_nearby()
    named = [text for value in reading.strings for text in paths_in(value)]
    named += files_named(leaves, near)
    named += files_by_address((*reading.strings, *(leaf for leaf in leaves if isinstance(leaf, str))))
    named += filter(os.path.isfile, package_files(reading, used))
    told: dict[str, None] = {}
    for dataset in {id(one): one for one in policy.datasets}.values():
        named += files_in_columns(dataset, near, told.setdefault)
    files, directories = _found({**dict.fromkeys(named, ""), **held}, policy, wishes)
    if any(map(is_like_environment, reading.nodes)):
        files += _files_of_environment(files)
        told.setdefault("the code holds the environment: directories that variables name don't count")
    return files, (*told, *directories)


def _files_of_environment(known: list[Taken]) -> Iterator[Taken]:
    names = {one.name for one in known}
    for text in sorted(set(os.environ.values()) - names):
        taken = file_taken(text)
        if taken is not None:
            yield taken


def _found(texts: Mapping[str, str], policy: Policy, wishes: Wishes) -> tuple[list[Taken], Sequence[str]]:
    """Look for what texts name, each with the name of the value that it is."""
    counted = wishes.counted()
    files: list[Taken] = []
    directories: list[str] = []
    for text, name in sorted(texts.items()):
        if os.path.abspath(text) in counted:
            continue
        if text in wishes.ignore:
            policy.matched.add(text)
            policy.ignored[text] = Ignored(text, "file or directory", IN_IGNORE)
        elif name in policy.refused:
            continue
        elif (taken := file_taken(text)) is not None:
            files.append(taken)
        elif os.path.isdir(text):
            directories.extend(_take_directory(text, name, policy))
    return files, directories


def _take_directory(text: str, name: str, policy: Policy) -> Iterator[str]:
    """Refuse a directory that a value names, or a constant that is surely a path; tell of others."""
    if not text.strip("./\\"):  # a separator, or the text of a full stop
        return
    if name or "/" in text or os.sep in text:
        policy.refused[text] = (
            f"{f'`{name}` is ' if name else ''}{text!r}, a directory whose files may be read: count them by "
            f"depends_on=[{text!r}], or say ignore=[{text!r}]"
        )
    else:
        yield f"{text!r} is a directory; what lies in it doesn't count"
