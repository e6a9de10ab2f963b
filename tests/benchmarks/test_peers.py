"""The judge of the comparison, by caches made up to be wrong in known ways."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import replace

import pytest
from peers.catalogue import PEERS, Peer
from peers.forms import UnsuitableError, as_function, places
from peers.judging import ERROR, LIBRARY_WARNING, NEEDLESS, NOT_APPLICABLE, RIGHT, TOLD, WRONG
from peers.running import Outcome, Scene
from peers.table import BEGIN, END, put_into, tables
from scenarios import Trap

SAME = Trap(1, "same", "H", "def f(v): return len(v)\n# %%\nx = [1]\n# %%\nout = f(x)")
CHANGED = replace(SAME, title="changed", verdict="R", edits=[("x = [1]", "x = [1, 2]")])
EXPRESSION = replace(CHANGED, title="no function", cells="x = [1]\n# %%\nout = len(x) + 1")
APPENDS = Trap(
    2, "appends", "E", "def f(v):\n    v.append(2)\n    return len(v)\n# %%\nx = [1]\n# %%\nout = f(x)"
)
DELETES = replace(EXPRESSION, title="deletes", cells="x = [1]\ny = 2\n# %%\ndel x, y", call="del x")
BREAKS_LATER = replace(
    CHANGED,
    title="a later cell raises",
    cells="def f(v): return len(v)\n# %%\nx = [1]\n# %%\nout = f(x)\n# %%\nassert out == len(x)",
)
SHOWS = Trap(3, "shows", "E", "def f(v):\n    print('seen')\n    return len(v)\n# %%\nout = f([1])")

ALWAYS = """
import pathlib, pickle
def remember(function):
    def remembered(*arguments):
        path = pathlib.Path(CACHE)
        if not path.exists(): path.write_bytes(pickle.dumps(function(*arguments)))
        return pickle.loads(path.read_bytes())
    return remembered
"""
NEVER = "def remember(function): return lambda *arguments: function(*arguments)"
RAISES = """
def remember(function):
    def remembered(*arguments): raise TypeError('I take no lists')
    return remembered
"""
SPEAKS = """
def remember(function):
    def remembered(*arguments):
        print('fake: {}')
        return function(*arguments)
    return remembered
"""
FAILS = """
def remember(function):
    def remembered(*arguments): print('fake error: not valid')
    return remembered
"""
FAKES = {
    "always": ALWAYS,
    "never": NEVER,
    "raises": RAISES,
    "speaks": SPEAKS.format("looking"),
    "fails": FAILS,
    "tells": SPEAKS.format("unable to keep that"),
}


def fake(name: str, says: str = r"fake: .*\n") -> Peer:
    """Return a cache made up for a test."""
    return Peer(name, "pip", "function", "", "", FAKES[name], "remember", says, fails="^fake error.*")


@pytest.mark.parametrize(
    ("trap", "name", "verdict"),
    [
        (SAME, "always", RIGHT),
        (CHANGED, "always", WRONG),
        (EXPRESSION, "always", WRONG),
        (APPENDS, "always", WRONG),
        (SHOWS, "always", WRONG),
        (BREAKS_LATER, "always", WRONG),
        (DELETES, "always", NOT_APPLICABLE),
        (SAME, "never", NEEDLESS),
        (CHANGED, "never", RIGHT),
        (EXPRESSION, "never", RIGHT),
        (APPENDS, "never", RIGHT),
        (SHOWS, "never", RIGHT),
        (SAME, "raises", ERROR),
        (CHANGED, "raises", ERROR),
        (APPENDS, "raises", ERROR),
        (CHANGED, "fails", ERROR),
        (CHANGED, "speaks", RIGHT),
        (CHANGED, "tells", TOLD),
    ],
    ids=lambda value: value.title if isinstance(value, Trap) else value,
)
def test_a_made_up_cache_gets_what_it_deserves(trap, name, verdict, tmp_path) -> None:
    outcome = Scene(trap, tmp_path, sys.executable).outcome(fake(name))
    assert (outcome.verdict, outcome.trap, outcome.peer) == (verdict, trap.name, name), outcome.because


def test_what_a_cache_says_is_a_difference_unless_it_is_known_to_speak_of_itself(tmp_path) -> None:
    assert Scene(CHANGED, tmp_path, sys.executable).outcome(fake("speaks", says="")).verdict == WRONG


def test_a_miss_is_seen_where_the_values_are_the_same_with_a_hit(tmp_path) -> None:
    scene = Scene(replace(SAME, verdict="E"), tmp_path, sys.executable)
    assert [scene.outcome(fake(name)).because for name in ("never", "always")] == ["ran", "hit"]


@pytest.mark.parametrize("kind", ["auto", "explicit"])
def test_fpcache_is_judged_like_the_others(kind, tmp_path) -> None:
    peer = Peer(kind, "fpcache", kind, "", "")
    found = [Scene(trap, tmp_path, sys.executable).outcome(peer) for trap in (SAME, CHANGED, APPENDS)]
    assert [(outcome.verdict, outcome.because) for outcome in found] == [
        (RIGHT, "hit"),
        (RIGHT, "ran"),
        (RIGHT, "hit"),
    ]


def test_a_refusal_of_fpcache_counts_as_told(tmp_path) -> None:
    trap = Trap(4, "clock", "R", "import time\n# %%\nout = time.time()", ignore=("out",))
    outcome = Scene(trap, tmp_path, sys.executable).outcome(Peer("auto", "fpcache", "auto", "", ""))
    assert outcome.verdict == TOLD
    assert "calendar" in outcome.because


def whole(inputs: str, body: str, result: str) -> str:
    """Return a statement as a function of its own."""
    return f"@memo\ndef cell({inputs}):\n    {body}\n    return {result}\n{result} = cell({inputs})"


FORMS = {
    "def f(v): return v\n# %%\nout = f(1)": "out = memo(f)(1)",
    "def f(v): return v\n# %%\nfirst = out = f(1)": "first = out = memo(f)(1)",
    "f = lambda v: v\n# %%\nout = f(1)": "out = memo(f)(1)",
    "async def a(v): return v\n# %%\nout = await a(1)": "out = await memo(a)(1)",
    "import json\n# %%\nout = json.dumps([1])": "out = memo(json.dumps)([1])",
    "def f(): return 1\n# %%\n%%time\nout = f()": "out = memo(f)()",
    "x, k = 1, 2\n# %%\nout = x * k": whole("x, k", "out = x * k", "out"),
    "out = 1\n# %%\nout += 1": whole("out", "out += 1", "out"),
    "out = {}\n# %%\nout['a'] = 1": whole("out", "out['a'] = 1", "out"),
    "g = len\nx = [1]\n# %%\nout = g(x)": whole("g, x", "out = g(x)", "out"),
    "k = 2\n# %%\nout = [n * k for n in 'ab']": whole("k", "out = [n * k for n in 'ab']", "out"),
    "x = 1\n# %%\nx + 1": "@memo\ndef cell(x):\n    return (x + 1)\ncell(x)",
}


@pytest.mark.parametrize(("cells", "form"), FORMS.items(), ids=FORMS.values())
def test_a_statement_becomes_a_call_of_a_function_that_can_be_kept(cells, form) -> None:
    steps = replace(SAME, cells=cells).first()
    (place,) = places(steps, "%%time" if "%%time" in cells else str(steps[-1]))
    assert as_function(place, "memo").text == form
    ast.parse(form.replace("await ", ""))


@pytest.mark.parametrize("statement", ["del x", "import os", "x.append(await f())"])
def test_what_no_function_can_do_is_not_applicable(statement) -> None:
    (place,) = places((f"x = []\n{statement}",), statement)
    with pytest.raises(UnsuitableError):
        as_function(place, "memo")


def test_the_tables_count_each_verdict_and_leave_the_page_around_them(tmp_path) -> None:
    peers = [fake("always"), fake("never")]
    outcomes = [
        Outcome("1 same", "always", RIGHT, ""), Outcome("2 changed", "always", WRONG, ""),
        Outcome("1 same", "never", NEEDLESS, ""), Outcome("2 changed", "never", RIGHT, ""),
    ]  # fmt: skip
    text = tables(
        outcomes,
        peers,
        {"all": ["1 same", "2 changed"]},
        {"1 same": "H", "2 changed": "R"},
        {"pip": "1.0"},
        "today",
    )
    assert "| always | 1.0 | **1** | 1 | 0 | 0 | 0 | 0 | 1 | 0 |" in text
    assert "| never | 1.0 | **0** | 0 | 0 | 1 | 0 | 0 | 1 | 0 |" in text
    assert "| 2 changed | R | ✗ | · |" in text
    page = tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}\nold\n{END}\nbelow\n", encoding="utf-8")
    put_into(page, text)
    assert page.read_text(encoding="utf-8") == f"above\n{BEGIN}\n\n{text}\n\n{END}\nbelow\n"


def test_every_cache_has_a_page_that_tells_of_its_use() -> None:
    assert [
        peer.name for peer in PEERS if peer.package != "fpcache" and not peer.page.startswith("https://")
    ] == []
    assert len({peer.name for peer in PEERS}) == len(PEERS)


def test_a_warning_from_inside_a_library_is_no_difference_and_another_is() -> None:
    own = (
        "/lib/site-packages/joblib/memory.py:7: JobLibCollisionWarning: cannot detect collisions\n  call()\n"
    )
    other = "<ipython-input-1>:2: UserWarning: careful\n"
    assert re.sub(LIBRARY_WARNING, "", f"{own}{other}", flags=re.MULTILINE) == other


def test_what_a_cache_is_called_by_does_not_take_a_name_from_the_cells(tmp_path) -> None:
    peer = replace(fake("never"), setup="from copy import copy\n" + FAKES["never"])
    trap = replace(SAME, verdict="E", cells=f"from copy import copy\n{SAME.cells}")
    assert Scene(trap, tmp_path, sys.executable).outcome(peer).verdict == RIGHT
