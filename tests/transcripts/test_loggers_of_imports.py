"""Loggers that are made and set while a cell runs: by a library that it is the first to import, or by the cell."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from daily import daily

SESSION = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
if {cached}:
    shell.run_line_magic("load_ext", "fpcache")
    shell.run_line_magic("fpcache", "auto on")
    shell.run_line_magic("config", "FPCache.min_seconds = 0")
    import fpcache
for cell in {cells!r}:
    assert shell.run_cell(cell, store_history=True).success
    if {cached} and "y = " in cell:
        print("reported", str(fpcache.report()).replace("\\n", " "))
print("seen", shell.user_ns["x"])
"""

LIBRARIES = {
    "setslog.py": """
        import logging, sys
        log = logging.getLogger("another.name")
        log.addHandler(logging.StreamHandler(sys.stderr))
        log.setLevel(30)
        log.propagate = False
        logging.getLogger("setslog").setLevel(20)
        def setup():
            logging.getLogger("set.late").addHandler(logging.StreamHandler(sys.stdout))
        def level():
            return log.level
    """,
    "viaanother.py": "import setslog\nlevel = setslog.level\n",
}


@pytest.fixture
def session(tmp_path, monkeypatch):
    """What runs cells in a new process with two installed libraries, and returns ``x`` and the report of ``y``."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    for name, text in LIBRARIES.items():
        lines = text.splitlines()
        (folder / name).write_text("\n".join(line.removeprefix("        ") for line in lines))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(tmp_path), *sys.path]))

    def run(cells, cached=True):
        done = subprocess.run(
            [sys.executable, "-c", SESSION.format(cells=cells, cached=cached)],
            env=os.environ | {"FPCACHE_DIR": str(tmp_path / "store")},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert not done.returncode, done.stderr
        head, _, seen = done.stdout.partition("\nseen ")
        return seen or head.removeprefix("seen "), head.partition("reported ")[2]

    return run


def run_twice(session, cells):
    """Run cells in two new processes; both must see what one without a cache does."""
    plain, _ = session(cells, cached=False)
    (cold, first), (warm, second) = session(cells), session(cells)
    assert (cold, warm) == (plain, plain), second
    return first, second


def function(body):
    return "import logging\ndef f():\n    " + body.replace("\n", "\n    ") + "\n    return 1"


READ = "found = logging.getLogger({!r})\nx = (found.level, found.propagate, len(found.handlers)), y"


@pytest.mark.parametrize("library", ["setslog", "viaanother"])
def test_what_an_import_does_to_loggers_keeps_no_cell_from_hitting(session, library):
    cells = [
        function(f"import {library}\nlevel = {library}.level()"),
        "y = f()",
        f"import {library}",
        READ.format("another.name"),
    ]
    first, second = run_twice(session, cells)
    assert "1 miss" in first
    assert "1 hit" in second


LATER = {
    "read": "pass",
    "set": "logging.getLogger('another.name').setLevel(50)",
    "set, and the library imported after that": "logging.getLogger('another.name').setLevel(50)\nimport setslog",
    "a part of what was imported is imported": "import setslog",
    "one below it asked": "logging.getLogger('another.name.part').isEnabledFor(20)",
    "a handler added": "logging.getLogger('another.name').addHandler(logging.NullHandler())",
    "the library's own set": "logging.getLogger('setslog').setLevel(50)\nimport setslog",
}


@pytest.mark.parametrize("later", daily(LATER, 3))
def test_whoever_asks_for_the_logger_later_finds_it_as_the_import_left_it(session, later):
    cells = [function("import viaanother\nviaanother.level()"), "y = f()", later]
    name = "setslog" if "'setslog'" in later else "another.name"
    _, second = run_twice(session, [*cells, READ.format(name)])
    assert "1 hit" in second


def test_a_local_module_that_asks_as_it_is_imported_finds_it_so_too(session, tmp_path):
    (tmp_path / "asks.py").write_text("import logging\nlogging.getLogger('another.name').setLevel(50)\n")
    cells = [
        function("import setslog"),
        "y = f()",
        "import asks\nimport setslog",
        READ.format("another.name"),
    ]
    _, second = run_twice(session, cells)
    assert "1 hit" in second


REFUSED = {
    "a handler more": "import setslog\nlogging.getLogger('another.name').addHandler(logging.NullHandler())",
    "another level": "import setslog\nlogging.getLogger('another.name').setLevel(10)",
    "the level of a library's own": "import setslog\nlogging.getLogger('setslog').setLevel(10)",
    "passed on again": "import setslog\nlogging.getLogger('another.name').propagate = True",
    "set up by a call": "import setslog\nsetslog.setup()",
    "a filter of one's own": "logging.getLogger('own').addFilter(lambda record: False)",
    "a handler of one's own": "logging.getLogger('own').addHandler(logging.StreamHandler())",
}


@pytest.mark.parametrize("body", daily(REFUSED, 4))
def test_what_the_cell_itself_does_to_them_does(session, body):
    names = (name for name in ("another.name", "set.late", "setslog", "own") if f"'{name}'" in body)
    name = "set.late" if "setup" in body else next(names)
    _, second = run_twice(session, [function(body), "y = f()", READ.format(name)])
    assert "changed logger" in second or f"`logging.getLogger('{name}')" in second, second
    assert "1 hit" not in second


def test_a_logger_that_was_set_before_the_import_is_not_the_imports_own(session):
    above = "import logging\nlogging.getLogger('another.name').setLevel(50)"
    cells = [above, function("import setslog"), "y = f()", READ.format("another.name")]
    _, second = run_twice(session, cells)
    assert "changed logger `another.name`" in second


def test_a_new_logger_with_a_level_is_set_by_a_hit(session):
    body = "log = logging.getLogger('own.part')\nlog.setLevel(10)\nlog.propagate = False"
    cells = [function(body), "y = f()", READ.format("own.part")]
    _, second = run_twice(session, cells)
    assert "1 hit" in second


def test_what_is_made_of_a_logger_that_is_set_already_is_not_taken_from_another_session(session):
    ask = "log = logging.getLogger('own')\nif not log.level:\n    log.setLevel(10)"
    cells = [function(ask), "y = f()", READ.format("own")]
    run_twice(session, cells)
    above = "import logging\nlogging.getLogger('own').setLevel(40)"
    run_twice(session, [above, *cells])
    run_twice(session, cells)


def test_a_local_module_that_sets_loggers_is_still_refused(session, tmp_path):
    (tmp_path / "ownmodule.py").write_text("import logging\nlogging.getLogger('own').setLevel(20)\n")
    _, second = run_twice(session, [function("import ownmodule"), "y = f()", READ.format("own")])
    assert "1 hit" not in second
