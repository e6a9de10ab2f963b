"""The algorithm's name, and the numbers that its decision was fitted with."""

from __future__ import annotations

__all__ = ["ALGORITHM", "THRESHOLD", "WITHOUT_VECTORS", "WITH_VECTORS"]

ALGORITHM = "image-1"
THRESHOLD = 0.5

# Weights of a logistic model and its offset: differing bits, differing low bits, agreeing places, cosine.
WITHOUT_VECTORS = ((1.65, 6.98, 4.17), -6.78)
WITH_VECTORS = ((5.25, 4.18, 3.33, 14.86), -15.85)
