"""The algorithm's name, and the numbers that its decision was fitted with."""

from __future__ import annotations

__all__ = ["ALGORITHM", "THRESHOLD", "WITHOUT_VECTORS", "WITH_VECTORS"]

ALGORITHM = "image-1"
THRESHOLD = 0.5

# Weights of a logistic model and its offset: differing bits, differing low bits, agreeing places, cosine.
WITHOUT_VECTORS = ((10.0, 5.0, 3.0), -14.0)
WITH_VECTORS = ((8.0, 4.0, 3.0, 12.0), -20.0)
