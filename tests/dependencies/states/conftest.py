"""Runs code as a component under one probe, with a real reading of what it names."""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from fpcache.dependencies import random_states
from fpcache.dependencies.context import Context
from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints.reading import read


def context_of(source: str, namespace: dict[str, Any], **settings: Any) -> Context:
    code = compile(source, "<cell>", "exec")
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    names = {node.id for node in nodes if isinstance(node.ctx, ast.Load)}
    try:
        reading = read(names, code, namespace)
    except UnfingerprintableValueError:
        return Context(namespace=namespace, cell_text=source, settings=settings)
    return Context(
        reading=reading, namespace=namespace, strings=reading.strings, cell_text=source, settings=settings
    )


class Cells:
    """A namespace in which sources run, watched by one probe."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}

    def live(self, source: str) -> None:
        exec(compile(source, "<live>", "exec"), self.namespace)

    def run(self, source: str, **settings: Any) -> SimpleNamespace:
        context = context_of(source, self.namespace, **settings)
        probe = self.module.probe(context)
        probe.start()
        try:
            self.live(source)
        finally:
            probe.stop()
        seen = probe.observation()
        return SimpleNamespace(
            seen=seen,
            context=context,
            names=sorted(d.name for d in seen.dependencies),
            reasons=[r.reason for r in seen.refusals],
            broken=lambda **now: self.broken(seen, **now),
            apply=lambda: [self.module.apply(effect, Context()) for effect in seen.effects],
        )

    def broken(self, seen: Any, **settings: Any) -> str | None:
        found = (
            self.module.check(d, Context(settings=settings)) for d in seen.dependencies if d.kind != "waiver"
        )
        return next((reason for reason in found if reason is not None), None)


@pytest.fixture
def cells() -> Callable[[ModuleType], Cells]:
    return Cells


@pytest.fixture
def scan() -> Callable[..., list[str]]:
    """Scan a source, after some live code, and return the reasons for which it is refused."""
    from fpcache.dependencies import volatile

    def scanned(source: str, live: str = "", explicit_only: bool | None = None) -> list[str]:
        import linecache

        name = f"<live {abs(hash(live))}>"
        namespace: dict[str, Any] = {"__name__": "__main__"}
        linecache.cache[name] = (len(live), None, live.splitlines(keepends=True), name)
        exec(compile(live, name, "exec"), namespace)
        found = volatile.scan(context_of(source, namespace))
        return [r.reason for r in found if explicit_only is None or r.explicit_ok is explicit_only]

    return scanned


@pytest.fixture(autouse=True)
def _states_are_left_alone():
    before = random_states.snapshot()
    yield
    random_states.end()
    for name, state in before.items():
        random_states.source(name).write(state)
