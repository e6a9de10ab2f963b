"""The analysis of real modules misses no global that their bytecode could look up."""

from __future__ import annotations

import ast
import random
import sysconfig
import warnings
from pathlib import Path

import global_bytecode as bytecode
import pytest

from fpcache.cells import compile_component, parse_cell, statements

LIBRARY = Path(sysconfig.get_paths()["stdlib"])


def _modules() -> list[Path]:
    """Return a few hundred modules, the same ones every time."""
    found = sorted(
        path
        for path in LIBRARY.rglob("*.py")
        if "site-packages" not in path.parts and "bad" not in path.name and path.stat().st_size < 60_000
    )
    return sorted(random.Random(3).sample(found, min(300, len(found))))


MODULES = _modules()


@pytest.mark.parametrize("start", range(0, len(MODULES), 50))
def test_no_global_that_the_bytecode_may_read_is_missed(start: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # bytecode alone can't tell that a loop over a display has an iteration
    monkeypatch.setattr(statements, "_surely_iterates", lambda node: False)
    for path in MODULES[start : start + 50]:
        missed = _missed(path)
        assert not missed, (path, missed)


def _missed(path: Path) -> set[str]:
    try:
        text = path.read_text(encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
            cell = parse_cell(tree.body, text, whole=True)
            if not cell.components:
                return set()
            (component,) = cell.components
            use = bytecode.global_use(compile_component(cell, component, str(path)))
    except (SyntaxError, ValueError):
        return set()  # the library's own tests hold modules that are wrong on purpose
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    own = {"__annotations__", *use.nested_stores}
    own |= {node.name for node in functions if not node.decorator_list}
    wrongly_bound = component.names.binds - own - (use.surely_bound or component.names.binds)
    return (use.may_read - own - component.names.reads) | wrongly_bound
