"""What static reading does not see, case by case: inputs, effects, and what differs from run to run.

Each case is a ``Trap``, under the item that it belongs to. ``INPUTS`` and
``EFFECTS`` have one key for every kind of hidden input and hidden effect that
fpcache says it finds or refuses.
"""

from __future__ import annotations

from .addresses import ADDRESSES
from .effects import EFFECTS as CHANGED
from .entropy import ENTROPY
from .inputs import INPUTS as READ
from .modules import MODULES

__all__ = ["CASES", "EFFECTS", "INPUTS"]

INPUTS = {**READ, **ADDRESSES, **ENTROPY}
EFFECTS = {**CHANGED, **MODULES}
CASES = tuple(case for items in (INPUTS, EFFECTS) for cases in items.values() for case in cases)
