"""Checking one notebook: it is run plainly, cold, warm and edited, and the runs are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from fpcache.errors import FpcacheError

from .bounds import Gain, dear_statements, gain_of
from .differences import Difference, Path, differing, noise_of, places, unexpected, widgets_in
from .edits import Edit, harmful_edits, harmless_edit
from .notebooks import CannotCheckError, Notebook, NotebookCell
from .running import KernelSettings, NotebookRun, run_cells
from .workplace import Workplace

__all__ = ["EDITS", "CachedRun", "NotebookCheck", "check"]

EDITS = ("none", "harmless", "harmful", "all")
_MOST_PLAIN_RUNS = 3
_MOST_ALTERNATIVES = 3

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CachedRun:
    """A run with the cache, judged by a plain run of the same cells.

    Attributes
    ----------
    name : str
        Such as ``"warm"``.
    plain_s : float
        What the plain run of the same cells took.
    differences : tuple of Difference
        What no plain run explains.
    fault : str
        Why the run did not reach its end; ``""`` where it did.
    """

    name: str
    told: NotebookRun | None
    plain_s: float
    differences: tuple[Difference, ...] = ()
    fault: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether a user could tell this run from a plain one."""
        return bool(self.differences or self.fault)


@dataclass(frozen=True, slots=True)
class NotebookCheck:
    """All that was found about a notebook.

    Attributes
    ----------
    plain : tuple of NotebookRun
        The plain runs of the notebook as it is.
    runs : tuple of CachedRun
        Cold, warm, warm again, and those after edits.
    unstable : tuple of str
        Where plain runs differ from each other.
    skipped : tuple of str
        Edits that could not be tried, and why.
    """

    notebook: Notebook
    copied: str
    plain: tuple[NotebookRun, ...]
    runs: tuple[CachedRun, ...]
    unstable: tuple[str, ...]
    skipped: tuple[str, ...]
    gain: Gain

    @property
    def is_wrong(self) -> bool:
        """Whether any cached run could be told from a plain one."""
        return any(run.is_wrong for run in self.runs)


@dataclass(slots=True)
class _Checking:
    """A check under way."""

    workplace: Workplace
    settings: KernelSettings
    tell: Tell
    plain: list[NotebookRun] = field(default_factory=list)
    noise: set[Path] = field(default_factory=set)
    confirmed: set[Path] = field(default_factory=set)
    unstable: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def run_plain(self, cells: Sequence[NotebookCell], name: str) -> NotebookRun:
        told = run_cells(cells, self.workplace, self.settings, cached=False)
        self.tell(f"{name}: {told.duration_s:.1f} s{', ' + told.stopped if told.stopped else ''}")
        return told

    def learn_noise(self, one: NotebookRun, other: NotebookRun) -> set[Path]:
        found = list(differing(one.picture, other.picture))
        self.unstable += [place for place in places(found) if place not in self.unstable]
        return noise_of(found)

    def cached(self, name: str, cells: Sequence[NotebookCell], plain: list[NotebookRun]) -> CachedRun:
        """Run cells with the cache, and compare with plain runs of them; more of those where they differ."""
        plain_s = min(one.duration_s for one in plain)
        try:
            told = run_cells(cells, self.workplace, self.settings, cached=True)
        except RuntimeError as error:
            self.tell(f"{name}: {error}")
            return CachedRun(name, None, plain_s, fault=str(error))
        self.tell(f"{name}: {told.duration_s:.1f} s")
        return CachedRun(name, told, plain_s, tuple(self.compared(told, cells, plain)))

    def compared(
        self, told: NotebookRun, cells: Sequence[NotebookCell], plain: list[NotebookRun]
    ) -> list[Difference]:
        """Return what differs from each plain run of these cells and is not noise."""
        # A cell more makes other cells of those after it.
        is_longer = len(cells) > len(self.plain[0].cells) and not self.plain[0].stopped
        noise = {path for path in self.noise if not (is_longer and str(path[0]).startswith("cell"))}
        noise |= widgets_in(plain[-1].picture)
        while True:
            found = unexpected(differing(plain[-1].picture, told.picture), noise)
            if self.confirmed.issuperset(one.path for one in found):
                return found
            if len(plain) >= _MOST_PLAIN_RUNS or not self.ran_again(cells, plain):
                self.confirmed.update(one.path for one in found)
                return found
            noise |= self.learn_noise(plain[-2], plain[-1])
            if plain is self.plain:
                self.noise = noise

    def ran_again(self, cells: Sequence[NotebookCell], plain: list[NotebookRun]) -> bool:
        """Add one more plain run of the same cells; False where it does not reach its end."""
        try:
            plain.append(self.run_plain(cells, "  plain once more, as something differs"))
        except RuntimeError:
            return False
        return True

    def harmless(self, cells: Sequence[NotebookCell]) -> CachedRun:
        """Check that an edit that changes nothing is one; its plain run is needed only if lines show."""
        edit, before = harmless_edit(cells), set(self.confirmed)
        run = self.cached(edit.name, edit.cells, [self.plain[-1]] * _MOST_PLAIN_RUNS)
        if run.told is None or not run.differences:
            return run
        self.confirmed = before
        plain = self.tried(edit)
        if plain is None:
            return run
        return replace(run, differences=tuple(self.compared(run.told, edit.cells, [plain])))

    def harmful(self, cells: Sequence[NotebookCell]) -> Iterator[CachedRun]:
        """Check edits that change what is dear, of each kind one that has an effect."""
        dear = dear_statements(self.plain[-1].statements)
        for alternatives in harmful_edits(cells, dear):
            for edit in alternatives[:_MOST_ALTERNATIVES]:
                plain = self.tried(edit)
                if plain is not None and self.is_seen(plain, edit):
                    yield self.cached(edit.name, edit.cells, [plain])
                    break

    def tried(self, edit: Edit) -> NotebookRun | None:
        """Run an edited notebook plainly; None where the edit breaks it."""
        try:
            plain = self.run_plain(edit.cells, f"  plain, {edit.name}")
        except RuntimeError as error:
            self.skipped.append(f"{edit.name} ({error})")
            return None
        if len(plain.cells) < len(self.plain[-1].cells):
            self.skipped.append(f"{edit.name} ({plain.stopped})")
            return None
        return plain

    def is_seen(self, plain: NotebookRun, edit: Edit) -> bool:
        """Say whether an edit changes anything at all."""
        if unexpected(differing(self.plain[-1].picture, plain.picture), self.noise):
            return True
        self.skipped.append(f"{edit.name} (changes nothing)")
        return False


def check(
    notebook: Notebook, workplace: Workplace, settings: KernelSettings, edits: str, tell: Tell
) -> NotebookCheck:
    """Run a notebook plainly twice, cold, warm twice, and after edits, and compare.

    Parameters
    ----------
    edits : str
        One of `EDITS`.
    tell : callable
        Is told of each run as it ends.

    Raises
    ------
    CannotCheckError
        If the notebook can't be run without the cache.
    """
    checking = _Checking(workplace, settings, tell)
    cells = notebook.cells
    try:
        checking.plain = [checking.run_plain(cells, "plain"), checking.run_plain(cells, "plain again")]
    except RuntimeError as error:
        raise CannotCheckError(f"{notebook.path} can't be run without the cache: {error}") from None
    if checking.plain[0].stopped.endswith(f" {FpcacheError.__name__}"):
        raise CannotCheckError(f"{notebook.path} asks fpcache about itself: {checking.plain[0].stopped}")
    checking.noise = checking.learn_noise(*checking.plain)
    runs = [checking.cached(name, cells, checking.plain) for name in ("cold", "warm", "warm again")]
    if edits in ("harmless", "all"):
        runs.append(checking.harmless(cells))
    if edits in ("harmful", "all"):
        runs += checking.harmful(cells)
    gain = gain_of(checking.plain, [run.told for run in runs[:3]])
    return NotebookCheck(
        notebook, workplace.note, tuple(checking.plain), tuple(runs), tuple(checking.unstable),
        tuple(checking.skipped), gain,
    )  # fmt: skip
