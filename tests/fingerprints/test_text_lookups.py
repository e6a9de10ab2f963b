"""Names that code looks up by text are inputs, and so are modules that it finds by name."""

from __future__ import annotations

import sys
import types

import pytest

from fpcache.fingerprints.reading import read


def digest(live: str, source: str, **names: object) -> str:
    namespace: dict[str, object] = {"__name__": "__main__", **names}
    exec(compile(live, "<live>", "exec"), namespace)
    code = compile(source, "<cell>", "exec")
    return read(frozenset(code.co_names), code, namespace).digest


@pytest.mark.parametrize(
    ("live", "source"),
    [
        ("def f(d): return d.query('a > @limit')", "f(1)"),
        ("def f(d): return getattr(d, 'query')('a > @limit')", "f(1)"),
        ("def f(d, text): return d.query(text)", "f(1, 'a > @limit')"),
        ("text = 'a > @limit'\ndef f(d): return d.query(text)", "f(1)"),
        ("def f(pd): return pd.eval('limit + 1')", "f(1)"),
        ("def f(pl): return pl.sql('select sum(a) from limit')", "f(1)"),
        ("def f(pl): return pl.SQLContext(register_globals=True).execute('select a from limit')", "f(1)"),
        ("def f(smf): return smf.ols('y ~ limit')", "f(1)"),
        ("limit", "d.query('a > @limit')"),
    ],
)
def test_a_name_in_a_text_that_is_looked_up_is_an_input(live, source):
    assert digest(live, source, limit=1, d=0) != digest(live, source, limit=2, d=0)
    assert digest(live, source, limit=1, d=0, other=1) == digest(live, source, limit=1, d=0, other=2)


def test_a_name_in_a_text_that_nothing_looks_up_is_no_input():
    live = "def f(d): return d.show('a > @limit')"
    assert digest(live, "f(1)", limit=1) == digest(live, "f(1)", limit=2)


@pytest.mark.parametrize(
    ("live", "source"),
    [
        ("import importlib\ndef f(n): return importlib.import_module(n).k", "f('a_local_one')"),
        ("import importlib\ndef f(): return importlib.import_module('a_local_one').k", "f()"),
        ("def f(n): return __import__(n).k", "f('a_local_one')"),
        ("import sys\ndef f(n): return sys.modules[n].k", "f('a_local_one')"),
        ("name = 'a_local_one'\nimport sys\ndef f(): return sys.modules[name].k", "f()"),
        ("import a_local_one\ndef f(): return a_local_one.__dict__['k']", "f()"),
        ("import a_local_one as m\ndef f(): return vars(m)['k']", "f()"),
    ],
)
def test_what_a_module_holds_that_is_found_by_its_name_is_an_input(monkeypatch, live, source):
    module = types.ModuleType("a_local_one")
    monkeypatch.setitem(sys.modules, "a_local_one", module)
    module.k = 1
    before = digest(live, source)
    assert digest(live, source) == before
    module.k = 2
    assert digest(live, source) != before
