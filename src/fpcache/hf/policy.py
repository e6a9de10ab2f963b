"""Which of the values that code brings along count: judged one by one, by name and type.

Left out is only what can't change what the code gives. What is new in every
process (a run's id, a temporary path) or stands for something outside (a
session) is refused by name, for nobody but its owner knows whether it matters.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePath
from types import CellType
from typing import Any
from uuid import UUID

from fpcache.fingerprints.locality import is_local_code
from fpcache.fingerprints.registry import dotted_name
from fpcache.fingerprints.summaries import summary
from fpcache.hf.captures import content
from fpcache.hf.reports import Ignored

__all__ = ["IN_IGNORE", "Policy", "plain_name", "refusal"]

IN_IGNORE = "named in ignore="
_REPLACED = "depends_on says what counts for it"
_SHARED = (str, bytes, int, float, tuple, type(None), PurePath)  # what may be one object in many places
_LOCKS: tuple[type, ...] = (type(threading.Lock()), type(threading.RLock()))
_LOCK_NAMES = frozenset(
    f"{home}.synchronize.{kind}" for home in ("multiprocessing", "multiprocess") for kind in ("Lock", "RLock")
)
_LOGGERS = (logging.Logger, logging.LoggerAdapter)
_SESSIONS = frozenset(
    {
        "aiohttp.client.ClientSession", "botocore.client.BaseClient", "ftplib.FTP",
        "http.client.HTTPConnection", "httpx.Client", "httpx.AsyncClient", "httpx._client.BaseClient",
        "httpx2.Client", "httpx2.AsyncClient", "imaplib.IMAP4", "pymongo.mongo_client.MongoClient",
        "redis.client.Redis", "requests.sessions.Session", "smtplib.SMTP",
        "sqlalchemy.engine.base.Engine", "sqlalchemy.orm.session.Session", "urllib3.poolmanager.PoolManager",
    }
)  # fmt: skip
_DATASET = "datasets.arrow_dataset.Dataset"  # stands for its own fingerprint
_TEMPORARY = frozenset(
    {"tempfile.TemporaryDirectory", "tempfile._TemporaryFileWrapper", "tempfile.SpooledTemporaryFile"}
)
_UUID_TEXT = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[14][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)
_CELL = ".<closure>."
_UNNAMED = re.compile(r"\.__(doc|module|qualname|name|annotations|dict)__")


def plain_name(path: str) -> str:
    """Return a way through values as people write it: ``"rows.<closure>.log"`` is ``"rows.log"``."""
    return path.replace(_CELL, ".")


def refusal(name: str, what: str) -> str:
    """Say that a value can't be judged, and how to name what shall happen with it."""
    shown = name if all(part.isidentifier() for part in name.split(".")) else "value"
    return (
        f"`{name}` {what}. If what the code gives doesn't depend on it, say ignore=[{name!r}]; "
        f"if it does, say by depends_on={{{name!r}: {shown}}} what of it counts"
    )


@dataclass(slots=True)
class Policy:
    """Answers for each value whether it counts, and keeps what it answered.

    Parameters
    ----------
    ignore : collection of str
        Names that don't count.
    replaced : collection of str
        Names for which something else counts.
    home : str
        The module whose globals may be named without it.
    brought : collection of str
        The names of what the callable brings along; a global of the same name
        is named with its module.
    watches_loggers, watches_locks : bool
        Whether the code asks loggers for their level, or locks whether they are taken.
    takes_environment : bool
        Whether all of a held ``os.environ`` counts, not only the variables that constants name.
    """

    ignore: Collection[str]
    replaced: Collection[str] = ()
    home: str = ""
    brought: Collection[str] = ()
    watches_loggers: bool = False
    watches_locks: bool = False
    takes_environment: bool = False
    holds_environment: bool = False
    matched: set[str] = field(default_factory=set)
    ignored: dict[str, Ignored] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    left_out: dict[int, object] = field(default_factory=dict)
    left_out_parts: dict[tuple[int, str], object] = field(default_factory=dict)
    loggers: dict[str, logging.Logger] = field(default_factory=dict)
    datasets: list[Any] = field(default_factory=list)

    def ask(self, path: str, value: object) -> str | None:
        """Return None for what counts, or else what is fed in its place."""
        name = plain_name(path)
        named = self._named(name)
        if named is not None:
            return self._leave_out(name, value, named)
        if type(value) is str or isinstance(value, PurePath):
            return self._text(name, str(value))
        return self._judge(name, value)

    def leaves_out(self, path: str, value: object, holder: object) -> bool:
        """Return whether an attribute or item is named among those that don't count."""
        name = plain_name(path)
        named = self._named(name)
        if named is None:
            return False
        self.left_out_parts[id(holder), name.rpartition(".")[2]] = holder
        self._note(name, value, named)
        return True

    def short(self, name: str) -> str:
        """Return a name without the callable's own module, where that is clear enough."""
        inside = name.removeprefix(f"{self.home}.")
        return name if inside.partition(".")[0].partition("[")[0] in self.brought else inside

    def _named(self, name: str) -> str | None:
        """Return why a name doesn't count, if one was given for it."""
        for spelling in (name, self.short(name)):
            if spelling in self.ignore:
                self.matched.add(spelling)
                return IN_IGNORE
            if spelling in self.replaced:
                self.matched.add(spelling)
                return _REPLACED
        return None

    def _leave_out(self, name: str, value: object, reason: str) -> str:
        """Leave an object out by its place: by itself only what is nowhere else, or counts nowhere.

        A text or a list may count under another name.
        """
        if isinstance(value, CellType):  # of a variable of an enclosing function
            self.left_out[id(value)] = value
            value = content(value)
        elif reason not in (IN_IGNORE, _REPLACED) or ("[" in name and not isinstance(value, _SHARED)):
            self.left_out[id(value)] = value
        self._note(name, value, reason)
        return "ignored"

    def _note(self, name: str, value: object, reason: str) -> None:
        self.ignored.setdefault(name, Ignored(self.short(name), summary(value), reason))

    def _judge(self, name: str, value: Any) -> str | None:
        kind = type(value)
        if issubclass(kind, _LOGGERS) and not (self.watches_loggers or is_local_code(kind)):
            self._leave_out(name, value, "a logger only writes messages; its name counts")
            return f"logger {getattr(value, 'name', '')}"
        if value is os.environ and not self.takes_environment and self._is_variable(name):
            self.holds_environment = True
            return "environment"
        names = frozenset(dotted_name(base) for base in kind.__mro__)
        if issubclass(kind, logging.Logger):
            self.loggers[value.name] = value
        if _DATASET in names and is_local_code(kind):
            return self._refuse(name, f"is a {kind.__name__}: attributes of its own may change rows")
        if _DATASET in names:
            self.datasets.append(value)
            return f"dataset {value._fingerprint}"
        if (kind in _LOCKS or names & _LOCK_NAMES) and not self.watches_locks:
            self._leave_out(name, value, "a lock orders threads and holds no data")
            return "lock"
        if isinstance(value, UUID) and value.version in (1, 4, 6, 7):
            return self._refuse(name, "is a UUID that is another one in every process")
        if names & _TEMPORARY:
            return self._refuse(name, "is a temporary file or directory, another one in every process")
        if names & _SESSIONS:
            return self._refuse(name, f"is a {kind.__name__}: what it answers comes from outside")
        return None

    def _is_variable(self, name: str) -> bool:
        """Return whether a name is one that code itself has: a variable, or a module's global."""
        head, _, rest = name.partition(".")
        if head in self.brought:
            return not rest and "[" not in head
        module = name.rpartition(".")[0]
        return not module or module in sys.modules

    def names_items_of(self, name: str) -> bool:
        """Return whether anything was said about single items of a dict."""
        return any(said.startswith(f"{name}[") for said in (*self.ignore, *self.replaced))

    def look_into(self, name: str, value: object, depth: int = 3) -> None:
        """Judge the texts in containers that are fed in bulk: paths in all, ids in what a dict names."""
        if depth and isinstance(value, dict):
            for key, item in value.items():
                self._look_at(f"{name}[{key!r}]", item, depth, _changing)
        elif depth and isinstance(value, (list, tuple, set, frozenset)):
            for item in value:
                self._look_at(name, item, depth, is_temporary)

    def _look_at(self, name: str, item: object, depth: int, is_new: Callable[[str], bool]) -> None:
        if type(item) is str or isinstance(item, PurePath):
            if is_new(str(item)) and self._named(name) is None:
                self._text(name, str(item))
        else:
            self.look_into(name, item, depth - 1)

    def _text(self, name: str, text: str) -> str | None:
        if _UNNAMED.search(name) or "__dict__ key" in name:
            return None
        if _UUID_TEXT.fullmatch(text):
            return self._refuse(name, f"is the random UUID {text!r}, another one in every process")
        if is_temporary(text):
            return self._refuse(
                name, f"is {text!r} in the temporary directory, another path in every process"
            )
        self.texts.setdefault(text, name)
        return None

    def _refuse(self, name: str, what: str) -> str:
        self.refused.setdefault(name, refusal(self.short(name), what))
        return "refused"


def _changing(text: str) -> bool:
    return _UUID_TEXT.fullmatch(text) is not None or is_temporary(text)


def is_temporary(text: str) -> bool:
    """Return whether a text is an absolute path below the temporary directory."""
    return os.path.isabs(text) and text.startswith(_temporary_folders(tempfile.gettempdir()))


@cache
def _temporary_folders(folder: str) -> tuple[str, ...]:
    return tuple({one.rstrip(os.sep) + os.sep for one in (folder, os.path.realpath(folder))})
