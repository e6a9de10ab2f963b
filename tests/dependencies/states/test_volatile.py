"""Which code is refused for what it reads of the outside, and which only seems to."""

from __future__ import annotations

import sys

import pytest

from fpcache.dependencies import volatile
from fpcache.dependencies.context import Context

IMPORTS = "import time, datetime, uuid, os, secrets, random, socket\n"


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("x = time.time()", "reads the calendar (`time.time`, line 1)"),
        ("x = datetime.datetime.now()", "reads the calendar (`datetime.datetime.now`, line 1)"),
        ("x = datetime.date.today()", "calendar"),
        ("x = time.strftime('%Y')", "calendar"),
        ("x = time.localtime(None)", "calendar"),
        ("x = time.ctime()", "calendar"),
        ("x = uuid.uuid4()", "reads entropy (`uuid.uuid4`"),
        ("x = os.urandom(3)", "entropy"),
        ("x = secrets.token_hex()", "entropy"),
        ("x = random.SystemRandom().random()", "entropy"),
        ("x = socket.create_connection(('h', 1))", "network"),
        ("x = eval('1')", "dynamic code"),
        ("x = input()", "asks a person (`input`, line 1)"),
        ("x = sorted([1], key=lambda v: globals()['y'])", "dynamic code"),
    ],
)
def test_a_reader_of_the_outside_is_refused(scan, source, part):
    assert any(part in reason for reason in scan(source, IMPORTS))


@pytest.mark.parametrize(
    "source",
    [
        "x = time.strftime('%Y', t)",
        "x = time.localtime(0)",
        "x = datetime.datetime(2020, 1, 1).isoformat()",
        "x = datetime.datetime.strptime('2020', '%Y')",
        "x = uuid.uuid5(uuid.NAMESPACE_DNS, 'a')",
        "time.sleep(0)",
        "x = time.perf_counter()",
        "x = random.random()",
    ],
)
def test_what_only_looks_like_one_is_not_refused(scan, source):
    assert scan(source, IMPORTS + "t = time.gmtime(0)\n") == []


def test_another_name_for_the_same_function_is_seen(scan):
    assert scan("x = moment()", "from datetime import datetime as D\nmoment = D.now\n") != []
    assert scan("x = when()", "from time import time as when\n") != []


def test_another_function_of_the_same_name_is_not(scan):
    assert scan("x = time()", "def time():\n    return 1\n") == []


def test_a_clock_in_a_subclass_is_seen(scan):
    assert scan("x = D.now()", "import datetime\nclass D(datetime.datetime): pass\n") != []


def test_pandas_clocks_are_seen_and_its_parsing_is_not(scan):
    pytest.importorskip("pandas")
    live = "import pandas as pd\n"
    assert scan("x = pd.Timestamp.now()", live) != []
    assert scan("x = pd.Timestamp('today')", live) != []
    assert scan("x = pd.to_datetime(['now'])", live) != []
    assert scan("x = pd.Timestamp('2020')", live) == []


@pytest.mark.parametrize(
    "body",
    [
        "t0 = time.time(); work(); return time.time() - t0",
        "t0 = time.time(); work(); t1 = time.time(); print(t1 - t0); return 1",
        "t0 = datetime.datetime.now(); print(datetime.datetime.now() - t0)",
        "for i in range(2):\n        t = time.time()\n        print(f'{time.time() - t:.1f} s')",
        "return time.perf_counter() - 1",
    ],
)
def test_a_clock_that_is_only_subtracted_is_a_duration(scan, body):
    live = IMPORTS + f"def work(): pass\ndef f():\n    {body}\n"
    assert scan("x = f()", live) == []


@pytest.mark.parametrize(
    "body",
    [
        "return time.time()",
        "t = time.time(); d = time.time() - t; return t",
        "return time.time() - START",
        "t = time.time(); t = 0; return time.time() - t",
        "global t; t = time.time(); return time.time() - t",
        "return [time.time() - t for t in ts]",
        "clock = time.time; return clock() - clock()",
        "return sorted(ts, key=lambda t: time.time())",
        "return time.perf_counter()",
        "end = time.monotonic(); return end, 1",
        "t = time.time(); keep(t); return time.time() - t",
    ],
)
def test_a_clock_that_gets_out_is_refused(scan, body):
    live = IMPORTS + f"START = 0.0\nts = [1.0]\ndef keep(t): pass\ndef f():\n    {body}\n"
    assert len(scan("x = f()", live)) == 1


def test_a_start_time_that_stays_as_a_variable_is_refused(scan):
    assert scan("t0 = time.time()\nd = time.time() - t0", IMPORTS) != []


def test_a_duration_measured_in_one_function_does_not_excuse_another(scan):
    live = (
        IMPORTS
        + "def a():\n    t = time.time()\n    return time.time() - t\ndef b():\n    return time.time()\n"
    )
    assert scan("x = a()", live) == []
    assert scan("x = a() + b()", live) != []


def test_a_function_whose_source_is_not_its_own_is_refused(scan):
    live = IMPORTS + "exec('def f():\\n    t = time.time()\\n    return time.time() - t')\n"
    assert scan("x = f()", live) != []


def test_the_chain_of_functions_is_told(scan):
    live = IMPORTS + "def stamp(): return uuid.uuid4()\ndef clean(): return stamp()\n"
    assert "`clean` → `stamp`" in scan("x = clean()", live)[0]


def test_dynamic_code_is_refused_also_where_asked_for_explicitly(scan):
    assert scan("x = eval('1')", "", explicit_only=False) != []
    assert scan("x = uuid.uuid4()", IMPORTS, explicit_only=False) == []


def test_a_query_is_refused_only_where_its_text_is_computed(scan):
    live = "class D:\n    def query(self, text): pass\nd = D()\nlimit = 0\n"
    assert scan("x = d.query('a > @limit')", live) == []
    assert scan("x = f(d)", live + "def f(d): return d.query(f'a > {limit} and b < @limit')") == []
    assert scan("x = f(d, 'limit')", f"{live}def f(d, text): return d.query(text)") == []
    for text in ("'a > @' + name", "f'a > @{name}'", "text()"):
        (reason,) = scan("x = f(d, 'limit')", f"{live}def f(d, name, text=str): return d.query({text})")
        assert reason == "looks up variables by a computed text (`query` in `f`)"
    (reason,) = scan(
        "x = f(d)", f"{live}def f(d):\n    text = 'a > @lim'\n    text += 'it'\n    return d.query(text)"
    )
    assert "computed text" in reason


def test_the_number_of_the_process_is_a_dependency(cells):
    ran = cells(volatile)
    ran.live("import os")
    found = ran.run("x = os.getpid()")
    assert found.names == ["os.getpid"]
    assert found.broken() is None
    other = type(found.seen.dependencies[0])("volatile", "os.getpid", "another")
    assert "os.getpid" in str(volatile.check(other, Context()))


def test_durations_are_noted(cells):
    ran = cells(volatile)
    ran.live("import time")
    assert "time.perf_counter" in ran.run("x = time.perf_counter()").seen.notes[0]


def test_a_library_that_is_not_loaded_is_not_imported(scan):
    scan("x = 1", "")
    assert "redis" not in sys.modules
