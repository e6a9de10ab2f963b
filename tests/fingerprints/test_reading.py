"""A reading covers every name that code may see, and says what changed."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints.reading import changed_roots, read, reread
from fpcache.fingerprints.records import MISSING

CHAIN = """
LIMIT = 3
def third(x): return x + LIMIT
def second(x): return third(x) * 2
def first(x): return second(x) - 1
"""


def roots_of(reading):
    return {root.key: root for root in reading.roots}


# ---------------------------------------------------------------- names


def test_the_same_inputs_read_the_same(notebook):
    notebook.run(CHAIN)
    assert notebook.digest("first(1)") == notebook.digest("first(1)")


@pytest.mark.parametrize(
    "edit",
    [
        "def first(x): return second(x) - 2",
        "def second(x): return third(x) * 3",
        "def third(x): return x - LIMIT",
        "LIMIT = 4",
        "LIMIT = 3.0",
        "del LIMIT",
    ],
)
def test_an_edit_three_helpers_deep_changes_the_reading(notebook, edit):
    before = notebook.run(CHAIN).digest("first(1)")
    assert notebook.run(edit).digest("first(1)") != before


def test_defining_the_same_helpers_again_reads_the_same(notebook):
    before = notebook.run(CHAIN).digest("first(1)")
    assert notebook.run(CHAIN).digest("first(1)") == before


def test_a_helper_that_nothing_calls_does_not_count(notebook):
    before = notebook.run(CHAIN).digest("first(1)")
    assert notebook.run("def other(): return 1").digest("first(1)") == before


def test_roots_tell_the_way_to_them(notebook):
    roots = roots_of(notebook.run(CHAIN).read("first(1)"))
    assert roots["LIMIT"].chain == ("first", "second", "third", "LIMIT")
    assert roots["third"].label == "function `third`"
    assert [roots[key].kind for key in sorted(roots)] == ["value", "function", "function", "function"]


@pytest.mark.parametrize(
    "source",
    [
        "def f(n): return f(n - 1) if n else 0",
        "def f(n): return g(n)\ndef g(n): return f(n - 1) if n else 0",
        "class f:\n def m(self): return f, g\ng = [f, lambda: g]",
    ],
)
def test_recursion_terminates(digest_of, source):
    assert digest_of(source, "f") == digest_of(source, "f")


def test_a_missing_name_that_gets_defined_is_a_change(notebook):
    notebook.run("def f(): return absent_yet")
    before = notebook.read("f()")
    assert roots_of(before)["absent_yet"].kind == "missing"
    assert roots_of(before)["absent_yet"].value is MISSING
    assert notebook.run("absent_yet = None").digest("f()") != before.digest


@pytest.mark.parametrize("shadow", ["sum = max", "sum = lambda x: 0", "sum = 3", "def sum(x): return 0"])
@pytest.mark.parametrize("code", ["sum([1])", "f()"])
def test_a_name_over_a_builtin_is_a_change(notebook, shadow, code):
    before = notebook.run("def f(): return sum([1])").digest(code)
    assert notebook.run(shadow).digest(code) != before


def test_a_replaced_builtin_is_a_change(notebook, monkeypatch):
    import builtins

    before = notebook.run("def mine(*a): return 1\ndef f(): return bin(1)").digest("f()")
    monkeypatch.setattr(builtins, "bin", notebook.namespace["mine"])
    assert notebook.digest("f()") != before


def test_names_inside_lambdas_comprehensions_and_classes_of_the_code_are_resolved(notebook):
    notebook.run("import math\nLIMIT = 1")
    source = "g = [math.sqrt(x) for x in range(LIMIT)]; h = lambda: math.sin(1)\nclass K:\n v = math.cos(0)"
    paths = {resolved.path for resolved in notebook.read(source).resolved}
    assert {"math.sqrt", "math.sin", "math.cos", "builtins.range"} <= paths


def test_ignored_names_do_not_count(notebook):
    before = notebook.run(CHAIN).digest("first(1)", ignore=["LIMIT"])
    assert notebook.run("LIMIT = 9").digest("first(1)", ignore=["LIMIT"]) == before


def test_an_allowance_may_stop_a_reading(notebook):
    class Enough(Exception):
        pass

    def stop(ahead_s):
        raise Enough

    notebook.run(CHAIN)
    with pytest.raises(Enough):
        notebook.read("first(1)", allowance=stop)


def test_a_reading_works_without_code(notebook):
    notebook.run(CHAIN)
    assert set(roots_of(read(["first"], None, notebook.namespace))) == {"first", "second", "third", "LIMIT"}


def test_assigned_globals_are_listed_and_read(notebook):
    notebook.run("n = 0\ndef bump():\n global n, m\n n = n + 1\n m = 1")
    reading = notebook.read("bump()")
    assert reading.stored_globals == (("__main__", "m"), ("__main__", "n"))
    assert roots_of(reading)["m"].kind == "missing"
    assert notebook.run("bump()").digest("bump()") != reading.digest


def test_two_names_for_one_object_differ_from_two_objects(notebook):
    one = notebook.run("a = [1]\nb = a").digest("a.append(b)")
    assert notebook.run("b = [1]").digest("a.append(b)") != one


def test_a_function_that_reads_an_input_sees_that_it_is_the_same_object(notebook):
    notebook.run("a = [1]\nkept = a\ndef f(x): return x is kept")
    before = notebook.digest("f(a)")
    assert notebook.run("kept = [1]").digest("f(a)") != before


# ---------------------------------------------------------------- what installed code is called


@pytest.mark.parametrize(
    ("cell", "code", "path"),
    [
        ("import time", "time.time()", "time.time"),
        ("from time import time as now", "now()", "time.time"),
        ("import datetime", "datetime.datetime.now()", "datetime.datetime.now"),
        ("from datetime import datetime as d", "d.now()", "datetime.datetime.now"),
        ("import time\nclock = time.time", "clock()", "time.time"),
        ("import time\ndef f(): return time.time()", "f()", "time.time"),
        ("def f():\n import time as t\n return t.time()", "f()", "time.time"),
        ("def f():\n from time import time\n return time()", "f()", "time.time"),
        ("def f():\n import os.path as p\n return p.join('a')", "f()", "posixpath.join"),
        ("def f():\n import uuid\n return [uuid.uuid4() for _ in 'ab']", "f()", "uuid.uuid4"),
        ("import uuid\ndef f():\n make = uuid.uuid4\n return make()", "f()", "uuid.uuid4"),
        ("import time\nclass A:\n clock = staticmethod(time.time)\na = A()", "a.clock()", "time.time"),
        ("import time\ndef f(now=time.time): return now()", "f()", "time.time"),
        ("from functools import partial\nimport time\nf = partial(time.time)", "f()", "time.time"),
        ("fs = [input]", "fs[0]()", "builtins.input"),
        ("", "eval('1')", "builtins.eval"),
        ("import random", "random.random()", "random.random"),
        ("from random import randint", "randint(1, 2)", "random.randint"),
    ],
)
def test_installed_objects_that_code_names_are_resolved(notebook, cell, code, path):
    resolved = {found.path: found for found in notebook.run(cell).read(code).resolved}
    assert path in resolved
    assert resolved[path].value is not MISSING


def test_every_attribute_that_a_function_takes_of_an_installed_class_is_resolved(notebook):
    notebook.run("import datetime as d\ndef f(): return d.datetime.fromtimestamp(0), d.datetime.now()")
    paths = {found.path for found in notebook.read("f()").resolved}
    assert {"datetime.datetime.fromtimestamp", "datetime.datetime.now"} <= paths


def test_every_function_in_a_value_is_followed(notebook):
    notebook.run("fs = [lambda: 'one', lambda: 'two']")
    reading = notebook.read("fs")
    assert len(reading.functions) == 2
    assert {"one", "two"} <= set(reading.strings)


def test_numpy_chains_are_resolved_and_add_their_package(notebook):
    pytest.importorskip("numpy")
    reading = notebook.run("import numpy as np").read("x = np.random.rand(3)")
    assert "numpy.random.rand" in {found.path for found in reading.resolved}
    assert "numpy" in reading.packages


def test_a_module_that_is_not_loaded_is_still_named(notebook):
    name = "xmlrpc.server" if "xmlrpc.server" not in sys.modules else "antigravity"
    notebook.run(f"def f():\n import {name} as s\n return s.thing()")
    reading = notebook.read("f()")
    assert any(found.path.startswith(name.partition(".")[0]) for found in reading.resolved)


def test_another_module_under_the_same_name_is_a_change(digest_of):
    assert digest_of("import math as m", "m.sin(1)") != digest_of("import cmath as m", "m.sin(1)")


def test_random_functions_do_not_read_the_random_state(notebook):
    import random

    notebook.run("from random import randint, random as draw")
    before = notebook.digest("randint(1, 2), draw()")
    random.random()
    assert notebook.digest("randint(1, 2), draw()") == before


def test_a_monkeypatched_installed_function_is_followed(notebook, monkeypatch):
    import json

    notebook.run("import json, functools\ndef f(x): return json.dumps(x)")
    before = notebook.digest("f(1)")
    notebook.run("@functools.wraps(json.dumps)\ndef patched(x): return 'mine'")
    monkeypatch.setattr(json, "dumps", notebook.namespace["patched"])
    first = notebook.digest("f(1)")
    notebook.run("@functools.wraps(json.loads)\ndef patched(x): return 'other'")
    monkeypatch.setattr(json, "dumps", notebook.namespace["patched"])
    assert len({before, first, notebook.digest("f(1)")}) == 3


def test_one_installed_function_put_over_another_is_a_change(notebook, monkeypatch):
    import json

    before = notebook.run("import json").digest("json.dumps(1)")
    monkeypatch.setattr(json, "dumps", json.loads)
    assert notebook.digest("json.dumps(1)") != before


def test_a_mock_put_over_an_installed_function_is_a_change(notebook, monkeypatch):
    import functools
    import json

    before = notebook.run("import json").digest("json.dumps(1)")
    monkeypatch.setattr(json, "dumps", functools.partial(json.dumps, indent=2))
    assert notebook.digest("json.dumps(1)") != before


def test_a_builtin_that_a_kernel_replaces_is_known_by_its_name(notebook, monkeypatch):
    import builtins
    import logging

    monkeypatch.setattr(builtins, "input", logging.getLogger("fpcache").isEnabledFor)
    paths = {found.path for found in notebook.read("input()").resolved}
    assert "builtins.input" in paths


def test_a_plain_setting_of_an_installed_module_counts(notebook, monkeypatch):
    import json

    monkeypatch.setattr(json, "MODE", 1, raising=False)
    before = notebook.run("import json").digest("json.MODE")
    monkeypatch.setattr(json, "MODE", 2)
    assert notebook.digest("json.MODE") != before


# ---------------------------------------------------------------- local modules


@pytest.fixture
def helpers(tmp_path, monkeypatch):
    """Write, import and reload a local module."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "local_helpers.py"

    def write(source: str, reload: bool = True) -> Path:
        path.write_text(source)
        os.utime(path, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns + 10**9 * len(source)))
        importlib.invalidate_caches()
        if "local_helpers" not in sys.modules:
            importlib.import_module("local_helpers")
        elif reload:
            importlib.reload(sys.modules["local_helpers"])
        return path

    yield write
    sys.modules.pop("local_helpers", None)


HELPERS = "import math\nSCALE = 2\nOTHER = 5\ndef inner(x): return x * SCALE\ndef norm(x): return inner(x)\n"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("import local_helpers", "local_helpers.norm(1)"),
        ("import local_helpers as h", "h.norm(1)"),
        ("from local_helpers import norm", "norm(1)"),
        ("import local_helpers as h\ndef f(): return h.norm(1)", "f()"),
        ("def f():\n import local_helpers\n return local_helpers.norm(1)", "f()"),
        ("def f():\n from local_helpers import norm\n return [norm(i) for i in range(2)]", "f()"),
        ("import local_helpers as h\nfs = {'n': h.norm}", "fs['n'](1)"),
    ],
)
def test_a_local_module_is_followed_by_what_is_used_of_it(notebook, helpers, cell, code):
    helpers(HELPERS)
    before = notebook.run(cell).digest(code)
    helpers(HELPERS.replace("OTHER = 5", "OTHER = 6"))
    assert notebook.run(cell).digest(code) == before
    helpers(HELPERS.replace("SCALE = 2", "SCALE = 3"))
    assert notebook.run(cell).digest(code) != before
    helpers(HELPERS.replace("x * SCALE", "x + SCALE"))
    assert notebook.run(cell).digest(code) != before


def test_roots_of_a_local_module_carry_its_name(notebook, helpers):
    helpers(HELPERS)
    roots = roots_of(notebook.run("import local_helpers as h").read("h.norm(1)"))
    assert {"local_helpers:norm", "local_helpers:inner", "local_helpers:SCALE"} == set(roots)
    assert roots["local_helpers:SCALE"].chain[-1] == "local_helpers.SCALE"


def test_a_local_module_used_as_a_whole_counts_as_a_whole(notebook, helpers):
    helpers(HELPERS)
    before = notebook.run("import local_helpers as h").digest("vars(h)")
    helpers(HELPERS.replace("OTHER = 5", "OTHER = 6"))
    assert notebook.digest("vars(h)") != before


def test_an_attribute_that_a_local_module_lacks_is_a_missing_name(notebook, helpers):
    helpers(HELPERS)
    before = notebook.run("import local_helpers as h").digest("h.extra")
    helpers(HELPERS + "extra = 1")
    assert notebook.digest("h.extra") != before


def test_code_that_assigns_into_a_module_reads_and_lists_it(notebook, helpers):
    helpers(HELPERS)
    reading = notebook.run("import local_helpers as h\ndef f(): h.SCALE += 1").read("f()")
    assert ("local_helpers", "SCALE") in reading.stored_globals
    assert "local_helpers:SCALE" in roots_of(reading)


def test_a_module_edited_and_not_reloaded_reads_the_same_and_is_told(notebook, helpers):
    helpers(HELPERS)
    before = notebook.run("import local_helpers as h").read("h.norm(1)")
    helpers(HELPERS.replace("x * SCALE", "x + SCALE"), reload=False)
    after = notebook.read("h.norm(1)")
    assert after.digest == before.digest
    assert (before.changed_on_disk, after.changed_on_disk) == ((), ("local_helpers",))
    helpers(HELPERS.replace("x * SCALE", "x + SCALE"))
    assert notebook.read("h.norm(1)").changed_on_disk == ()


def test_a_module_edited_before_its_first_reading_is_told(notebook, helpers):
    helpers(HELPERS)
    helpers(HELPERS.replace("x * SCALE", "x + SCALE"), reload=False)
    assert notebook.run("import local_helpers as h").read("h.norm(1)").changed_on_disk == ("local_helpers",)


def test_a_comment_added_to_a_module_file_is_no_change(notebook, helpers):
    helpers(HELPERS)
    notebook.run("import local_helpers as h").read("h.norm(1)")
    helpers("# a comment\n" + HELPERS, reload=False)
    assert notebook.read("h.norm(1)").changed_on_disk == ()


def test_namesakes_of_two_modules_are_two_roots(notebook, helpers):
    helpers(HELPERS)
    notebook.run("from local_helpers import norm as theirs\nSCALE = 9\ndef norm(x): return SCALE, theirs(x)")
    roots = roots_of(notebook.read("norm(1)"))
    assert {"SCALE", "local_helpers:SCALE", "norm", "theirs"} <= set(roots)


@pytest.mark.parametrize("cell", ["pass", "a = b = [a, b]"])
def test_two_namespaces_of_one_name_are_kept_apart(notebook, cell):
    first, second = {"__name__": "made"}, {"__name__": "made"}
    for scope, number in ((first, 1), (second, 2)):
        exec(f"N = {number}\ndef f(): return N", scope)
    notebook.namespace.update(a=first["f"], b=second["f"])
    notebook.run(cell)
    before = notebook.digest("a(), b()")
    second["N"] = 3
    assert notebook.digest("a(), b()") != before


# ---------------------------------------------------------------- reading again


def test_reading_again_shows_what_changed_in_place(notebook):
    notebook.run("x = [1]\ny = [2]\ndef f(): x.append(1)")
    before = notebook.read("f(), y")
    assert changed_roots(before, reread(before, notebook.namespace)) == ()
    notebook.run("f()")
    after = reread(before, notebook.namespace)
    assert [root.key for root in changed_roots(before, after)] == ["x"]
    assert after.digest != before.digest


def test_reading_again_keeps_to_the_objects_that_were_read(notebook):
    before = notebook.run("x = [1]").read("x")
    notebook.run("x = [2]")
    assert changed_roots(before, reread(before, notebook.namespace)) == ()


# ---------------------------------------------------------------- other processes

SCRIPT = """
import builtins
from fpcache.fingerprints.reading import read
namespace = {"__name__": "__main__", "__builtins__": builtins}
exec('''
import enum, json
from dataclasses import dataclass, field
class Colour(enum.Flag):
    RED = 1
    BLUE = 2
@dataclass
class Point:
    x: int = 0
    tags: set = field(default_factory=lambda: {"a", "b", "c"})
WORDS = frozenset({"one", "two", "three"})
def helper(x): return x in {"p", "q", "r", "s"} and x in WORDS
def top(x): return helper(x), Point(), Colour.RED, json.dumps(x), len(x)
''', namespace)
code = compile("y = top('a'); z = {k for k in ('u', 'v')}", "cell", "exec")
print(read({"top"}, code, namespace).digest)
"""


def test_processes_with_other_hash_seeds_agree():
    digests = set()
    for seed in ("0", "1", "4321"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        digests.add(done.stdout.strip())
    assert len(digests) == 1


def test_a_copy_of_a_namespace_from_earlier_reads_like_the_namespace_then():
    live = {"__name__": "__main__", "k": 1}
    exec("def f(): return k", live)
    then = read(["f"], None, live).digest
    copy = dict(live)
    live["later"] = 2
    assert read(["f"], None, copy, live=live).digest == then


def test_a_global_bound_since_the_copy_was_made_has_no_earlier_reading():
    live = {"__name__": "__main__", "k": 1}
    exec("def f(): return k", live)
    copy = dict(live)
    live["k"] = 2
    with pytest.raises(UnfingerprintableValueError, match="`k`"):
        read(["f"], None, copy, live=live)
