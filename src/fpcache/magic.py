"""Loading into IPython, and the ``%fpcache`` and ``%%fpcache`` magics."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import display

from fpcache import active
from fpcache.config import FPCache
from fpcache.errors import FpcacheError, StoreError
from fpcache.events import EventBus
from fpcache.session import Session, Settings, controls
from fpcache.session import overview as texts
from fpcache.session.faults import FaultLog
from fpcache.session.requests import cell_parser
from fpcache.session.session import NOT_HERE
from fpcache.shell import ShellAdapter
from fpcache.store import LocalStore

if TYPE_CHECKING:
    from fpcache.panel import Hub
    from fpcache.panel.widget import Dashboard

__all__ = ["FpcacheMagics", "load", "unload"]

_COMMANDS = ("%fpcache", "%%fpcache")
_FURTHER = {"auto": ["on", "off"], "graph": ["--schema"]}
_ACTIONS = ("auto", "why", "dashboard", "ls", "clear", "pin", "graph", "config")


@dataclass(slots=True)
class Loaded:
    """What loading put into a shell, so that unloading can take it out."""

    adapter: ShellAdapter
    session: Session
    configurable: FPCache
    hub: Hub | None = None

    def open_dashboard(self) -> Dashboard:
        """Open one more dashboard on the session."""
        from fpcache.panel import Hub
        from fpcache.panel.widget import Dashboard
        from fpcache.session.panel_answers import PanelAnswers

        if self.hub is None:
            self.hub = Hub(self.session.services.bus, PanelAnswers(self.session, self.configurable))
        return Dashboard(self.hub)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%fpcache: {message}; %fpcache? lists what it can do")


def line_parser() -> argparse.ArgumentParser:
    """Return the parser of ``%fpcache``'s arguments."""
    parser = _Parser(prog="%fpcache", description="Look after the cache of notebook cells.", add_help=False)
    actions = parser.add_subparsers(dest="action", parser_class=_Parser, metavar="ACTION")
    actions.add_parser("auto", help="cache every later cell: on or off").add_argument(
        "mode", choices=("on", "off")
    )
    why = actions.add_parser("why", help="why the last cell's components ended as they did")
    why.add_argument("number", nargs="?", type=int, metavar="N")
    actions.add_parser("dashboard", help="open a live panel")
    actions.add_parser("ls", help="list the entries").add_argument("--limit", type=int, default=20)
    actions.add_parser("clear", help="forget all but pinned entries").add_argument(
        "--yes", action="store_true"
    )
    actions.add_parser("pin", help="keep an entry through clear").add_argument("entry", metavar="N")
    graph = actions.add_parser("graph", help="draw the last cell's components")
    graph.add_argument("--schema", action="store_true", help="print them as a graph's document, in JSON")
    actions.add_parser("config", help="show the settings")
    return parser


@magics_class
class FpcacheMagics(Magics):
    """The magics; everything they do is a call of the session or its store."""

    session: Session

    @property
    def _shell(self) -> Any:
        return self.shell

    @line_cell_magic
    def fpcache(self, line: str, cell: str | None = None) -> Any:
        """Cache a cell's components, or look after the cache.

        ``%%fpcache [options]`` on a cell's first line caches that cell::

            --name N        a name to find the entries by
            --force         run everything and refresh the cache
            --dry-run       say what would hit; run nothing
            --whole         treat the cell as one component
            --ttl 1h        forget the entries after this long (90s, 10m, 1h, 7d)
            --pin           keep the entries through `%fpcache clear`
            --depends PATH  a file whose content counts; repeatable
            --ignore NAME   a name whose value doesn't count; repeatable
            --no-store      look up, but store nothing new
            --quiet         print no status line

        ``%fpcache`` alone shows the session's state, and::

            %fpcache auto on|off   cache every later cell, or stop doing so
            %fpcache why [N]       why the last cell's components ended as they did
            %fpcache dashboard     open a live panel: what was skipped, why, and what it saved
            %fpcache ls            list the entries
            %fpcache clear [--yes] forget all but pinned entries
            %fpcache pin N         keep entry N of `ls` through clear
            %fpcache graph         draw the last cell's components
            %fpcache graph --schema   print them as a graph's document, in JSON
            %fpcache config        show the settings
        """
        if cell is not None:
            return self._run_nested(cell)
        found = line_parser().parse_args(shlex.split(line))
        try:
            return getattr(self, f"_{found.action or 'status'}")(found)
        except StoreError as error:
            raise UsageError(f"%fpcache: {error}") from None

    def _run_nested(self, cell: str) -> None:
        """Run a cell that reached the magic itself, below another magic: plainly."""
        print(NOT_HERE)
        self._shell.run_cell(cell).raise_error()

    def _status(self, _: argparse.Namespace) -> None:
        print(texts.status(self.session))

    def _auto(self, found: argparse.Namespace) -> None:
        try:
            controls.set_auto(self.session, active.current().configurable, found.mode == "on")
        except FpcacheError as error:
            raise UsageError(f"%fpcache auto: {error}") from None
        print(f"fpcache: automatic mode is {found.mode}")

    def _why(self, found: argparse.Namespace) -> None:
        print(texts.why(self.session, found.number))

    def _dashboard(self, _: argparse.Namespace) -> None:
        display(active.current().open_dashboard())  # type: ignore[no-untyped-call]

    def _ls(self, found: argparse.Namespace) -> None:
        print(texts.listing(self.session.services.store, found.limit))

    def _clear(self, found: argparse.Namespace) -> None:
        store = self.session.services.store
        if not found.yes:
            totals = store.totals()
            print(
                f"fpcache: this forgets {totals.entries - totals.pinned} entries "
                f"({totals.pinned} pinned ones stay); to do it: %fpcache clear --yes"
            )
            return
        print(f"fpcache: {controls.clear(self.session).entries} entries forgotten")

    def _pin(self, found: argparse.Namespace) -> None:
        entry = texts.find_entry(self.session.services.store, found.entry)
        if entry is None:
            raise UsageError(
                f"%fpcache pin: there is no entry {found.entry!r}; %fpcache ls shows their numbers"
            )
        controls.pin(self.session, entry.entry_id)
        print(f"fpcache: pinned `{entry.label}`")

    def _graph(self, found: argparse.Namespace) -> None:
        from fpcache.session import cell_graphs

        picture = None if found.schema else cell_graphs.picture(self.session)
        if picture is None:
            print(cell_graphs.document(self.session) or "fpcache: no cell has run yet")
        else:
            display(picture)  # type: ignore[no-untyped-call]

    def _config(self, _: argparse.Namespace) -> None:
        print(texts.settings(active.current().configurable))


def load(shell: Any) -> None:
    """Load fpcache into an IPython shell; loading it again changes nothing."""
    if active.is_loaded():
        return
    settings = Settings()
    configurable = FPCache(settings, parent=shell)
    adapter = ShellAdapter(shell)
    faults = FaultLog(EventBus())
    session = Session.begin(adapter, _store(faults), settings, faults, fresh=adapter.is_fresh())
    magics = FpcacheMagics(shell)
    magics.session = session
    shell.register_magics(magics)
    shell.configurables.append(configurable)
    for command in _COMMANDS:
        shell.set_hook("complete_command", _complete, str_key=command)
    adapter.install(session.run_cell)
    active.set_current(Loaded(adapter, session, configurable))


def unload(shell: Any) -> None:
    """Take fpcache out of the shell again."""
    if not active.is_loaded():
        return
    loaded: Loaded = active.current()
    loaded.adapter.uninstall()
    if loaded.hub is not None:
        loaded.hub.close()
    loaded.session.close()
    if loaded.configurable in shell.configurables:
        shell.configurables.remove(loaded.configurable)
    completers = shell.strdispatchers.get("complete_command")
    for command in _COMMANDS:
        if completers is not None:
            completers.strs.pop(command, None)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("fpcache", None)
    active.set_current(None)


def _store(faults: FaultLog) -> LocalStore:
    """Return a store that opens on first use: a broken cache must not keep the magics away."""
    return LocalStore(on_fault=faults.note, open_now=False)


def _complete(shell: Any, event: Any) -> list[str]:
    """Complete the options of ``%%fpcache`` and the actions of ``%fpcache``."""
    if event.command == "%%fpcache":
        return [option for action in cell_parser()._actions for option in action.option_strings]
    words = event.line.split()
    if len(words) > 1 and words[1] in _FURTHER:
        return _FURTHER[words[1]]
    return list(_ACTIONS)
