"""Makes the comparison with other caches importable, and the scenarios that it runs."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "traps")]
