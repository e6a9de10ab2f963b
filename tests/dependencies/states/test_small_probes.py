"""Set order, pyplot's figures, modules imported by a run, and what explicit caching waived."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time

import pytest

from fpcache.dependencies import hash_seed, local_modules, pyplot_state, waivers
from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Refusal


def other_process(seed: str, code: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_order_of_a_set_holds_for_one_hash_seed():
    code = "from fpcache.dependencies import hash_seed; print(hash_seed.current())"
    assert other_process("1", code) == other_process("1", code)
    assert other_process("1", code) != other_process("2", code)


def test_the_order_of_objects_hashed_by_address_holds_in_no_other_process():
    code = "from fpcache.dependencies import hash_seed; print(hash_seed.current(by_address=True))"
    assert other_process("1", code) != other_process("1", code)


def test_the_reason_suggests_a_remedy():
    found = hash_seed.dependency("list(labels)", 3)
    assert hash_seed.check(found, Context()) is None
    other = type(found)(found.kind, found.name, "another")
    reason = str(hash_seed.check(other, Context()))
    assert "`list(labels)`, line 3" in reason
    assert "sorted" in reason
    assert "PYTHONHASHSEED" in reason


def test_hash_called_by_name_depends_on_the_seed(cells):
    ran = cells(hash_seed)
    assert ran.run("x = hash('a')").names == ["`hash(...)`"]
    assert ran.run("x = {'a': 1}").names == []


CLASS = """
class C:
    def __init__(self, n): self.n = n
    def __hash__(self): return hash(self.n)
    def __eq__(self, other): return self.n == other.n
"""


def test_hash_called_by_a_hash_method_is_seen_by_sets_and_dicts_alone(cells):
    ran = cells(hash_seed)
    ran.live(CLASS)
    assert ran.run("x = {C('a'): 1}[C('a')]").names == []


@pytest.mark.parametrize(
    ("setting", "code"), [("def g(c): return hash(c)", "x = g(C('a'))"), ("", "x = hash(C('a'))")]
)
def test_a_hash_that_is_read_otherwise_depends_on_the_seed(cells, setting, code):
    ran = cells(hash_seed)
    ran.live(CLASS + setting)
    assert ran.run(code).names == ["`hash(...)`"]


def test_a_waived_refusal_holds_for_explicit_caching_only():
    (found,) = waivers.waivers([Refusal("reads entropy", explicit_ok=True), Refusal("no")])
    assert waivers.check(found, Context(settings={"explicit": True})) is None
    assert waivers.check(found, Context(settings={"explicit": False})) == "reads entropy"


class TestPyplot:
    @pytest.fixture
    def ran(self, cells):
        matplotlib = pytest.importorskip("matplotlib")
        matplotlib.use("agg")
        found = cells(pyplot_state)
        found.live("import matplotlib.pyplot as plt")
        yield found
        found.live("plt.close('all')")

    def test_a_figure_left_open_is_told(self, ran):
        assert ran.run("f = plt.figure(7)").seen.details == {"open_figures": (7,)}

    def test_a_figure_closed_again_is_not(self, ran):
        found = ran.run("f = plt.figure(7); plt.close(f)")
        assert found.seen.details == {"open_figures": ()}
        assert found.reasons == []

    def test_another_figure_under_the_same_number_is_told(self, ran):
        ran.live("plt.figure(7)")
        assert ran.run("plt.close(7); f = plt.figure(7)").seen.details == {"open_figures": (7,)}

    def test_drawing_where_a_figure_was_open_before_is_refused(self, ran):
        ran.live("plt.figure(7)")
        assert "left open" in ran.run("x = plt.plot([1])").reasons[0]
        assert ran.run("x = len('a')").reasons == []

    def test_closing_an_earlier_figure_is_refused(self, ran):
        ran.live("plt.figure(7)")
        assert "closed a figure" in ran.run("plt.close(7)").reasons[0]


class TestLocalModules:
    @pytest.fixture
    def ran(self, cells, tmp_path, monkeypatch):
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        (tmp_path / "inner_fpc.py").write_text("def g():\n    return 1\n")
        (tmp_path / "outer_fpc.py").write_text("import inner_fpc\n\ndef f():\n    return inner_fpc.g()\n")
        time.sleep(0.05)
        yield cells(local_modules)
        for name in ("inner_fpc", "outer_fpc"):
            sys.modules.pop(name, None)

    def test_modules_that_the_run_imports_are_dependencies(self, ran):
        found = ran.run("import outer_fpc; x = outer_fpc.f()")
        assert found.names == ["inner_fpc", "outer_fpc"]
        assert found.broken() is None

    def test_installed_modules_are_not(self, ran):
        sys.modules.pop("this", None)
        assert ran.run("import xml.sax.saxutils, wave").names == []

    def test_an_edit_is_told_in_a_process_where_it_is_not_loaded(self, ran, tmp_path):
        found = ran.run("import outer_fpc; x = outer_fpc.f()")
        del sys.modules["inner_fpc"], sys.modules["outer_fpc"]
        assert found.broken() is None
        (tmp_path / "inner_fpc.py").write_text("def g():\n    return 2\n")
        assert found.broken() == "module `inner_fpc` was edited"
        (tmp_path / "inner_fpc.py").unlink()
        assert found.broken() == "module `inner_fpc` is gone"

    def test_an_edit_that_is_not_reloaded_does_not_hit_and_neither_does_a_reloaded_one(self, ran, tmp_path):
        found = ran.run("import inner_fpc; x = inner_fpc.g()")
        (tmp_path / "inner_fpc.py").write_text("def g():\n    return 3\n")
        assert found.broken() == "module `inner_fpc` was edited"
        time.sleep(0.05)
        local_modules.note_modules()
        importlib.reload(sys.modules["inner_fpc"])
        assert found.broken() == "module `inner_fpc` was edited"

    def test_old_code_still_loaded_is_not_taken_for_the_file_put_back(self, ran, tmp_path):
        found = ran.run("import inner_fpc; x = inner_fpc.g()")
        old = (tmp_path / "inner_fpc.py").read_text()
        (tmp_path / "inner_fpc.py").write_text("def g():\n    return 3\n")
        time.sleep(0.05)
        local_modules.note_modules()
        importlib.reload(sys.modules["inner_fpc"])
        local_modules.note_modules()
        (tmp_path / "inner_fpc.py").write_text(old)
        assert found.broken() == "module `inner_fpc` was edited"

    def test_a_module_edited_by_the_run_itself_before_its_import_never_holds(self, ran, tmp_path):
        ran.namespace["path"] = str(tmp_path / "inner_fpc.py")
        found = ran.run("open(path, 'w').write('def g(): return 9'); import inner_fpc")
        assert found.broken() == "module `inner_fpc` was edited while it was loaded"
