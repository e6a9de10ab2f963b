"""Libraries that a session loads only as a cell runs: the other tests' sessions have them loaded already."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fpcache.errors import MediaError

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


def test_a_submodule_that_a_hit_did_not_import_is_there_for_what_comes_later(tmp_path):
    cells = [
        "import xml",
        "def f():\n    import xml.sax.saxutils\n    return xml.sax.saxutils.escape('<a>')",
        "y = f()",
    ]
    later = "x = y, xml.sax.saxutils.escape('<b>')"
    drawn([*cells, "x = y"], str(tmp_path))
    sample, report = drawn([*cells, later], str(tmp_path))
    assert sample == "('&lt;a&gt;', '&lt;b&gt;')", report


@pytest.mark.slow
@pytest.mark.media
def test_a_cell_that_loads_a_network_for_the_first_time_is_replayed(tmp_path):
    pytest.importorskip("torch", reason="needs the media extra")
    weights = pytest.importorskip("fpcache.media.weights")
    try:
        weights.find_weights(weights.MOBILENET_V2, download=False)
    except MediaError as missing:
        pytest.skip(str(missing))
    cells = [
        "import numpy as np\nfrom fpcache import media",
        "pixels = np.arange(64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)",
        "x = media.fingerprint(pixels, 'image', vector=True, device='cpu').vector.tolist()",
    ]
    (one, _), (other, report) = (drawn(cells, str(tmp_path)) for _ in range(2))
    assert one == other
    assert "1 hit" in report, report


SETTING = "import os, time\nos.environ['TZ'] = {!r}\ntime.tzset()"
HOUR = "import datetime\ndef f(): return datetime.datetime.fromtimestamp(0).hour"


def test_a_time_zone_counts(tmp_path):
    tokyo, utc = ([SETTING.format(zone), HOUR, "x = f()"] for zone in ("Asia/Tokyo", "UTC"))
    assert drawn(tokyo, str(tmp_path))[0] == "9"
    sample, report = drawn(utc, str(tmp_path))
    assert sample == "0", report
    sample, report = drawn(tokyo, str(tmp_path))
    assert (sample, "1 hit" in report) == ("9", True), report


LOCAL = {
    "reads a module that a cell set": ("from lw import LIMIT", "LIMIT", "import lw\nlw.LIMIT = {}"),
    "reads the notebook": ("import __main__", "__main__.base", "base = {}"),
    "reads the frame above": ("import sys", "sys._getframe(1).f_globals['base']", "base = {}"),
}


@pytest.mark.parametrize(("begin", "value", "setting"), list(LOCAL.values()), ids=list(LOCAL))
def test_a_local_module_that_the_run_imports_may_read_anything(tmp_path, monkeypatch, begin, value, setting):
    (tmp_path / "lw.py").write_text("LIMIT = 0\n")
    (tmp_path / "plz.py").write_text(f"{begin}\ndef go(): return {value}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    call = ["def f():\n    import plz\n    return plz.go()", "x = f()"]
    for number in (1, 2):
        sample, report = drawn([setting.format(number), *call], str(tmp_path / "store"))
        assert sample == str(number), report


@pytest.mark.slow
def test_what_a_library_registers_as_a_run_loads_it_is_there_after_a_hit(tmp_path):
    pytest.importorskip("seaborn")
    cells = [
        "import matplotlib as mpl",
        "def mix(v):\n    import seaborn\n    return seaborn.utils.desaturate(v, 0.5)",
        "mixed = mix('red')",
        "import os\nx = os.getpid() and len(mpl.colormaps['rocket'].colors)",
    ]
    one, other = (drawn(cells, str(tmp_path)) for _ in range(2))
    assert one[0] == other[0] == "256"
