"""State of the standard library that shapes results and displays: locale, decimal, logging."""

from __future__ import annotations

import decimal
import locale
import logging
import sys
import time
from collections.abc import Mapping
from typing import Any

from fpcache.dependencies.ambient_library import Library, Options

__all__ = ["PYTHON"]

_CATEGORIES = tuple(
    name
    for name in ("LC_CTYPE", "LC_COLLATE", "LC_TIME", "LC_MONETARY", "LC_NUMERIC", "LC_MESSAGES")
    if hasattr(locale, name)
)
_SIGNALS = tuple(getattr(decimal.Context(), "flags"))  # noqa: B009  (absent from the stubs' Context)


def _read_locale() -> Options:
    return {name: locale.setlocale(getattr(locale, name)) for name in _CATEGORIES}


def _write_locale(options: Options) -> None:
    for name, value in options.items():
        locale.setlocale(getattr(locale, name), value)


def _read_decimal() -> Options:
    return _decimal_options(decimal.getcontext())


def _decimal_options(context: decimal.Context) -> Options:
    names = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
    found: Options = {name: getattr(context, name) for name in names}
    return found | {f"trap.{signal.__name__}": bool(context.traps[signal]) for signal in _SIGNALS}


_TRAPPED = (decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow)
_DECIMAL_DEFAULTS: Mapping[str, Any] = {
    "prec": 28, "rounding": "ROUND_HALF_EVEN", "Emin": -999999, "Emax": 999999, "capitals": 1, "clamp": 0,
    **{
        f"trap.{signal.__name__}": signal in _TRAPPED
        for signal in _SIGNALS
    },
}  # fmt: skip


def _write_decimal(options: Options) -> None:
    context = decimal.getcontext()
    by_name = {signal.__name__: signal for signal in _SIGNALS}
    for name, value in options.items():
        _, _, signal = name.partition(".")
        if signal:
            context.traps[by_name[signal]] = value
        else:
            setattr(context, name, value)


def _read_logging() -> Options:
    root = logging.getLogger()
    handlers = [
        (type(handler).__qualname__, handler.level, getattr(handler.formatter, "_fmt", None))
        for handler in root.handlers
    ]
    return {"level": root.level, "handlers": tuple(handlers), "disable": root.manager.disable}


def _write_logging(options: Options) -> None:
    for name, value in options.items():
        if name == "level":
            logging.getLogger().setLevel(value)
        elif name == "disable":
            logging.disable(value)


def _read_zone() -> Options:
    return {"names": time.tzname, "offset": time.timezone, "offset in summer": time.altzone}


def _read_digits() -> Options:
    return {"int_max_str_digits": sys.get_int_max_str_digits()}


def _write_digits(options: Options) -> None:
    sys.set_int_max_str_digits(options["int_max_str_digits"])


PYTHON = (
    Library(
        "digits of numbers", "the limit", "sys", "",
        _read_digits, lambda: {"int_max_str_digits": sys.int_info.default_max_str_digits}, _write_digits,
    ),
    Library(
        "time zone", "the time zone's", "time", "",
        _read_zone, lambda: {"names": ("UTC", "UTC"), "offset": 0, "offset in summer": 0}, None,
    ),
    Library("locale", "locale category", "locale", "", _read_locale, dict, _write_locale),
    Library(
        "decimal", "decimal context's", "decimal", "",
        _read_decimal, lambda: _DECIMAL_DEFAULTS, _write_decimal,
    ),
    Library(
        "logging", "root logger's", "logging", "",
        _read_logging, lambda: {"level": logging.WARNING, "handlers": (), "disable": 0}, _write_logging,
    ),
)  # fmt: skip
