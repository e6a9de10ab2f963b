"""Compare fpcache with other caches on the traps: ``python tests/benchmarks/compare_peers.py --help``.

The others are never needed by fpcache or its tests: they live in an environment
of their own, made by ``--make-environment`` or named by ``--python``.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "benchmarks"), str(ROOT / "tests" / "traps")]

import scenarios  # noqa: E402
from peers.catalogue import PEERS, Peer  # noqa: E402
from peers.judging import ERROR, VERDICTS  # noqa: E402
from peers.running import Outcome, Scene  # noqa: E402
from peers.table import put_into, tables  # noqa: E402

PAGE = ROOT / "docs" / "comparison.md"
GROUPS = {
    "what the code is": scenarios.code.CODE,
    "what values are": scenarios.values.VALUES,
    "the world outside": scenarios.world.WORLD,
    "effects": scenarios.effects.EFFECTS,
    "what is shown, and flow": scenarios.flow.FLOW,
    "together with what is live": scenarios.live.LIVE,
    "models, tensors, workers": scenarios.training.TRAINING,
}
# What waiting processes have loaded: those of fpcache what the trap needs, all others the same.
LOADED = (
    ("torch", ("torch",)),
    ("sklearn", ("numpy", "pandas", "sklearn.linear_model")),
    ("matplotlib", ("numpy", "pandas", "matplotlib")),
    ("numpy", ("numpy", "pandas")),
)
LOADED_ALWAYS = ("numpy", "pandas", "torch", "sklearn.linear_model")
_VERSIONS = """
import importlib.metadata as m, json, sys
found = {}
for name in sys.argv[1:]:
    try: found[name] = m.version(name)
    except m.PackageNotFoundError: pass
print(json.dumps(found))
"""


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--python", default=sys.executable, help="interpreter with the other caches and fpcache's test extra")
    add("--make-environment", type=Path, metavar="DIR", help="make such an environment here and use it")
    add("--caches", nargs="*", default=[], help="names of the caches to run; all by default")
    add("--traps", nargs="*", type=int, default=[], help="numbers of the traps; all by default")
    add("--results", type=Path, help="JSON file of outcomes; what is run again replaces what it holds")
    add("--missing", action="store_true", help="run only the traps that the JSON file lacks")
    add("--at-once", type=int, default=2, help="how many traps at once")
    add("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(ROOT)}")
    return parser.parse_args()


def make_environment(directory: Path, peers: Iterable[Peer]) -> str:
    """Make an environment with fpcache, the libraries of its tests, and the other caches."""
    venv.create(directory, with_pip=True)
    python = str(directory / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    packages = sorted({peer.package for peer in peers} - {"fpcache"})
    subprocess.run([python, "-m", "pip", "install", "-e", f"{ROOT}[test]", *packages], check=True)
    return python


def versions_in(python: str, packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of the packages that an interpreter has."""
    command = [python, "-c", _VERSIONS, *packages]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def chosen(names: Sequence[str], versions: Mapping[str, str]) -> list[Peer]:
    """Return the caches to run; one that is not installed is named and left out."""
    peers = [peer for peer in PEERS if not names or peer.name in names]
    for peer in peers:
        if peer.package not in versions:
            print(f"left out: {peer.name} ({peer.package} is not installed)", file=sys.stderr)
    return [peer for peer in peers if peer.package in versions]


def run_trap(trap: scenarios.Trap, peers: Sequence[Peer], python: str, place: Path) -> list[Outcome]:
    """Run one trap through all caches, in a directory of its own."""
    place.mkdir(parents=True)
    needed = next((modules for library, modules in LOADED if library in trap.needs), ())
    loads = (*LOADED_ALWAYS, *(name for peer in peers for name in peer.loads))
    scene, bare = Scene(trap, place, python, loads, (1, 2)), Scene(trap, place, sys.executable, needed)
    found = [_outcome(bare if peer.package == "fpcache" else scene, peer) for peer in peers]
    told = [f"{outcome.peer} {outcome.verdict}" for outcome in found if outcome.verdict in VERDICTS[:4]]
    print(f"{trap.name}: {', '.join(told) or 'nothing'}", flush=True)
    return found


def _outcome(scene: Scene, peer: Peer) -> Outcome:
    """Run a trap through a cache; a session that dies is told, and judged of by hand."""
    try:
        return scene.outcome(peer)
    except (RuntimeError, OSError) as error:  # a time-out is an OSError
        print(f"{scene.trap.name}, {peer.name}: {error}", file=sys.stderr, flush=True)
        return Outcome(scene.trap.name, peer.name, ERROR, f"the session did not end: {error}"[:300])


def merged(results: Path | None, new: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes with those of earlier calls, and keep them all."""
    kept = {(outcome.trap, outcome.peer): outcome for outcome in [*_read(results), *new]}
    if results is not None:
        text = json.dumps([outcome.as_json() for outcome in kept.values()], indent=1)
        results.write_text(text, encoding="utf-8")
    return list(kept.values())


def _read(results: Path | None) -> list[Outcome]:
    if results is None or not results.exists():
        return []
    return [Outcome(**item) for item in json.loads(results.read_text(encoding="utf-8"))]


def run_all(
    traps: Sequence[scenarios.Trap], peers: Sequence[Peer], python: str, options: argparse.Namespace
) -> list[Outcome]:
    """Run all traps through all caches."""
    outcomes = merged(options.results, [])
    done = {outcome.trap for outcome in outcomes} if options.missing else set()
    traps = [trap for trap in traps if trap.name not in done]
    with tempfile.TemporaryDirectory() as top, ThreadPoolExecutor(options.at_once) as pool:
        places = [Path(top, str(number)) for number in range(len(traps))]
        runs = [
            pool.submit(run_trap, trap, peers, python, place)
            for trap, place in zip(traps, places, strict=True)
        ]
        for run in as_completed(runs):
            outcomes = merged(options.results, [*outcomes, *run.result()])
    return outcomes


def main() -> None:
    """Run what is asked for, and print or write the tables."""
    options = parsed()
    making = options.make_environment
    python = make_environment(making, PEERS) if making else options.python
    versions = versions_in(python, {peer.package for peer in PEERS})
    traps = [trap for trap in scenarios.TRAPS if not options.traps or trap.number in options.traps]
    outcomes = run_all(traps, chosen(options.caches, versions), python, options)
    about = {title: [trap.name for trap in group] for title, group in GROUPS.items()}
    verdicts = {trap.name: trap.verdict for trap in scenarios.TRAPS}
    where = f"{platform.system()}, Python {platform.python_version()}"
    head = f"{datetime.date.today().isoformat()}, {where}, {len({o.trap for o in outcomes})} scenarios."
    text = tables(outcomes, PEERS, about, verdicts, versions, head)
    put_into(PAGE, text) if options.write else print(text)


if __name__ == "__main__":
    main()
