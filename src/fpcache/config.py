"""The traits behind ``c.FPCache.*`` and ``%config FPCache``."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Enum, Float, observe
from traitlets.config import Configurable

from fpcache.session.settings import Settings, min_seconds_default

__all__ = ["FPCache"]


class FPCache(Configurable):
    """fpcache's settings; a change takes effect with the next cell."""

    enabled = Bool(True, help="Whether anything is cached.").tag(config=True)
    auto = Bool(False, help="Whether cells without %%fpcache are cached too.").tag(config=True)
    min_seconds = Float(help="Statements quicker than this run for real; 0 caches all.", min=0.0).tag(
        config=True
    )
    unseeded = Enum(
        ("auto", "replay", "run"),
        "auto",
        help="Whether a new kernel's unseeded random state starts where the recorded one did.",
    ).tag(config=True)
    show_status = Enum(
        ("explicit", "always", "never"), "explicit", help="Which cells end with a status line."
    ).tag(config=True)

    def __init__(self, settings: Settings, **kwargs: Any) -> None:
        self.settings = settings
        super().__init__(**kwargs)
        for name in self.class_trait_names(config=True):
            setattr(settings, name, getattr(self, name))

    def _min_seconds_default(self) -> float:
        return min_seconds_default()

    @observe("enabled", "auto", "min_seconds", "unseeded", "show_status")
    def _pass_on(self, change: Any) -> None:
        setattr(self.settings, change["name"], change["new"])
