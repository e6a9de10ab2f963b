"""What the tests of fingerprints ask, and what they make to ask about."""

from __future__ import annotations

from fpcache.hf.stable import stable_report

__all__ = ["holding", "ignored", "print_of", "report", "taken"]


def report(function, arguments=None, **wishes):
    return stable_report(function, arguments or {}, settings={}, **wishes)


def print_of(function, arguments=None, **wishes):
    return report(function, arguments, **wishes).fingerprint


def holding(value):
    def rows():
        yield value

    return rows


def taken(found, how):
    return {one.name for one in found.taken if one.how == how}


def ignored(found):
    return {one.name: one.reason for one in found.ignored}
