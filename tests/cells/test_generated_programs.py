"""Programs put together by chance never contradict their analysis when they run."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable

import global_bytecode as bytecode
import pytest
import watched_runs as running

from fpcache.cells import compile_component, parse_cell, statements

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")

NAMES = ["a", "b", "c", "e"]


class Author:
    """Writes one program; the seed decides everything."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def program(self) -> str:
        return "\n".join(self.block(depth=0, size=self.random.randint(2, 6)))

    def block(self, depth: int, size: int = 0, in_loop: bool = False) -> list[str]:
        lines: list[str] = []
        for _ in range(size or self.random.randint(1, 3)):
            lines += self.statement(depth, in_loop)
        return lines

    def name(self) -> str:
        return self.random.choice(NAMES)

    def condition(self) -> str:
        self.count += 1
        return f"coin({self.count})"

    def value(self, depth: int = 0) -> str:
        n, v = self.name, self.value
        if depth > 2:
            return self.random.choice([n(), "1"])
        forms: list[Callable[[], str]] = [
            lambda: "1",
            n,
            n,
            lambda: f"pair({v(depth + 1)}, {v(depth + 1)})",
            lambda: f"({n()} := {v(depth + 1)})",
            lambda: f"({v(depth + 1)} if {self.condition()} else {v(depth + 1)})",
            lambda: f"({self.condition()} and {v(depth + 1)})",
            lambda: f"({self.condition()} or {v(depth + 1)})",
            lambda: f"{{{v(depth + 1)}: {v(depth + 1)}, {v(depth + 1)}: {v(depth + 1)}}}",
            lambda: f"[{v(depth + 1)} for _ in few({self.condition()}) if {v(depth + 1)}]",
            lambda: f"[{n()} for {n()} in few({v(depth + 1)})]",
            lambda: f"list({v(depth + 1)} for _ in few({v(depth + 1)}))",
            lambda: f"(lambda {n()}=1: {n()})()",
            lambda: f"({v(depth + 1)} is {v(depth + 1)} is {v(depth + 1)})",
        ]
        return self.random.choice(forms)()

    def statement(self, depth: int, in_loop: bool) -> list[str]:
        simple = [self.assign, self.assign, self.assign, self.augment, self.delete, self.show, self.unpack]
        compound = [
            self.if_,
            self.for_,
            self.while_,
            self.try_,
            self.with_,
            self.match,
            self.def_,
            self.class_,
        ]
        if in_loop and self.random.random() < 0.2:
            return [f"if {self.condition()}: {self.random.choice(['break', 'continue'])}"]
        if depth >= 3 or self.random.random() < 0.5:
            return self.random.choice(simple)()
        return self.random.choice(compound)(depth, in_loop)

    def assign(self) -> list[str]:
        return [f"{self.name()} = {self.value()}"]

    def augment(self) -> list[str]:
        return [f"{self.name()} += {self.value()}"] if self.random.random() < 0.5 else self.assign()

    def unpack(self) -> list[str]:
        return [f"{self.name()}, *{self.name()} = few({self.value()})"]

    def delete(self) -> list[str]:
        return [f"del {self.name()}"]

    def show(self) -> list[str]:
        return [self.value()]

    def inner(self, depth: int, in_loop: bool) -> list[str]:
        return ["    " + line for line in self.block(depth + 1, in_loop=in_loop)]

    def if_(self, depth: int, in_loop: bool) -> list[str]:
        lines = [f"if {self.value()} is {self.condition()}:", *self.inner(depth, in_loop)]
        if self.random.random() < 0.5:
            lines += [f"elif {self.condition()}:", *self.inner(depth, in_loop)]
        return [*lines, "else:", *self.inner(depth, in_loop)] if self.random.random() < 0.5 else lines

    def orelse(self, depth: int, in_loop: bool) -> list[str]:
        return ["else:", *self.inner(depth, in_loop)] if self.random.random() < 0.4 else []

    def for_(self, depth: int, in_loop: bool) -> list[str]:
        items = self.random.choice(["(1, 2)", f"few({self.value()})", "'x'"])
        head = f"for {self.name()} in {items}:"
        return [head, *self.inner(depth, True), *self.orelse(depth, in_loop)]

    def while_(self, depth: int, in_loop: bool) -> list[str]:
        test = self.random.choice([self.condition(), "True", f"({self.name()} := {self.condition()})"])
        return [f"while {test}:", "    tick()", *self.inner(depth, True), *self.orelse(depth, in_loop)]

    def try_(self, depth: int, in_loop: bool) -> list[str]:
        lines = ["try:", *self.inner(depth, in_loop), f"    fail({self.condition()})"]
        lines += self.inner(depth, in_loop)
        star = self.random.random() < 0.2
        in_handler = in_loop and not star
        if self.random.random() < 0.8:
            kind = "except*" if star else "except"
            lines += [f"{kind} ValueError as {self.name()}:", *self.inner(depth, in_handler)]
            lines += [f"{kind} (NameError, TypeError):", *self.inner(depth, in_handler)]
            return lines + self.orelse(depth, in_loop) + self.finally_(depth)
        return lines + (self.finally_(depth) or ["finally:", "    pass"])

    def finally_(self, depth: int) -> list[str]:
        return ["finally:", *self.inner(depth, False)] if self.random.random() < 0.4 else []

    def with_(self, depth: int, in_loop: bool) -> list[str]:
        manager = self.random.choice(["swallow", "keep"])
        head = f"with {manager}({self.value()}) as {self.name()}, {manager}({self.value()}):"
        return [head, *self.inner(depth, in_loop), f"    fail({self.condition()})"]

    def match(self, depth: int, in_loop: bool) -> list[str]:
        cases = [f"case {self.name()} if {self.value()} is {self.condition()}:", "case 1:", "case [*_]:"]
        lines = [f"match {self.value()}:"]
        for case in [*cases, "case _:"][: self.random.randint(1, 4)]:
            lines += [f"    {case}", *("    " + line for line in self.inner(depth, in_loop))]
        return lines

    def def_(self, depth: int, in_loop: bool) -> list[str]:
        name = self.name()
        head = [f"def {name}({self.name()}=1):", f"    return {self.value()}"]
        declared = self.random.choice(NAMES)
        if declared not in head[0].partition("(")[2] and self.random.random() < 0.5:
            head.insert(1, f"    global {declared}")
        return [*head, f"pair({name}(), 1)"]

    def class_(self, depth: int, in_loop: bool) -> list[str]:
        return [f"class {self.name()}:", *self.inner(depth, False)]


class _Earlier:
    """A value of its own, so that a binding that no mapping sees still shows."""

    def __add__(self, other: object) -> int:
        return 1


class _Swallow:
    def __init__(self, swallows: bool) -> None:
        self.swallows = swallows

    def __enter__(self) -> int:
        return 1

    def __exit__(self, *_: object) -> bool:
        return self.swallows


def _space(seed: int) -> dict[str, object]:
    chance = random.Random(seed)
    ticks = iter(range(40))

    def fail(when: object) -> None:
        if when:
            raise ValueError

    def few(_: object) -> list[int]:
        return list(range(chance.randint(0, 3)))

    tools: dict[str, object] = {
        "coin": lambda _: chance.random() < 0.5,
        "pair": lambda left, right: 1,
        "few": few,
        "fail": fail,
        "tick": lambda: next(ticks),
        "swallow": lambda _: _Swallow(True),
        "keep": lambda _: _Swallow(False),
        "__name__": "__main__",
    }
    return {**tools, **{name: _Earlier() for name in NAMES if chance.random() < 0.8}}


@pytest.mark.parametrize("batch", range(10))
def test_no_run_contradicts_the_analysis(batch: int) -> None:
    finished = 0
    for seed in range(batch * 60, batch * 60 + 60):
        text = Author(seed).program()
        try:
            compile(text, "<generated>", "exec")
        except SyntaxError:
            continue
        for chance in range(4):
            for outcome in running.outcomes(text, _space(chance), whole=True):
                assert list(outcome.problems()) == [], text
                finished += outcome.error is None
    assert finished > 10


@pytest.mark.parametrize("batch", range(10))
def test_the_analysis_covers_the_bytecode(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_surely_iterates", lambda node: False)
    for seed in range(batch * 60 + 7000, batch * 60 + 7060):
        text = Author(seed).program()
        try:
            tree = ast.parse(text)
            cell = parse_cell(tree.body, text, whole=True)
            code = compile_component(cell, cell.components[0], "<generated>")
        except SyntaxError:
            continue
        use = bytecode.global_use(code)
        own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)} | use.nested_stores
        names = cell.components[0].names
        assert use.may_read - own <= names.reads, text
        assert names.binds - own <= (use.surely_bound or names.binds), text
