"""A replay that fails midway is taken back and the code runs, or it is completed; always it is told."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import Do, Transcript, assert_same, expect

CELLS = [
    "import os, random\nrandom.seed(1)\nx = []\ndef f(v):\n    v.append(random.random())\n    os.environ['SET_HERE'] = 'yes'\n"
    "    with open('made.txt', 'w') as file: file.write('abc')\n    print('ran')\n    return len(v)",
    "out = f(x)",
    "last = x, out, random.random(), os.environ['SET_HERE'], open('made.txt').read()",
]
BREAK = """
import fpcache.dependencies.{module} as module
def apply(*_): raise OSError("no space left")
module.apply = apply
"""
HALF = """
import fpcache.session.restoring as restoring
def apply(payload, nodes, namespace): raise MemoryError("no memory left")
restoring.apply = apply
"""
SHOW = """
from fpcache.shell import ShellAdapter
def broken(*_): raise ValueError("closed")
ShellAdapter.publish_stream = broken
"""


def broken(transcript, fault, **settings):
    """Run the cells with a fault that strikes while the second is replayed."""
    steps = [CELLS[0], Do(fault), *CELLS[1:]]
    return transcript.run(steps, **settings)


@pytest.mark.parametrize("mode", ["auto", "explicit"])
@pytest.mark.parametrize("module", ["written_files", "random_states", "environment"])
def test_an_effect_that_fails_is_told_and_the_code_runs_from_where_it_would_have(tmp_path, module, mode):
    transcript = Transcript(tmp_path, mode=mode)
    transcript.run(CELLS)
    run = broken(transcript, BREAK.format(module=module))
    expect(run, {"out = f(x)": "miss: no space left"})
    assert_same(transcript.plain(CELLS), run, faults=False)


def test_outputs_that_cannot_be_shown_are_told_and_the_rest_is_as_after_a_run(tmp_path):
    transcript = Transcript(tmp_path)
    transcript.run(CELLS)
    run = transcript.run([CELLS[0], Do(SHOW), CELLS[1]])
    expect(run, {"out = f(x)": "hit"})
    assert any("showing a stored output: ValueError: closed" in fault for fault in run.faults)
    assert run.namespace == transcript.plain(CELLS[:2]).namespace
    assert [cell.error for cell in run.cells] == ["", ""]


def test_inputs_that_are_only_partly_changed_end_the_cell_with_what_to_do(tmp_path):
    transcript = Transcript(tmp_path)
    transcript.run(CELLS)
    run = broken(transcript, HALF)
    assert run.cells[1].error == "HalfRestoredError"
    assert "run the cells above again" in str(run.cells[1].outputs)
