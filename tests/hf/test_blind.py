"""Code that can't be followed is refused, unless its user says that it doesn't matter."""

from __future__ import annotations

import importlib
import sys

import pytest

from fpcache.errors import UnfingerprintableValueError
from fpcache.hf.stable import stable_report

TABLE = {"a": 1}


def report(function, **wishes):
    return stable_report(function, {}, settings={}, **wishes)


def by_globals():
    yield globals()["TABLE"]


def by_eval():
    yield eval("TABLE")


def by_import():
    yield importlib.import_module("fpcache_tests_plugin").VALUE


@pytest.mark.parametrize(
    ("function", "name"),
    [(by_globals, "globals"), (by_eval, "eval"), (by_import, "importlib.import_module")],
)
def test_code_that_makes_names_is_refused(function, name) -> None:
    with pytest.raises(UnfingerprintableValueError, match=rf"can't be followed.*ignore=\['{name}'\]"):
        report(function)
    found = report(function, ignore=[name], depends_on={"table": 1})
    assert name in [one.name for one in found.ignored]
    assert found.fingerprint != report(function, ignore=[name], depends_on={"table": 2}).fingerprint


def test_a_local_module_must_be_loaded_so_that_it_counts(tmp_path, monkeypatch) -> None:
    def rows():
        import fpcache_tests_local

        yield fpcache_tests_local.VALUE

    def prints(text):
        (tmp_path / "fpcache_tests_local.py").write_text(text)
        sys.modules.pop("fpcache_tests_local", None)
        importlib.invalidate_caches()
        importlib.import_module("fpcache_tests_local")
        return report(rows).fingerprint

    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "fpcache_tests_local.py").write_text("VALUE = 1")
    with pytest.raises(UnfingerprintableValueError, match="not loaded yet; import it first"):
        report(rows)
    assert prints("VALUE = 1") != prints("VALUE = 22")
    sys.modules.pop("fpcache_tests_local")


def test_a_module_that_is_nowhere_and_an_installed_one_are_no_matter() -> None:
    def rows():
        try:
            import fpcache_tests_nowhere
        except ImportError:
            fpcache_tests_nowhere = None
        import wsgiref.handlers

        yield fpcache_tests_nowhere, wsgiref.handlers

    assert report(rows).fingerprint == report(rows).fingerprint
