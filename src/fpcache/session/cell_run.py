"""One cell on its way through a session: its request, options, components and report."""

from __future__ import annotations

import ast
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fpcache.cells import Cell, Component, Kind, compile_component, names_in_text, parse_cell
from fpcache.dependencies.context import Context
from fpcache.fingerprints.records import Reading
from fpcache.session.key import component_key
from fpcache.session.report import CellReport
from fpcache.session.services import Services
from fpcache.session.settings import CellOptions
from fpcache.shell import CellRequest

__all__ = ["OPENS_FIGURE", "CellRun"]

OPENS_FIGURE = "opens_figure"
_TITLE_LENGTH = 60


@dataclass(slots=True)
class CellRun:
    """All that the steps of one cell share.

    Attributes
    ----------
    joined : int or None
        Index of the component that took in the rest of the cell while running.
    ahead : dict
        In a dry run, digests of what earlier hits would leave, by kind and name of the dependency.
    """

    services: Services
    request: CellRequest
    options: CellOptions
    cell: Cell
    report: CellReport = field(default_factory=CellReport)
    joined: int | None = None
    ahead: dict[tuple[str, str], str] = field(default_factory=dict)
    _codes: dict[tuple[int, int], types.CodeType | None] = field(default_factory=dict, init=False, repr=False)
    _silenced: bool | None = field(default=None, init=False, repr=False)

    @classmethod
    def parse(cls, services: Services, request: CellRequest, options: CellOptions) -> CellRun:
        """Split a request's cell into components."""
        request = replace(request, nodes=_with_assigned_expression(request))
        cell = parse_cell(request.nodes, request.transformed_cell, whole=options.whole)
        joins = [c.start for c in cell.components if services.governor.detail(c.code_digest, OPENS_FIGURE)]
        if joins and not options.whole:
            cell = parse_cell(request.nodes, request.transformed_cell, join_from=tuple(joins[:1]))
        return cls(services, request, options, cell)

    @property
    def namespace(self) -> dict[str, Any]:
        """The user's namespace, itself."""
        return self.services.shell.namespace

    @property
    def label(self) -> str:
        """What people know the cell by."""
        return self.request.cell_id or self.request.cell_name

    @property
    def title(self) -> str:
        """A line by which people know the cell again: its first comment, or statement that is no import."""
        stripped = (line.strip() for line in self.request.raw_cell.splitlines())
        lines = [line for line in stripped if line.strip("# ") and not line.startswith("%%")]
        telling = [line for line in lines if not line.startswith(("import ", "from "))]
        return (telling or lines or [""])[0].lstrip("# ")[:_TITLE_LENGTH]

    @property
    def place(self) -> tuple[str, int]:
        """Which execution of which cell this is."""
        return self.label, int(self.services.shell.shell.execution_count)

    def compiled(self, component: Component) -> types.CodeType | None:
        """Return a component's code object, for following what it names; None where it is no valid code.

        Such code parses, but only the compiler sees what is wrong (a
        ``return`` outside a function): running it shows the user the error.
        """
        place = component.start, component.stop
        if place not in self._codes:
            try:
                self._codes[place] = compile_component(self.cell, component, self.request.cell_name)
            except (SyntaxError, ValueError, RecursionError):
                self._codes[place] = None
        return self._codes[place]

    def reads(self, component: Component) -> frozenset[str]:
        """Return the names whose values are inputs, with those named in query texts."""
        names = component.names.reads - component.names.kept
        for name in component.texts:
            text = self.namespace.get(name)
            if isinstance(text, str):
                names |= names_in_text(text)
        return names

    def interactivity(self, component: Component) -> str:
        """Return the interactivity to run a component with, alone."""
        mode = self.request.interactivity
        if mode in ("all", "none"):
            return mode
        return mode if component.stop == len(self.request.nodes) else "none"

    def shown(self, component: Component) -> str:
        """Return which expression values a component displays, for its key."""
        mode = self.interactivity(component)
        last = self.request.nodes[component.stop - 1]
        if mode == "none" or (mode == "last_expr" and not isinstance(last, ast.Expr)):
            return "none"
        return f"{mode} silenced" if self._is_silenced() else mode

    def key(self, component: Component, reading: Reading) -> str:
        """Return the key of a component with these inputs and this cell's options."""
        options = self.options
        shown = self.shown(component)
        return component_key(component, reading, shown=shown, ignored=options.ignore, depends=options.depends)

    def _is_silenced(self) -> bool:
        if self._silenced is None:
            self._silenced = bool(self.services.shell.shell.displayhook.quiet())
        return self._silenced

    def context(self, reading: Reading | None, started_s: float | None = None) -> Context:
        """Return what the dependency probes are told about a component."""
        context = Context(
            reading=reading,
            namespace=self.namespace,
            strings=reading.strings if reading else (),
            settings=self.probe_settings(),
            cell_text=self.request.transformed_cell,
            origin=self.services.origin,
        )
        if started_s is not None:
            context.started_s = started_s
        return context

    def probe_settings(self) -> Mapping[str, Any]:
        """Return the settings that the probes know."""
        return {"unseeded": self.services.unseeded(), "explicit": self.options.explicit}

    def rest_from(self, component: Component) -> Component:
        """Return `component` and all that follows it in the cell, as one component."""
        joined = parse_cell(self.request.nodes, self.request.transformed_cell, join_from=(component.start,))
        return next(c for c in joined.components if c.start == component.start)

    @property
    def asks_the_cache(self) -> bool:
        """Whether the cell does nothing but use ``%fpcache``."""
        components = self.cell.components
        return bool(components) and all(c.label.split(" ")[0] == "%fpcache" for c in components)

    @property
    def is_all_comments(self) -> bool:
        """Whether there is nothing to run."""
        return all(component.kind is Kind.EMPTY for component in self.cell.components)


def _with_assigned_expression(request: CellRequest) -> list[ast.stmt]:
    """Return the statements, with IPython's addition for ``last_expr_or_assign``."""
    nodes = list(request.nodes)
    if request.interactivity != "last_expr_or_assign" or not nodes:
        return nodes
    match nodes[-1]:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name)):
            shown = ast.Expr(ast.Name(name, ast.Load()))
        case ast.AnnAssign(target=ast.Name(id=name)):
            shown = ast.Expr(ast.Name(name, ast.Load()))
        case _:
            return nodes
    return [*nodes, ast.fix_missing_locations(ast.copy_location(shown, nodes[-1]))]
