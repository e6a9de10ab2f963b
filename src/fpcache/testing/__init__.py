"""Conformance suites that extensions of fpcache can subclass in their own tests."""

from __future__ import annotations

from fpcache.testing.store import StoreTests, an_entry

__all__ = ["StoreTests", "an_entry"]
