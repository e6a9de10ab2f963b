"""Fingerprints are equal in every process, and equal to the recorded ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import library_samples
import pytest
from samples import BUILTIN, STDLIB

from fpcache.fingerprints import fingerprint

FOLDER = Path(__file__).parent
GOLDEN = FOLDER / "golden.json"
"""Raise ``FORMAT`` when one of these changes. To write the file anew: ``python golden.py``."""

PRINT_ALL = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import samples, library_samples
from fpcache.fingerprints import fingerprint
tables = [("builtin", samples.ALL), ("numpy", library_samples.NUMPY), ("pandas", library_samples.PANDAS)]
found = {}
for table, entries in tables:
    for name, make in entries.items():
        try:
            found[f"{table} {name}"] = fingerprint(make())
        except ModuleNotFoundError:
            pass
print(json.dumps(found))
"""


def _in_a_process(hash_seed: str) -> dict[str, str]:
    path = json.dumps([str(FOLDER), *sys.path])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PRINT_ALL, path],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_processes_with_other_hash_seeds_agree() -> None:
    first = _in_a_process("0")
    assert len(first) > 80
    for seed in ("1", "random"):
        other = _in_a_process(seed)
        assert {name for name in first if first[name] != other[name]} == set()


@pytest.mark.parametrize("library", ["distributed", "json"])
def test_a_library_that_teaches_pickle_to_carry_tracebacks_changes_nothing(library) -> None:
    pytest.importorskip(library)
    code = (
        f"import {library}\nfrom fpcache.fingerprints import fingerprint\nprint(fingerprint(KeyError('a')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fingerprint(KeyError("a"))


def test_fingerprints_are_the_recorded_ones() -> None:
    recorded = json.loads(GOLDEN.read_text())
    made = {name: make for name, make in {**BUILTIN, **STDLIB}.items() if name in recorded["python"]}
    assert {name: fingerprint(make()) for name, make in made.items()} == recorded["python"]


@pytest.mark.parametrize("table", ["NUMPY", "PANDAS", "ARROW", "TORCH", "SCIPY"])
def test_fingerprints_of_libraries_are_the_recorded_ones(table: str) -> None:
    recorded = json.loads(GOLDEN.read_text())["libraries"].get(table, {})
    pytest.importorskip({"ARROW": "pyarrow"}.get(table, table.lower()))
    made = {name: make for name, make in getattr(library_samples, table).items() if name in recorded}
    assert {name: fingerprint(make()) for name, make in made.items()} == recorded
