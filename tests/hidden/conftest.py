"""Makes the cases importable, and the record of a trap that they are made of."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "traps")]
