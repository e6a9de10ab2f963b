"""A cell as a graph: its picture, and its document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fpcache.graph import GraphSchema, Picture, SchemaNode, schema_picture

if TYPE_CHECKING:
    from fpcache.session.cell_run import CellRun
    from fpcache.session.session import Session

__all__ = ["cell_schema", "document", "picture"]


def picture(session: Session) -> Picture | None:
    """Return a picture of the last cell's components, or None before the first."""
    if session.last_run is None:
        return None
    run = session.last_run
    statuses = {name: row.status for name, row in zip(_node_names(run), run.report.rows, strict=False)}
    return schema_picture(cell_schema(run), statuses)


def _node_names(run: CellRun) -> list[str]:
    names: dict[str, None] = {}
    for component in run.cell.components:
        name = first = f"{component.first_line}: {component.label}"
        number = 1
        while name in names:  # statements of one line may begin alike
            number += 1
            name = f"{first} ({number})"
        names[name] = None
    return list(names)


def document(session: Session) -> str | None:
    """Return the last cell's components as a graph's document, or None before the first."""
    return None if session.last_run is None else cell_schema(session.last_run).to_json()


def cell_schema(run: CellRun) -> GraphSchema:
    """Return a cell as a graph schema: a node a component, an edge where one reads what another binds.

    A node uses nothing; its config has the component's source, and its first and last line in the cell.
    """
    nodes: dict[str, SchemaNode] = {}
    bound_by: dict[str, str] = {}
    for name, component in zip(_node_names(run), run.cell.components, strict=True):
        needs = {read: bound_by[read] for read in sorted(component.names.reads) if read in bound_by}
        lines = [component.first_line, component.last_line]
        nodes[name] = SchemaNode(needs=needs, config={"source": component.source, "lines": lines})
        given = component.names.binds | component.names.maybe_binds | component.names.mutates
        bound_by |= dict.fromkeys(given, name)
    return GraphSchema(nodes)
