"""Warnings: a run depends on what the filters do with those it raises, and on which were shown."""

from __future__ import annotations

import sys
import types
import warnings

import pytest

from fpcache.dependencies import warning_filters


@pytest.fixture(autouse=True)
def shown():
    with warnings.catch_warnings(record=True) as shown:
        warnings.resetwarnings()
        warnings.simplefilter("ignore", DeprecationWarning)
        yield shown


@pytest.fixture
def ran(cells):
    """Cells whose namespace is the module ``shows``, as the notebook's is ``__main__``."""
    module = types.ModuleType("shows")
    sys.modules["shows"] = module
    found = cells(warning_filters)
    found.namespace = vars(module)
    found.live("import warnings")
    yield found
    del sys.modules["shows"]


def test_a_run_without_warnings_depends_on_no_filter(ran):
    found = ran.run("x = 1")
    warnings.simplefilter("error")
    assert found.names == []
    assert found.broken() is None


def test_a_filter_that_hid_a_warning_and_now_shows_it_is_a_change(ran):
    found = ran.run("warnings.warn('old', DeprecationWarning)")
    assert found.broken() is None
    warnings.simplefilter("default")
    assert found.broken() == "the warnings filters changed (DeprecationWarning: ignore → default)"


def test_filters_that_do_not_touch_the_warnings_raised_are_no_change(ran):
    found = ran.run("warnings.warn('old', DeprecationWarning)")
    warnings.filterwarnings("error", message="something else")
    warnings.filterwarnings("error", category=FutureWarning)
    warnings.filterwarnings("error", module="another")
    assert found.broken() is None


def test_warnings_of_native_code_are_seen(ran, shown):
    np = pytest.importorskip("numpy")
    ran.namespace["np"] = np
    with np.errstate(divide="warn"):
        found = ran.run("x = np.ones(1) / 0")
    assert found.names == ["shows"]
    warnings.simplefilter("ignore")
    assert "default → ignore" in found.broken()


def test_a_warning_that_the_run_itself_hides_does_not_depend_on_the_filters(ran):
    found = ran.run(
        "with warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    warnings.warn('a')"
    )
    warnings.simplefilter("error")
    assert found.broken() is None


def test_the_filters_of_a_process_are_as_before_a_run(ran):
    before = list(warnings.filters)
    ran.run("warnings.warn('a', DeprecationWarning)")
    assert warnings.filters == before


def test_warnings_once_shown_are_not_shown_again_because_of_a_probe(ran, shown):
    code = compile("warnings.warn('a')", "<live>", "exec")
    exec(code, ran.namespace)
    exec(code, ran.namespace)
    assert len(shown) == 1
    ran.run("x = 1")
    exec(code, ran.namespace)
    assert len(shown) == 1


def test_a_warning_shown_by_a_replay_is_not_shown_again(ran, shown):
    found = ran.run("warnings.warn('a')")
    assert len(shown) == 1
    ran.namespace.pop("__warningregistry__")
    assert found.broken() is None
    found.apply()
    assert "shown already" in found.broken()
    ran.live("warnings.warn('a')")
    assert len(shown) == 1


def test_a_run_that_was_silent_as_its_warning_was_shown_before_misses_where_it_was_not(ran, shown):
    ran.live("warnings.warn('a')")
    found = ran.run("warnings.warn('a')")
    assert len(shown) == 1
    assert found.broken() is None
    ran.namespace.pop("__warningregistry__")
    assert "would be shown now" in found.broken()


def test_registries_hold_plain_texts_after_a_run(ran, shown):
    ran.live("warnings.warn('a')")
    ran.run("warnings.warn('a')")
    keys = [key for key in ran.namespace["__warningregistry__"] if isinstance(key, tuple)]
    assert [type(key[0]) for key in keys] == [str]


def test_filters_added_by_a_run_are_added_again_in_their_places(ran):
    found = ran.run(
        "warnings.filterwarnings('error', message='bad', category=FutureWarning, module='m')\n"
        "warnings.simplefilter('once', ImportWarning, append=True)"
    )
    wanted = list(warnings.filters)
    warnings.resetwarnings()
    warnings.simplefilter("ignore", DeprecationWarning)
    found.apply()
    assert warnings.filters == wanted
    found.apply()
    assert warnings.filters == wanted


def test_filters_emptied_by_a_run_are_emptied_again(ran):
    found = ran.run("warnings.resetwarnings()")
    assert list(warnings.filters) == []
    warnings.simplefilter("error")
    found.apply()
    assert list(warnings.filters) == []


def test_a_filter_for_a_class_of_the_notebook_is_refused_or_found_by_name(ran):
    ran.live("class W(UserWarning): pass")
    found = ran.run("warnings.simplefilter('ignore', W)")
    assert found.reasons == []
    local = ran.run("def f():\n    class V(UserWarning): pass\n    warnings.simplefilter('ignore', V)\nf()")
    assert "can't be stored" in local.reasons[0]


def test_a_recorded_warning_of_a_library_that_is_not_loaded_is_no_change(ran):
    from fpcache.dependencies.context import Context
    from fpcache.dependencies.records import Dependency

    absent = Dependency("warnings", "lib", '["text", "nonesuch_library:Odd", "ignore", []]')
    assert warning_filters.check(absent, Context()) is None


def copied_filters():
    """Copy the filters as libraries do that hand them to threads."""
    present = list(vars(warnings)["filters"])  # names in installed code aren't read, nor is this one
    warnings.resetwarnings()
    for action, message, category, module, line in present:
        texts = [
            part if isinstance(part, str) or part is None else part.pattern for part in (message, module)
        ]
        warnings.filterwarnings(action, texts[0] or "", category, texts[1] or "", line, append=True)


def test_a_copy_that_a_library_makes_of_the_filters_neither_hides_a_warning_nor_stays(ran, shown):
    ran.namespace["copied"] = copied_filters
    found = ran.run("with warnings.catch_warnings():\n    copied()\n    warnings.warn('a')")
    assert [str(one.message) for one in shown] == ["a"]
    assert found.broken() is None
    warnings.simplefilter("ignore", UserWarning)
    assert found.broken() == "the warnings filters for UserWarning changed"
    assert ran.run("copied()").reasons == []
    assert all(type(category) is type for _, _, category, _, _ in warnings.filters)


def test_code_that_names_the_list_sees_it_as_it_is_and_is_not_kept(ran):
    found = ran.run("seen = list(warnings.filters)")
    assert ran.namespace["seen"] == warnings.filters
    assert found.reasons == ["uses the list `warnings.filters`, which is not watched then"]


@pytest.mark.parametrize(
    "change",
    [
        "warnings.simplefilter('ignore', UserWarning)",
        "warnings.filterwarnings('error', 'a', append=True)",
        "warnings.simplefilter('ignore', BytesWarning); warnings.simplefilter('error', append=True)",
        "(lambda w: w.simplefilter('error', append=True))(warnings)",
        "warnings.resetwarnings()",
        "warnings.resetwarnings(); warnings.simplefilter('error')",
    ],
)
def test_filters_that_a_run_sets_are_set_elsewhere_too_though_they_were_so_already(ran, change):
    ran.live(change)
    found = ran.run(change)
    warnings.filters[:] = [("always", None, UserWarning, None, 0)]
    ran.live(change)
    wanted = list(warnings.filters)
    warnings.filters[:] = [("always", None, UserWarning, None, 0)]
    found.apply()
    assert warnings.filters == wanted


def test_a_filter_that_an_import_sets_goes_before_no_later_one_of_the_users(ran, monkeypatch, tmp_path):
    (tmp_path / "sets_filters.py").write_text(
        "import warnings\nwarnings.simplefilter('ignore', BytesWarning)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = ran.run("import sets_filters")
    ran.live("warnings.simplefilter('error')")
    wanted = list(warnings.filters)
    found.apply()
    assert warnings.filters == wanted
    del sys.modules["sets_filters"]


def test_fits_in_threads_leave_no_refusal(ran, shown):
    ensemble = pytest.importorskip("sklearn.ensemble")
    ran.namespace["forest"] = ensemble.RandomForestClassifier(8, n_jobs=2, random_state=0)
    assert ran.run("forest.fit([[0], [1], [2], [3]], [0, 1, 0, 1])").reasons == []
