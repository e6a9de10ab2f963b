"""The algorithm's name, and the numbers that its decision was fitted with."""

from __future__ import annotations

__all__ = ["ALGORITHM", "OFFSET", "THRESHOLD", "WEIGHTS"]

ALGORITHM = "video-1"
THRESHOLD = 0.5

# Weights of a logistic model: evidence, likeness, sound that agrees; and its offset.
WEIGHTS = (4.0, 4.0, 1.0)
OFFSET = -5.0
