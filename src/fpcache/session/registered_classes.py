"""Installed classes that the notebook registers with installed abstract ones: ``Sequence.register(ndarray)``.

Packages register many as they are imported; these are what the package is. What
was registered while nothing was imported, or by code that names ``register``, is
the notebook's doing, and counts for all code that runs code of packages.
"""

from __future__ import annotations

import abc
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from fpcache.fingerprints.abstract_classes import installed_pairs

__all__ = ["RegisteredClasses"]


@dataclass(slots=True)
class RegisteredClasses:
    """Tells which registrations among installed classes are the notebook's.

    Attributes
    ----------
    is_in_doubt : bool
        Whether local code that may register classes was imported since the last look.
    """

    is_in_doubt: bool = False
    _known: frozenset[tuple[str, str]] = field(default_factory=installed_pairs)
    _token: object = field(default_factory=abc.get_cache_token)
    _modules: int = field(default_factory=lambda: len(sys.modules))
    _own: frozenset[tuple[str, str]] = frozenset()

    def see(self, names_register: Callable[[], bool] = bool) -> None:
        """Look for new registrations.

        Parameters
        ----------
        names_register : callable
            Says whether code that ran since may have made some; asked only where modules were imported.
        """
        modules, self._modules = self._modules, len(sys.modules)
        is_in_doubt, self.is_in_doubt = self.is_in_doubt, False
        if self._token == abc.get_cache_token():
            return
        self._token = abc.get_cache_token()
        present = installed_pairs()
        new = present - self._known
        if new and (modules == self._modules or is_in_doubt or names_register()):
            self._own |= new
        self._known = present
        self._own &= present

    def own(self) -> list[tuple[str, str]]:
        """Return the notebook's registrations: abstract class and class, by name."""
        self.see()
        return sorted(self._own)
