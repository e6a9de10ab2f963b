"""Outputs that show where an object lies tell where it lies now."""

from __future__ import annotations

import re

import pytest

from fpcache.testing.sessions import Transcript, expect

ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


def shown(run, cell):
    """Return the addresses in what a cell showed."""
    outputs = run.cells[cell].outputs
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]
    return ADDRESS.findall(" ".join(texts))


@pytest.mark.parametrize("mode", ["auto", "explicit"])
@pytest.mark.parametrize(
    "judged", ["print(c)", "print(f'<{c}>')", "c", "[c, c]", "print(c.method)", "d = [c, C()]; print(d[0])"]
)
def test_a_shown_address_is_that_of_the_object_after_a_hit(tmp_path, judged, mode):
    transcript = Transcript(tmp_path, mode=mode)
    cells = ["class C:\n    def method(self): pass\nc = C()", judged, "0;\nprint(c)"]
    transcript.run(cells)
    warm = transcript.run(cells, ("0;\nprint(c)", "1;\nprint(c, 1)"))
    expect(warm, {judged.partition(";")[0]: "hit", "print(c, 1)": "miss"})
    assert set(shown(warm, 1)) == set(shown(warm, 2)) != set()


def test_an_artist_that_is_shown_is_the_one_that_is_kept(tmp_path):
    pytest.importorskip("matplotlib")
    transcript = Transcript(tmp_path, settings={"preloaded": ("numpy", "matplotlib")})
    cells = ["%matplotlib inline\nimport matplotlib.pyplot as plt", "plt.plot([1, 2])", "0;\nprint(_2)"]
    transcript.run(cells)
    warm = transcript.run(cells, ("0;", "1;"), ("print(_2)", "print(object.__repr__(_2[0]))"))
    expect(warm, {"plt.plot": "hit"})
    assert shown(warm, 1) == shown(warm, 2) != []


@pytest.mark.parametrize(
    "judged",
    [
        "Path('a.txt').write_text(str(c) * 2)",
        "with open('a.txt', 'w') as f: print(c, file=f)",
        "with open('a.txt', 'w') as f: json.dump({'c': repr(c)}, f)",
        "with open('a.txt', 'wb') as f: pickle.dump([f'{c}'], f)",
        "os.environ['A'] = repr(c)",
    ],
)
def test_a_file_with_the_address_of_a_living_object_is_not_put_back(tmp_path, judged):
    transcript = Transcript(tmp_path)
    cells = ["import json, os, pickle\nfrom pathlib import Path\nclass C: pass\nc = C()", judged]
    transcript.run(cells)
    warm = transcript.run(cells)
    expect(warm, {judged[:12]: "uncacheable"})
    assert any("holds the address of an object (`C`)" in row.reason for row in warm.rows())


def test_a_file_with_the_address_of_what_is_gone_is_put_back(tmp_path):
    transcript = Transcript(tmp_path)
    cells = ["from pathlib import Path\nclass C: pass", "Path('a.txt').write_text(f'{C()} at 0xdeadbeef')"]
    transcript.run(cells)
    expect(transcript.run(cells), {"Path(": "hit"})
