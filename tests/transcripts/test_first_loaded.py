"""Libraries that a session loads only as a cell runs: the other tests' sessions have them loaded already."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SESSION = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "fpcache")
shell.run_line_magic("fpcache", "auto on")
shell.run_line_magic("config", "FPCache.min_seconds = 0")
for cell in {cells!r}:
    assert shell.run_cell(cell, store_history=True).success
print("drawn", shell.user_ns["x"])
import fpcache
print(fpcache.report())
"""

DRAWS = {
    "a generator": ["import numpy as np", "x = np.random.default_rng().random(3)"],
    "in one cell": ["import numpy as np\nx = np.random.default_rng().random(3)"],
    "a generator of a function": [
        "def draw():\n    import numpy as np\n    return np.random.default_rng().random(3)",
        "x = draw()",
    ],
    "an import in a block": ["if True:\n    import numpy\n    x = numpy.random.default_rng().random(3)"],
    "by another name": [
        "import importlib",
        "x = importlib.import_module('numpy').random.SeedSequence().entropy",
    ],
}


def drawn(cells: list[str], store: str) -> tuple[str, str]:
    """Return what a new process draws, and what the last cell's report says."""
    done = subprocess.run(
        [sys.executable, "-c", SESSION.format(cells=cells)],
        env=os.environ | {"FPCACHE_DIR": store},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    sample, _, report = done.stdout.partition("drawn ")[2].partition("\n")
    return sample, report


@pytest.mark.slow
@pytest.mark.parametrize("cells", list(DRAWS.values()), ids=list(DRAWS))
def test_what_is_drawn_from_a_library_that_the_run_loads_is_drawn_anew(tmp_path, cells):
    pytest.importorskip("numpy")
    one, other = (drawn(cells, str(tmp_path)) for _ in range(2))
    assert one[0] != other[0], other[1]
