"""How long a page of ten thousand entries takes: python tests/benchmarks/cache_browser.py"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

ENTRIES = 10_000
ASKED = {
    "newest": {},
    "the last page": {"offset": ENTRIES - 25},
    "largest": {"sort": "size"},
    "by notebook and cell": {"sort": "notebook"},
    "searched, many found": {"search": "value"},
    "searched, one found": {"search": "value_7777 "},
}


def main() -> None:
    """Fill a store, ask as the dashboard does, and print milliseconds."""
    os.environ["FPCACHE_DIR"] = tempfile.mkdtemp()
    from IPython.core.interactiveshell import InteractiveShell

    from fpcache import active

    shell = InteractiveShell.instance()
    shell.run_cell("%load_ext fpcache").raise_error()
    session = active.current().session
    fill(session.services.store)
    from fpcache.session.panel_answers import PanelAnswers

    answers = PanelAnswers(session, active.current().configurable)
    for name, given in ASKED.items():
        times = [timed(answers, {"limit": 25, **given}) for _ in range(9)]
        print(f"{name:22} {statistics.median(times):6.1f} ms ({min(times):.1f} to {max(times):.1f})")


def fill(store) -> None:
    """Put entries of 100 cells in ten notebooks into a store."""
    from fpcache.store.entry import Entry

    for number in range(ENTRIES):
        entry = Entry(
            key=f"key-{number}",
            created_s=time.time(),
            duration_s=number % 97,
            label=f"value_{number} = f(x)",
            notebook=str(Path("work", f"notebook-{number % 10}.ipynb")),
            cell=f"cell-{number % 100}",
            code_digest=f"{number:032x}",
            source=f"value_{number} = f(x)\n" * 5,
        )
        store.put(entry, {"payload": b"%d" % number * (number % 50 + 1)})


def timed(answers, given) -> float:
    """Return the milliseconds that one page takes."""
    started = time.perf_counter()
    found = answers("entries", {"search": "", "sort": "created", "offset": 0, **given})
    elapsed = time.perf_counter() - started
    assert found["rows"]
    return elapsed * 1000


if __name__ == "__main__":
    main()
