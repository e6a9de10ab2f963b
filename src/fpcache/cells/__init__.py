"""Cells as components: static analysis of source, with no IPython in it."""

from __future__ import annotations

from .component import Cell, Component, Dynamic, Kind, Names, TransparentMagic
from .digests import code_digest
from .hash_order import OrderUse, order_uses
from .parsing import compile_component, parse_cell
from .texts import names_in_text

__all__ = [
    "Cell",
    "Component",
    "Dynamic",
    "Kind",
    "Names",
    "OrderUse",
    "TransparentMagic",
    "code_digest",
    "compile_component",
    "names_in_text",
    "order_uses",
    "parse_cell",
]
