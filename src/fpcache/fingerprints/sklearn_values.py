"""scikit-learn: estimators by parameters and fitted attributes.

Their own ``__getstate__`` adds the library's version, which belongs to the
packages and not to the value.
"""

from __future__ import annotations

from fpcache.fingerprints.instances import encode_plain

__all__ = ["encode_estimator"]

encode_estimator = encode_plain
