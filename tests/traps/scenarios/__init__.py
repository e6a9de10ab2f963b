"""Small scenarios on which a cache of cells can go wrong, as data.

Each ``Trap`` has cells, one judged statement among them, a change, and a
verdict: R must run again, H should hit, E must leave what a run leaves.
"""

from __future__ import annotations

from .code import CODE
from .effects import EFFECTS
from .flow import FLOW
from .live import LIVE
from .store import STORE_TESTS
from .training import TRAINING
from .trap import Trap
from .values import VALUES
from .world import WORLD

__all__ = ["STORE_TESTS", "TRAPS", "Trap"]

TRAPS: tuple[Trap, ...] = (*CODE, *VALUES, *WORLD, *EFFECTS, *FLOW, *LIVE, *TRAINING)
