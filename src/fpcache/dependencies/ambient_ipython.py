"""How IPython displays: formatters, float precision, inline figures' format. Looked up, never imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from fpcache.dependencies.ambient_library import Library, Options

__all__ = ["IPYTHON"]

_FIGURES = "matplotlib.figure"
_PLAIN_TRAITS = ("pprint", "max_width", "max_seq_length", "newline", "float_format", "verbose")
_INLINE_DEFAULTS: Mapping[str, Any] = {
    "inline.figure_formats": {"png"}, "inline.print_figure_kwargs": {"bbox_inches": "tight"}, "inline.rc": {},
    "inline.close_figures": True,
}  # fmt: skip
_DEFAULTS: Mapping[str, Any] = {
    "text.pprint": True, "text.max_width": 79, "text.max_seq_length": 1000, "text.newline": "\n",
    "text.float_format": "%r", "text.verbose": False, "active": None, "ast_node_interactivity": "last_expr",
    **_INLINE_DEFAULTS,
}  # fmt: skip


def _shell() -> Any:
    kind = getattr(sys.modules.get("IPython.core.interactiveshell"), "InteractiveShell", None)
    return getattr(kind, "_instance", None)


def _read() -> Options:
    found: Options = dict(_inline())
    shell = _shell()
    if shell is None:
        return found
    formatter = shell.display_formatter
    plain = formatter.formatters.get("text/plain")
    found |= {f"text.{name}": getattr(plain, name, None) for name in _PLAIN_TRAITS}
    found["active"] = _narrowed(formatter)
    found["ast_node_interactivity"] = shell.ast_node_interactivity
    found.update(_printers(formatter.formatters))
    return found


def _narrowed(formatter: Any) -> Any:
    """Return the active types where not all are (a terminal shows text only, from the start)."""
    active = tuple(sorted(formatter.active_types))
    return None if len(active) in (1, len(formatter.formatters)) else active


def _printers(formatters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what was registered, but not what IPython brings (figures' printers come from its options)."""
    for mime, formatter in formatters.items():
        for kind, printer in list(formatter.type_printers.items()):
            if kind.__module__ != _FIGURES and not _is_ipythons(printer):
                yield f"printer {mime} {kind.__module__}.{kind.__qualname__}", _name(printer)
        for key, printer in list(formatter.deferred_printers.items()):
            if key[0] != _FIGURES and not _is_ipythons(printer):
                yield f"printer {mime} {'.'.join(key)}", _name(printer)


def _is_ipythons(printer: Any) -> bool:
    """Whether IPython's own code made a printer; what a type's own ``__repr__`` does counts as such."""
    home = getattr(printer, "__module__", None) or getattr(type(printer), "__module__", "")
    return str(home).partition(".")[0] in ("IPython", "builtins", "matplotlib_inline")


def _name(printer: Any) -> Any:
    """Return installed printers by name; others as they are, to be told apart by content."""
    code = getattr(printer, "__code__", None)
    module = str(getattr(printer, "__module__", ""))
    is_ipythons = module.partition(".")[0] == "IPython"  # what its closures hold is read as traits above
    if not is_ipythons and (
        code is None or module == "__main__" or "<locals>" in getattr(printer, "__qualname__", "")
    ):
        return printer
    return f"{module}.{printer.__qualname__}"


def _inline() -> Iterator[tuple[str, Any]]:
    kind = getattr(sys.modules.get("matplotlib_inline.config"), "InlineBackend", None)
    settings = getattr(kind, "_instance", None)
    if settings is None:  # made with the first figure, from the configuration as it is then
        yield from _configured()
    else:
        yield "inline.figure_formats", set(settings.figure_formats)
        yield "inline.print_figure_kwargs", dict(settings.print_figure_kwargs)
        yield "inline.rc", dict(settings.rc)
        yield "inline.close_figures", settings.close_figures


def _configured() -> Iterator[tuple[str, Any]]:
    section = getattr(_shell(), "config", {}).get("InlineBackend", {})
    for name, default in _INLINE_DEFAULTS.items():
        value = section.get(name.removeprefix("inline."), default)
        if name == "inline.figure_formats":
            value = {section["figure_format"]} if section.get("figure_format") else set(value)
        yield name, value


IPYTHON = Library("ipython", "IPython's display setting", "IPython", "", _read, lambda: _DEFAULTS, None)
