"""What holds for the package as a whole: imports, size limits, what is shipped."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

import fpcache

PACKAGE = Path(fpcache.__file__).parent
ROOT = PACKAGE.parent.parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
MODULES = sorted(module.name for module in pkgutil.walk_packages([str(PACKAGE)], "fpcache."))
HEAVY = {
    "av", "cv2", "dask", "datasets", "h5py", "joblib", "librosa", "matplotlib", "numba", "numpy", "pandas",
    "PIL", "polars", "pyarrow", "scipy", "sklearn", "torch",
}  # fmt: skip
# Each kind of media is a package that is imported when first asked for, and with it what it works on.
INSIDE_MEDIA = {path.parent for path in (PACKAGE / "media").glob("*/**/__init__.py")}
MOST_LINES, MOST_FUNCTION_LINES = 400, 50


def imported_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "fpcache",
        "fpcache.session",
        "fpcache.cli",
        "fpcache.graph",
        "fpcache.media",
        "fpcache.hf",
        "fpcache.artifacts",
    ],
)
def test_importing_fpcache_imports_no_heavy_library(module) -> None:
    assert imported_by(f"import {module}") & HEAVY == set()


def test_loading_the_magics_does_not_load_the_dashboard() -> None:
    code = "import fpcache.magic, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"fpcache.panel", "fpcache.session.details"} & set(done.stdout.split())
    assert not {"anywidget", "ipywidgets", "pynvml"} & imported_by("import fpcache.magic")


def test_the_dashboards_files_are_there_and_name_no_server() -> None:
    static = PACKAGE / "panel" / "static"
    for name, least in (("panel.js", 20_000), ("panel.css", 5_000)):
        text = (static / name).read_text(encoding="utf-8")
        assert len(text) > least
        assert set(re.findall(r"https?://([^/\"')\s]+)", text)) <= {"www.w3.org"}  # names of XML kinds


def test_importing_fpcache_loads_neither_datasets_nor_artifacts() -> None:
    code = "import fpcache, fpcache.session, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"fpcache.hf", "fpcache.artifacts"} & set(done.stdout.split())


def test_importing_fpcache_does_not_import_ipython() -> None:
    assert "IPython" not in imported_by("import fpcache")


def test_loading_the_extension_loads_nothing_of_graphs_but_the_runner() -> None:
    code = "import fpcache.magic, sys; print(*(m for m in sys.modules if m.startswith('fpcache.graph.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"fpcache.graph.running", "fpcache.graph.watching"}


def top_level_imports(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_imports_a_heavy_library_when_it_is_imported(path) -> None:
    assert path.parent in INSIDE_MEDIA or set(top_level_imports(path)) & HEAVY == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_short(path) -> None:
    text = path.read_text(encoding="utf-8")
    functions = [
        (node.end_lineno - node.lineno + 1, node.name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert len(text.splitlines()) <= MOST_LINES
    assert [name for lines, name in functions if lines > MOST_FUNCTION_LINES] == []


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name) -> None:
    failures = doctest.testmod(importlib.import_module(name)).failed
    assert failures == 0


def test_the_console_script_is_there() -> None:
    (script,) = [entry for entry in metadata.entry_points(group="console_scripts") if entry.name == "fpcache"]
    assert callable(script.load())


def test_types_and_the_demo_notebook_are_shipped() -> None:
    assert (PACKAGE / "py.typed").is_file()
    assert (PACKAGE / "demo" / "demo.ipynb").is_file()


def test_the_readme_gives_exactly_two_set_up_commands() -> None:
    commands = re.findall(r"^pip install .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [command.rpartition(" && ")[2] for command in commands] == ["fpcache demo", "pytest -n 2"]


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"
