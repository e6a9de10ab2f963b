"""Taking effects back: a replay that can't be finished leaves everything as before it."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from fpcache.dependencies import (
    ambient,
    decimal_flags,
    environment,
    logger_settings,
    process_state,
    random_states,
    warning_filters,
    written_files,
)
from fpcache.dependencies.file_effects import FOLDER
from fpcache.dependencies.paths import absolute, signature
from fpcache.dependencies.records import Effect

__all__ = ["undo_of"]

Undo = Callable[[], None]


def undo_of(effect: Effect) -> Undo:
    """Return what puts back what `effect` is about to change."""
    makers: dict[str, Callable[[Effect], Undo]] = {
        random_states.KIND: _random,
        process_state.KIND: _process,
        ambient.KIND: ambient.undo_of,
        decimal_flags.KIND: decimal_flags.undo_of,
        logger_settings.KIND: logger_settings.undo_of,
        warning_filters.KIND: _filters,
        **dict.fromkeys(environment.KINDS, _environment),
        **dict.fromkeys(written_files.KINDS, _file),
    }
    maker = makers.get(effect.kind)
    return _nothing if maker is None else maker(effect)


def _nothing() -> None:
    pass


def _random(effect: Effect) -> Undo:
    before = random_states.snapshot().get(effect.name)
    return _nothing if before is None else lambda: random_states.install(effect.name, before)


def _environment(effect: Effect) -> Undo:
    if effect.kind == environment.FOLDER:
        folder = os.getcwd()
        return lambda: os.chdir(folder)
    before = os.environ.get(effect.name)

    def undo() -> None:
        os.environ.pop(effect.name, None)
        if before is not None:
            os.environ[effect.name] = before

    return undo


def _process(effect: Effect) -> Undo:
    if effect.name == "umask":
        return _umask()
    if effect.name in ("sys.path", "sys.argv"):
        held: list[str] = getattr(sys, effect.name.removeprefix("sys."))
        before = list(held)
        return lambda: held.__setitem__(slice(None), before)
    limit = sys.getrecursionlimit()
    return lambda: sys.setrecursionlimit(limit)


def _umask() -> Undo:
    mask = os.umask(0)  # it can't be read otherwise
    os.umask(mask)

    def undo() -> None:
        os.umask(mask)

    return undo


def _filters(effect: Effect) -> Undo:
    filters: Any = warnings.filters
    before = list(filters)
    return lambda: filters.__setitem__(slice(None), before)


def _file(effect: Effect) -> Undo:
    """A file or directory that wasn't there is taken away; no other is ever written."""
    path = absolute(effect.name)
    if signature(path, follow=False) is not None:
        return _nothing
    is_folder = effect.kind == FOLDER

    def undo() -> None:
        if signature(path, follow=False) is not None:
            os.rmdir(path) if is_folder else os.unlink(path)

    return undo
