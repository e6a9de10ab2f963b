"""Installed code stands for versions; local code is known as local."""

from __future__ import annotations

import json
import sys
import types

import pytest

from fpcache.fingerprints import packages
from fpcache.fingerprints.locality import is_local_code, is_local_module
from fpcache.fingerprints.packages import distributions_of, package_versions


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Return a function that installs a distribution into a folder on the search path."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def install(name, version, modules=(), requires=()):
        for old in folder.glob(f"{name}-*.dist-info"):
            old.rename(tmp_path / f"{old.name}-gone")
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir()
        lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {req}" for req in requires)]
        (info / "METADATA").write_text("\n".join(lines) + "\n\nRequires-Dist: not-a-header\n")
        (info / "RECORD").write_text("".join(f"{module}/__init__.py,,\n" for module in modules))

    return install


def test_a_module_is_found_by_the_name_of_its_distribution(site):
    site("plain_thing", "1.2")
    assert package_versions({"plain_thing"}) == {"plain-thing": "1.2"}


def test_a_module_is_found_by_what_distributions_list(site):
    site("Long_Name", "1.0", modules=["lname"])
    assert distributions_of("lname") == ("long-name",)


def test_requirements_count_and_extras_do_not(site):
    site("top_thing", "1", requires=["mid-thing>=1", "never; extra == 'x'", "gone; python_version < '3'"])
    site("mid_thing", "2", requires=["top_thing", "low.thing"])
    site("low_thing", "3")
    assert package_versions({"top_thing"}) == {"low-thing": "3", "mid-thing": "2", "top-thing": "1"}


def test_an_upgrade_is_seen(site):
    site("grown", "1.0")
    assert package_versions({"grown"}) == {"grown": "1.0"}
    site("grown", "1.1")
    assert package_versions({"grown"}) == {"grown": "1.1"}


def test_the_loaded_version_wins_over_the_one_on_disk(site, monkeypatch):
    site("held", "1.0")
    module = types.ModuleType("held")
    module.__version__ = "1.0"
    monkeypatch.setitem(sys.modules, "held", module)
    assert package_versions({"held"}) == {"held": "1.0"}
    site("held", "2.0")
    assert package_versions({"held"}) == {"held": "1.0"}


def test_spellings_of_one_version_are_one_version(site, monkeypatch):
    site("spelt", "1.0.0")
    module = types.ModuleType("spelt")
    module.__version__ = "1.0"
    monkeypatch.setitem(sys.modules, "spelt", module)
    assert package_versions({"spelt"}) == {"spelt": "1.0.0"}


def test_the_standard_library_adds_no_version():
    assert package_versions({"json", "os", "builtins"}) == {}


def test_real_distributions_are_found():
    pytest.importorskip("sklearn")
    found = package_versions({"sklearn"})
    assert {"scikit-learn", "numpy", "scipy"} <= set(found)
    assert list(found) == sorted(found)


def test_the_notebook_and_modules_made_by_hand_are_local(tmp_path):
    assert is_local_module(types.ModuleType("__main__"))
    assert is_local_module(types.ModuleType("made_by_hand"))
    module = types.ModuleType("local")
    module.__file__ = str(tmp_path / "local.py")
    assert is_local_module(module)


@pytest.mark.parametrize("module", [json, sys, types, pytest, packages])
def test_installed_modules_and_fpcache_itself_are_not_local(module):
    assert not is_local_module(module)


def test_code_is_local_by_where_its_globals_come_from():
    assert is_local_code(test_code_is_local_by_where_its_globals_come_from)
    assert is_local_code(type("A", (), {"__module__": "__main__"}))
    assert not is_local_code(json.dumps)
    assert not is_local_code(json.JSONEncoder)
    assert not is_local_code(len)
    assert not is_local_code(dict)
