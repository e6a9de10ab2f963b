"""What every session would do first, done once: importing this makes a waiting process ready for programs.

Only facts about what is installed are looked up; nothing of a session is begun.
"""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from types import ModuleType


def _use_frames() -> None:
    pandas = import_module("pandas")
    frame = pandas.DataFrame({"x": [1, 2], "y": [0.5, 1.5]})
    repr(frame), frame._repr_html_(), repr(frame["x"]), frame.describe(), frame.groupby("x").sum()
    frame.query("x > 1").loc[0:1, "x"].to_numpy().sum()


def _look_at_installed() -> None:
    from fpcache.dependencies.local_modules import note_modules
    from fpcache.fingerprints.locality import is_local_module
    from fpcache.fingerprints.packages import package_versions
    from fpcache.fingerprints.registry import look_up

    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and getattr(module, "__spec__", None) is not None:
            is_local_module(module)
    package_versions(["numpy", "pandas", "IPython"])
    look_up(type(_look_at_installed))
    note_modules()
    inspect.getsource(_look_at_installed)  # remembers which module is in which file


_use_frames()
_look_at_installed()
