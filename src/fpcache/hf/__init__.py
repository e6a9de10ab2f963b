"""Stable fingerprints for Hugging Face datasets that are made by code."""

from __future__ import annotations

from fpcache.hf.generators import explain, from_generator, report_of
from fpcache.hf.reports import Ignored, Report, Taken
from fpcache.hf.transforms import Hasher

__all__ = ["Hasher", "Ignored", "Report", "Taken", "explain", "from_generator", "report_of"]
