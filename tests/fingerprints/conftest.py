"""Make the sample modules of this folder importable, also in child processes."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from reading_notebook import digest_of, notebook  # noqa: F401  (fixtures)
