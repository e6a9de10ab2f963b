"""What other code put into an installed class counts where the class does."""

from __future__ import annotations

from functools import partialmethod
from json import JSONDecoder, JSONEncoder

import pytest

from fpcache.fingerprints import fingerprint
from fpcache.fingerprints.explaining import explain_change, root_records
from fpcache.fingerprints.patches import changed_extensions, extensions, patches


@pytest.fixture(autouse=True)
def mended():
    """Leave the class as it was."""
    before = dict(vars(JSONEncoder))
    yield
    for name in vars(JSONEncoder).keys() - before.keys():
        delattr(JSONEncoder, name)
    for name in ("default", "encode"):
        setattr(JSONEncoder, name, before[name])


def shout(self, value):
    return "!"


def whisper(self, value):
    return "."


@pytest.mark.parametrize(
    "value", [shout, staticmethod(shout), classmethod(shout), property(shout), partialmethod(shout, 1)]
)
def test_local_code_in_an_installed_class_is_found_however_it_is_wrapped(value):
    JSONEncoder.shout = value
    assert patches(JSONEncoder) == (("shout", value),)


def test_code_of_another_package_counts_by_its_name():
    JSONEncoder.mark = pytest.mark.__class__.__getattr__
    ((name, value),) = patches(JSONEncoder)
    assert (name, value.startswith("_pytest.")) == ("mark", True)


def test_a_class_as_it_was_installed_has_none():
    JSONEncoder.width, JSONEncoder.decode = 3, JSONDecoder.decode
    assert patches(JSONEncoder) == patches(JSONDecoder) == patches(int) == ()


def test_a_replaced_method_is_seen_and_so_is_its_return():
    original, found = JSONEncoder.encode, []
    for method in (original, shout, whisper, original):
        JSONEncoder.encode = method
        found.append(fingerprint(JSONEncoder))
    assert found[0] == found[3]
    assert len(set(found)) == 3


@pytest.mark.parametrize("expression", ["coder.encode(1)", "JSONEncoder().encode(1)", "use(coder)"])
def test_code_that_reaches_a_class_reads_what_was_put_into_it(notebook, expression):
    notebook.namespace["JSONEncoder"] = JSONEncoder
    notebook.run("coder = JSONEncoder()\ndef use(value): return value.encode(1)")
    before = notebook.read(expression)
    JSONEncoder.encode = shout
    after = notebook.read(expression)
    assert before.digest != after.digest
    JSONEncoder.encode = whisper
    again = notebook.read(expression)
    assert again.digest not in (before.digest, after.digest)
    reasons = explain_change(root_records(after), again)
    assert any("JSONEncoder.encode" in reason or "`whisper`" in reason for reason in reasons)


def test_what_is_put_into_a_library_that_only_functions_name_counts(notebook):
    pandas = pytest.importorskip("pandas")
    notebook.run("import pandas as pd\ndef load(): return pd.DataFrame({'a': [1]}).extra")
    before = notebook.digest("load()")
    try:
        pandas.DataFrame.extra = property(lambda self: 1)
        between = notebook.digest("load()")
        pandas.DataFrame.extra = property(lambda self: 2)
        assert len({before, between, notebook.digest("load()")}) == 3
    finally:
        del pandas.DataFrame.extra


def test_what_a_component_puts_into_a_class_is_named():
    pandas = pytest.importorskip("pandas")
    before = extensions()
    assert changed_extensions(before, extensions()) == []
    try:
        pandas.DataFrame.extra, pandas.Series.width = shout, 3
        between = extensions()
        assert changed_extensions(before, between) == ["pandas.DataFrame.extra"]
        pandas.DataFrame.extra = whisper
        assert changed_extensions(between, extensions()) == ["pandas.DataFrame.extra"]
    finally:
        del pandas.DataFrame.extra, pandas.Series.width
    assert changed_extensions(before, extensions()) == []
