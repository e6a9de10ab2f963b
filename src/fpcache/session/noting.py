"""Remembering what code that ran unrecorded may have changed in installed packages."""

from __future__ import annotations

from types import CodeType

from fpcache.cells import Component
from fpcache.dependencies.package_uses import reached_code
from fpcache.fingerprints.code_objects import names_in
from fpcache.fingerprints.reading import read
from fpcache.session.cell_run import CellRun
from fpcache.session.history import affected_packages
from fpcache.session.names import is_shells_own
from fpcache.session.services import Services
from fpcache.session.settings import CellOptions
from fpcache.shell import CellRequest

__all__ = ["note_cell", "note_effects"]


def note_cell(services: Services, request: CellRequest) -> None:
    """Note all components of a cell that was run without the cache."""
    run = CellRun.parse(services, request, CellOptions())
    for component in run.cell.components:
        note_effects(run, component)


def note_effects(run: CellRun, component: Component) -> None:
    """Add a component to the histories of the packages that it may have changed."""
    names = [name for name in component.names.reads if not is_shells_own(name)]
    nodes = run.request.nodes[component.start : component.stop]
    code = run.compiled(component)
    run.services.history.note_modules()
    run.services.history.registered.see(lambda: _names_register(run, code))
    governor, digest = run.services.governor, component.code_digest

    def arguments() -> str:
        """Return a fingerprint of what the component reads, if that is not too dear."""
        allowance = governor.allowance(digest, run.services.settings.min_seconds)
        return read(names, None, run.namespace, allowance=allowance).digest

    with governor.spending():
        affected = affected_packages(component, nodes, code, run.namespace)
        run.services.history.note(affected, digest, arguments)


def _names_register(run: CellRun, code: CodeType | None) -> bool:
    """Whether a cell, or code that is called in it, may register classes with others."""
    if "register" in run.request.transformed_cell:
        return True
    return code is not None and any("register" in names_in(c) for c, _ in reached_code(code, run.namespace))
