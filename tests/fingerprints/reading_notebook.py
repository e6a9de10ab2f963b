"""A small notebook: a namespace that cells run in and readings look at."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from fpcache.fingerprints.code_objects import code_facts
from fpcache.fingerprints.reading import read
from fpcache.fingerprints.records import Reading


def _fresh_namespace() -> dict[str, Any]:
    return {"__name__": "__main__", "__builtins__": builtins}


@dataclass
class Notebook:
    """Runs cells in one namespace and reads what an expression depends on."""

    namespace: dict[str, Any] = field(default_factory=_fresh_namespace)

    def run(self, source: str) -> Notebook:
        exec(compile(source, "<ipython-input-1>", "exec"), self.namespace)
        return self

    def read(self, source: str, **options: Any) -> Reading:
        code = compile(source, "<ipython-input-2>", "exec")
        used = {use.head for use in code_facts(code).uses}
        names = {name for name in used if name in self.namespace or hasattr(builtins, name)}
        names |= {name for name in used if name.startswith("absent")}
        return read(names, code, self.namespace, **options)

    def digest(self, source: str, **options: Any) -> str:
        return self.read(source, **options).digest


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def digest_of() -> Callable[[str, str], str]:
    """Digest what an expression reads, in a notebook of its own that ran one cell."""
    return lambda cell, expression: Notebook().run(cell).digest(expression)
