"""Writes what a kernel's session left; run by ``harness.kernels`` inside the kernel."""

from __future__ import annotations

import json
import os
import sys

from IPython import get_ipython

_here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, _here)
try:
    from inside import probing
finally:
    sys.path.remove(_here)

with open(globals()["OUTPUT"], "w", encoding="utf-8") as file:
    left = {
        "namespace": probing.namespace(get_ipython()),
        "states": probing.random_states(),
        "surroundings": probing.surroundings(),
    }
    json.dump(left, file, default=repr)
