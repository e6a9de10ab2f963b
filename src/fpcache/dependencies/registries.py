"""Code that adds to registries which any other code uses without naming them: codecs, picklers, dialects.

Most of them can't be listed, so it counts which statements did so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import CodeType
from typing import Any

from fpcache.dependencies.package_uses import followed
from fpcache.fingerprints.code_objects import code_facts

__all__ = ["may_register", "named_in"]

_BY_MODULE: Mapping[str, tuple[str, ...]] = {
    "codecs": ("register", "unregister", "register_error"),
    "_codecs": ("register", "unregister", "register_error"),
    "copyreg": ("pickle", "constructor", "add_extension", "remove_extension", "dispatch_table"),
    "encodings.aliases": ("aliases",),
    "csv": ("register_dialect", "unregister_dialect"),
    "sqlite3": ("register_adapter", "register_converter", "enable_callback_tracebacks"),
    "mimetypes": ("add_type", "init", "types_map", "encodings_map", "suffix_map"),
    "shutil": (
        "register_archive_format", "register_unpack_format", "unregister_archive_format",
        "unregister_unpack_format",
    ),
    "xml.etree.ElementTree": ("register_namespace",),
    "calendar": ("setfirstweekday",),
    "gettext": ("install", "textdomain", "bindtextdomain"),
    "email.charset": ("add_charset", "add_alias", "add_codec"),
}  # fmt: skip
_LAST = frozenset(name for names in _BY_MODULE.values() for name in names)


def _targets() -> dict[int, object]:
    """Return the registering functions, tables and their modules, as far as they are loaded."""
    found: list[object] = []
    for module, names in _BY_MODULE.items():
        held = vars(sys.modules[module]) if module in sys.modules else {}
        found += [held[name] for name in names if name in held]
        found += [sys.modules[module]] if held else []
    return {id(target): target for target in found}


def may_register(codes: Iterable[tuple[CodeType, Mapping[str, Any]]]) -> bool:
    """Whether code names a function or table of the kind, or hands on a module that has one.

    Parameters
    ----------
    codes : iterable of (CodeType, dict)
        Code objects with their globals.

    Examples
    --------
    >>> import codecs
    >>> may_register([(compile("codecs.register(find)", "", "exec"), {"codecs": codecs})])
    True
    >>> may_register([(compile("codecs.lookup('utf-8')", "", "exec"), {"codecs": codecs})])
    False
    """
    targets = _targets()
    for code, namespace in codes:
        for use in code_facts(code).uses:
            if not use.attributes and not use.is_import:
                if id(namespace.get(use.head)) in targets:
                    return True
            elif use.attributes and use.attributes[-1] in _LAST:
                with suppress(Exception):  # a user's object may raise whatever is asked of it
                    if id(followed(use, namespace)[2]) in targets:
                        return True
    return False


def named_in(texts: Iterable[str]) -> bool:
    """Whether a text, which may be run as code, names a module with such a registry and what adds to it."""
    return any(
        module in text and any(name in text for name in names)
        for text in texts
        for module, names in _BY_MODULE.items()
    )
