"""What of the standard library was replaced, and by what."""

from __future__ import annotations

import json
import os.path
import sys
import types

from IPython import get_ipython

from fpcache.session.standard_parts import StandardParts


def other(path):
    return True


def test_what_stands_there_now_is_told_and_what_was_put_back_is_not(monkeypatch):
    parts = StandardParts()
    assert parts.replaced() == {}
    assert parts.digest() == ""
    monkeypatch.setattr(os.path, "exists", other)
    monkeypatch.delattr(json, "dumps")
    assert parts.replaced() == {"json.dumps": None, f"{os.path.__name__}.exists": other}
    assert parts.digest() != ""
    monkeypatch.undo()
    assert parts.digest() == ""


def test_equal_replacements_have_one_digest_and_others_another(monkeypatch):
    digests = []
    for source in ("lambda path: True", "lambda path : True", "lambda path: False"):
        parts = StandardParts()
        monkeypatch.setattr(os.path, "exists", eval(source, {"__name__": "__main__"}))
        digests.append(parts.digest())
        monkeypatch.undo()
    assert digests[0] == digests[1] != digests[2]


def test_what_can_not_be_told_apart_matches_in_no_process(monkeypatch):
    class Stateful:
        def __init__(self):
            self.lines = (line for line in "ab")

        def __call__(self, path):
            return next(self.lines)

    one, another = StandardParts(), StandardParts()
    monkeypatch.setattr(os.path, "exists", Stateful())
    assert one.digest() == one.digest() != another.digest()


def test_a_module_that_is_loaded_later_is_known_from_then_on(monkeypatch):
    parts = StandardParts()
    late = types.ModuleType("json.late")
    late.first = late.second = json.loads
    monkeypatch.setitem(sys.modules, "json.late", late)
    late.kept = other
    assert list(parts.replaced()) == ["json.late.kept"]
    late.first = other
    assert list(parts.replaced()) == ["json.late.first", "json.late.kept"]


def test_a_package_that_puts_its_own_there_is_left_alone(monkeypatch):
    parts = StandardParts()
    monkeypatch.setattr(os.path, "exists", get_ipython)
    assert parts.digest() == ""
