"""Random states: what a run drew, set or looked at, and what a new kernel may start from."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys

import pytest

from fpcache.dependencies import entropy, random_states
from fpcache.dependencies.context import Context
from fpcache.dependencies.records import Dependency

np = pytest.importorskip("numpy")


@pytest.fixture
def ran(cells):
    found = cells(random_states)
    found.live("import random\nimport numpy as np")
    return found


def test_a_run_that_draws_nothing_depends_on_no_state(ran):
    assert ran.run("x = np.arange(3).sum()").seen == type(ran.run("y = 1").seen)()


@pytest.mark.parametrize("seed", [123, 123 + 256, 0, 91])
def test_a_state_that_begins_like_a_text_is_kept_as_any_other(ran, seed):
    found = ran.run(f"np.random.seed({seed})")
    expected = np.random.rand(3).tolist()
    np.random.seed(5)
    found.apply()
    assert np.random.rand(3).tolist() == expected


def test_a_draw_depends_on_the_state_before_and_leaves_the_state_after(ran):
    np.random.seed(3)
    found = ran.run("x = np.random.rand()")
    after = np.random.rand()
    assert found.names == ["numpy"]
    assert found.broken() == "NumPy's random state differs"
    np.random.seed(3)
    assert found.broken() is None
    found.apply()
    assert np.random.rand() == after


@pytest.mark.parametrize("draw", ["random.gauss(0, 1)", "np.random.randn()"])
def test_half_a_pair_of_normal_numbers_is_kept(ran, draw):
    ran.live("random.seed(1); np.random.seed(1)")
    found = ran.run(f"x = {draw}")
    second = eval(draw)
    random.seed(5)
    np.random.seed(5)
    found.apply()
    assert eval(draw) == second


def test_a_seed_given_first_frees_the_run_from_the_state_before(ran):
    found = ran.run("np.random.seed(7); x = np.random.rand()")
    assert found.names == []
    np.random.seed(1)
    found.apply()
    after = np.random.rand()
    np.random.seed(7)
    np.random.rand()
    assert np.random.rand() == after


def test_a_seed_given_after_a_draw_does_not(ran):
    np.random.seed(1)
    assert ran.run("x = np.random.rand(); np.random.seed(7)").names == ["numpy"]


def test_seeding_to_the_state_that_was_there_already_is_an_effect(ran):
    np.random.seed(7)
    found = ran.run("np.random.seed(7); x = 1")
    np.random.seed(8)
    found.apply()
    assert np.random.randint(10**6) == np.random.RandomState(7).randint(10**6)


def test_a_state_that_is_saved_drawn_from_and_put_back_is_a_dependency(ran):
    np.random.seed(7)
    found = ran.run("s = np.random.get_state(); x = np.random.rand(); np.random.set_state(s)")
    assert found.names == ["numpy"]
    np.random.seed(8)
    assert found.broken() is not None


def test_a_state_that_is_only_looked_at_is_a_dependency(ran):
    random.seed(7)
    found = ran.run("x = random.getstate()[1][0]; random.seed(x)")
    assert found.names == ["random"]
    random.seed(8)
    assert found.broken() is not None


def test_setting_back_the_same_state_and_then_drawing_depends_on_it(ran):
    np.random.seed(7)
    found = ran.run("np.random.set_state(np.random.get_state()); x = np.random.rand()")
    assert found.names == ["numpy"]


def test_a_function_imported_by_name_counts_too(ran):
    ran.live("from numpy.random import rand, seed\nseed(4)")
    assert ran.run("x = rand()").names == ["numpy"]


def test_seeding_without_a_seed_is_refused(ran):
    for source in ("np.random.seed()", "random.seed(None)"):
        found = ran.run(source)
        assert "entropy" in found.reasons[0]
        assert found.seen.refusals[0].explicit_ok


def test_another_bit_generator_comes_back_and_is_not_mixed_up(ran):
    old = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(np.random.PCG64(3))
        found = ran.run("x = np.random.rand()")
        after = np.random.rand()
        found.apply()
        assert np.random.rand() == after
    finally:
        np.random.set_bit_generator(old)
    assert "PCG64" in str(random_states.ready(found.seen.effects[0], Context()))


def test_the_functions_of_the_libraries_are_put_back(ran):
    before = (np.random.seed, random.seed, random.getstate, random.Random.seed, np.random.get_state)
    ran.run("x = random.random()")
    with pytest.raises(ZeroDivisionError):
        ran.run("1 / 0")
    assert before == (np.random.seed, random.seed, random.getstate, random.Random.seed, np.random.get_state)


def test_a_seed_set_by_a_reference_kept_from_a_run_still_works(ran):
    ran.run("keep = np.random.seed")
    ran.live("keep(3)")
    assert np.random.randint(10**6) == np.random.RandomState(3).randint(10**6)


def test_a_function_of_a_library_is_pickled_as_itself_during_a_run(ran):
    ran.live("import pickle")
    ran.run("text = pickle.dumps((random.seed, np.random.seed, np.random.get_state))")
    assert pickle.loads(ran.namespace["text"]) == (random.seed, np.random.seed, np.random.get_state)


def test_without_a_fresh_start_no_state_is_untouched():
    random_states.begin(fresh=False)
    assert not random_states.untouched("random")
    assert not random_states.untouched("numpy")


def test_an_untouched_state_may_be_replaced_only_in_replay_mode():
    random_states.begin(fresh=True)
    other = Dependency("random", "random", "0" * 32)
    assert random_states.check(other, Context(settings={"unseeded": "replay"})) is None
    assert "never seeded" in str(random_states.check(other, Context(settings={"unseeded": "run"})))
    random.random()
    assert "differs" in str(random_states.check(other, Context(settings={"unseeded": "replay"})))


@pytest.mark.parametrize(
    ("live", "name"),
    [
        ("s = random.getstate()", "random"),
        ("def f():\n    return np.random.get_state()", "numpy"),
        ("rng = np.random.mtrand._rand", "numpy"),
    ],
)
def test_code_that_hands_out_a_state_makes_it_touched(live, name):
    random_states.begin(fresh=True)
    random_states.note_code(compile(live, "<cell>", "exec"))
    assert not random_states.untouched(name)


def test_a_state_put_back_to_its_birth_after_being_seen_stays_touched(ran):
    random_states.begin(fresh=True)
    ran.run("s = random.getstate(); random.random(); random.setstate(s)")
    assert not random_states.untouched("random")


NEW_PROCESS = """
import sys
from fpcache.dependencies import random_states as r
from fpcache.dependencies.context import Context
r.begin(fresh=True)
replay = Context(settings={{"unseeded": "replay"}})
{code}
"""


def in_new_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", NEW_PROCESS.format(code=code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_numpy_is_untouched_when_new_and_touched_when_seeded_or_drawn_from():
    code = """
print(r.untouched("numpy"), "numpy" in sys.modules)
import numpy as np, numpy.random
print(r.untouched("numpy"))
np.random.{call}
print(r.untouched("numpy"))
"""
    for call in ("seed(0)", "rand()", "seed()"):
        assert in_new_process(code.format(call=call)).split() == ["True", "False", "True", "False"]


def test_a_lazily_imported_numpy_that_draws_is_recorded_from_its_birth():
    code = """
probe = r.probe(Context()); probe.start()
import numpy as np
x = np.random.rand()
probe.stop()
seen = probe.observation()
d, e = seen.dependencies[0], seen.effects[0]
r.apply_before(e, replay)
print(np.random.rand() == x, r.check(d, replay))
"""
    assert in_new_process(code) == "True NumPy's random state differs"


def test_a_recording_of_another_process_holds_in_a_new_one_where_numpy_is_not_loaded():
    code = """
from fpcache.dependencies.records import Dependency
d = Dependency("random", "numpy", "0" * 32)
print(r.check(d, replay), r.check(d, Context(settings={"unseeded": "run"})), "numpy" in sys.modules)
"""
    assert in_new_process(code) == "None NumPy's random state was never seeded False"


def test_torch_is_untouched_when_new_even_if_it_is_seeded_in_the_statement_that_imports_it():
    pytest.importorskip("torch")
    code = """
import torch
{call}
print(r.untouched("torch"), sys.meta_path[0].__class__.__name__ == "_TorchWatch")
"""
    assert in_new_process(code.format(call="")) == "True False"
    assert in_new_process(code.format(call="torch.manual_seed(2**40)")) == "False False"
    assert in_new_process(code.format(call="torch.rand(1)")) == "False False"


class TestTorch:
    @pytest.fixture
    def torch(self):
        return pytest.importorskip("torch")

    def test_a_draw_is_seen_and_its_state_restored(self, ran, torch):
        ran.live("import torch")
        torch.manual_seed(1)
        found = ran.run("x = torch.rand(2)")
        after = torch.rand(1)
        assert found.names == ["torch"]
        found.apply()
        assert torch.rand(1) == after

    def test_a_forked_state_is_a_dependency(self, ran, torch):
        ran.live("import torch")
        found = ran.run("with torch.random.fork_rng():\n    x = torch.rand(2)")
        assert found.names == ["torch"]

    def test_an_empty_fork_before_a_draw_does_not_hide_the_draw(self, ran, torch):
        ran.live("import torch")
        found = ran.run("with torch.random.fork_rng():\n    pass\nx = torch.rand(2)")
        assert found.names == ["torch"]

    def test_seeding_another_library_from_torch_depends_on_torch(self, ran, torch):
        ran.live("import torch")
        found = ran.run("np.random.seed(torch.initial_seed() % 2**32); x = np.random.rand()")
        assert found.names == ["torch"]

    def test_manual_seed_first_frees_from_the_state_before(self, ran, torch):
        ran.live("import torch")
        assert ran.run("torch.manual_seed(3); x = torch.rand(2)").names == []


class TestEntropy:
    @pytest.fixture
    def ran(self, cells):
        found = cells(entropy)
        found.live("import copy, random, tempfile\nimport numpy as np, numpy.random")
        return found

    @pytest.mark.parametrize(
        "source",
        [
            "np.random.default_rng()",
            "np.random.default_rng(None)",
            "np.random.RandomState()",
            "[np.random.RandomState(s) for s in [None, *range(50)]]",
            "np.random.SeedSequence()",
            "np.random.Generator(np.random.PCG64())",
            "random.Random()",
            "(lambda seed: np.random.default_rng(seed))(None)",
        ],
    )
    def test_a_generator_without_a_seed_is_refused(self, ran, source):
        found = ran.run(f"x = {source}")
        assert "reads entropy" in found.reasons[0]
        assert found.seen.dependencies[0].kind == "waiver"

    @pytest.mark.parametrize(
        "source",
        [
            "np.random.default_rng(0)",
            "np.random.RandomState(seed=3)",
            "random.Random(1)",
            "np.random.rand()",
            "tempfile.NamedTemporaryFile().close()",
            "np.random.default_rng(0).spawn(2)",
            "[np.random.RandomState(seed) for seed in range(50)]",
            "np.random.RandomState(np.random.MT19937(3))",
            "copy.deepcopy(np.random.RandomState(3))",
        ],
    )
    def test_a_seeded_one_is_not(self, ran, source):
        assert ran.run(f"x = {source}").reasons == []

    def test_the_reason_names_the_call_and_its_place(self, ran):
        (reason,) = ran.run("y = 1\nx = np.random.default_rng()").reasons
        assert "`default_rng`, line 2" in reason
        ran.live("def draw(): return np.random.RandomState().rand()")
        (reason,) = ran.run("x = draw()").reasons
        assert "`RandomState` in `draw`" in reason

    def test_installed_code_that_makes_one_is_seen_too(self, ran):
        ran.namespace["qmc"] = pytest.importorskip("scipy.stats.qmc")
        assert "in `scipy.stats._qmc`" in ran.run("x = qmc.Halton(2).random(2)").reasons[0]
        assert ran.run("x = qmc.Halton(2, rng=1).random(2)").reasons == []

    def test_one_that_a_module_makes_as_it_is_imported_is_not(self, ran, tmp_path, monkeypatch):
        (tmp_path / "makes_states.py").write_text("import numpy\nstate = numpy.random.RandomState()\n")
        monkeypatch.syspath_prepend(tmp_path)
        ran.live("from importlib import import_module")
        try:
            assert ran.run("x = dir(import_module('makes_states'))").reasons == []
        finally:
            sys.modules.pop("makes_states", None)

    def test_estimators_with_a_seed_are_not(self, ran):
        pytest.importorskip("sklearn")
        ran.live(
            "from sklearn.ensemble import RandomForestClassifier as F\nX = np.eye(20)\ny = np.arange(20) % 2"
        )
        assert ran.run("m = F(5, random_state=0).fit(X, y)").reasons == []


class TestCuda:
    """The states of CUDA devices, played by generators of the CPU's kind."""

    @pytest.fixture
    def cuda(self, monkeypatch):
        torch = pytest.importorskip("torch")
        generators = [torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)]
        monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
        monkeypatch.setattr(torch.cuda, "init", lambda: None)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
        monkeypatch.setattr(torch.cuda, "default_generators", generators)
        return generators

    def test_a_draw_on_one_device_depends_on_its_state_alone(self, ran, cuda):
        ran.live("import torch")
        ran.namespace["g"] = cuda[1]
        found = ran.run("x = torch.rand(2, generator=g)")
        after = cuda[1].get_state()
        assert found.names == ["torch.cuda:1"]
        cuda[1].manual_seed(9)
        assert found.broken() == "torch's random state on CUDA device 1 differs"
        found.apply()
        assert cuda[1].get_state().equal(after)

    def test_a_recording_for_a_device_that_is_missing_is_not_ready(self, cuda):
        from fpcache.dependencies.records import Effect

        assert "no CUDA device 7" in str(
            random_states.ready(Effect("random", "torch.cuda:7", b""), Context())
        )


@pytest.mark.gpu
def test_cuda_states_on_a_device(cells):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    ran = cells(random_states)
    ran.live("import torch\ntorch.cuda.manual_seed(3)")
    found = ran.run("x = torch.rand(2, device='cuda')")
    after = torch.rand(1, device="cuda")
    assert found.names == ["torch.cuda:0"]
    assert found.broken() is not None
    torch.cuda.manual_seed(3)
    assert found.broken() is None
    found.apply()
    assert torch.rand(1, device="cuda") == after
