"""Code that can't be followed is refused, unless its user says that it doesn't matter."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
import pydoc
import sys
from pathlib import Path

import pytest

from fpcache.errors import UnfingerprintableValueError
from fpcache.hf.stable import stable_report

TABLE = {"a": 1}


def report(function, **wishes):
    return stable_report(function, {}, settings={}, **wishes)


def plain():
    yield 1


def by_globals():
    yield globals()["TABLE"]


def by_eval():
    yield eval("TABLE")


def by_import():
    yield importlib.import_module("fpcache_tests_plugin").VALUE


def by_own_module():
    yield getattr(sys.modules[__name__], "TAB" + "LE".upper())


def by_module_of_type(value=Path()):
    yield sys.modules[type(value).__module__].Path


def by_main():
    yield sys.modules["__main__"].__doc__


def by_globals_of():
    yield plain.__globals__["TAB" + "LE".upper()]


def by_getmodule():
    yield inspect.getmodule(plain).TABLE


def by_locate():
    yield pydoc.locate("fpcache_tests_" + "plugin".lower())


def by_resolving():
    yield pkgutil.resolve_name("fpcache_tests_" + "plugin".lower())


BLOB = pickle.dumps(plain)


def by_pickle(blob=BLOB):
    yield pickle.loads(blob)


REFUSED = {
    by_globals: "globals",
    by_eval: "eval",
    by_import: "importlib.import_module",
    by_own_module: "sys.modules",
    by_module_of_type: "sys.modules",
    by_main: "sys.modules",
    by_globals_of: "__globals__",
    by_getmodule: "inspect.getmodule",
    by_locate: "pydoc.locate",
    by_resolving: "pkgutil.resolve_name",
    by_pickle: "pickle.loads",
}


def asks_for_constants():
    yield "torch" in sys.modules, sys.modules.get("torch"), sys.modules["os"].sep


def test_asking_for_modules_by_constants_is_followed() -> None:
    assert report(asks_for_constants).fingerprint == report(asks_for_constants).fingerprint


@pytest.mark.parametrize(
    ("function", "name"), REFUSED.items(), ids=lambda one: getattr(one, "__name__", None)
)
def test_code_that_makes_names_is_refused(function, name) -> None:
    with pytest.raises(UnfingerprintableValueError, match=rf"can't be followed.*ignore=\['{name}'\]"):
        report(function)
    if function is by_own_module:  # has all that is refused in this module
        return
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
