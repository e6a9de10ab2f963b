"""Capture what a component's run left, and apply it instead of running."""

from __future__ import annotations
