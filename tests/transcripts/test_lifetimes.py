"""Objects die with their last name: nothing that fpcache made keeps them until a collection."""

from __future__ import annotations

from itertools import chain

import pytest

from fpcache.testing.sessions import Do, Interrupt, Run, expect
from fpcache.testing.sessions.edits import run_twice

START = """
import copy, threading, time, weakref
class Node:
    def __init__(self, held=None): self.held = held
    def grow(self): self.held = [1]
class Other(Node): pass
class Ending(Node):
    def __del__(self): log.append('an end')
log = []
def watched(name, held=None, kind=Node):
    node = kind(held)
    weakref.finalize(node, log.append, name)
    return node
def use(node): return [node.held, 1]
def fail(node): raise ValueError('no')
def give(node): return (n for n in [node])
def gives(node):
    for n in range(3): yield node
def work(node):
    inner = [node, Node()]
    inner.append(inner[1])
    return len(inner)
def watch(made, name):
    for node in made if isinstance(made, list) else [made]:
        if isinstance(node, Node): weakref.finalize(node, log.append, name)
def read(): return len([b, own])
"""
MADE = """
own, lock = watched({0!r} + ' itself'), threading.Lock()
a = watched({0!r} + ', below'); b = watched({0!r} + ', with a lock', [a, dict(k=[lock])])
many = [watched({0!r} + f', number {{n}}') for n in range(3)]
end = watched({0!r} + ', with an end', [], Ending); ref = weakref.ref(own); r = 0
"""
NAMES = "own, lock, a, b, many, end, ref"
FATES = {
    "a value": ("r = use(own)", "hit"),
    "a copy": ("r = copy.copy(own)", "hit"),
    "a new object": ("r = Node(own)", "hit"),
    "a mutation": ("own.grow()", "hit"),
    "an output": ("print(len(use(own)))", "hit"),
    "a function": ("r = work(own)", "hit"),
    "another class": ("own.__class__ = Other", "hit"),
    "several": ("r = [own, own.held, many[0]]", "hit"),
    "new ones": ("r = [Node([1]), Node([own])]", "hit"),
    "a closure": ("r = (lambda o: lambda: o)(own)", "hit"),
    "caught": ("if own:\n    try: fail(own)\n    except ValueError as error: r = str(error)", "hit"),
    "one that ends": ("r = [end.held, own]", "hit"),
    "a new one that ends": ("r = Ending(own)", "uncacheable"),
    "one with a lock": ("r = len(use(b))", "uncacheable"),
    "one deep in a list": ("r = len([own, many, b])", "uncacheable"),
    "one that a function reads": ("r = read()", "uncacheable"),
    "a weakref": ("r = [ref, own, 1]", "uncacheable"),
    "a generator": ("r = give(own)", "uncacheable"),
    "a generator that began": ("r = [gives(own)]", "uncacheable"),
    "a lock in the result": ("r = [own, threading.Lock()]", "uncacheable"),
    "a lock given to it": ("own.held = threading.Lock()", "uncacheable"),
    "the clock": ("r = [time.time() > 0, own, time.ctime() > '']", "uncacheable"),
    "evaluated": ("r = eval('own.held')", "uncacheable"),
}
QUIET = Do("import gc; gc.disable()")


def _parts(name: str, statement: str) -> list[str]:
    return [
        MADE.format(name),
        statement,
        f"watch(r, {name!r} + ', made')",
        "r = 0",
        f"del {NAMES}",
        "print(log)",
    ]


def _run(transcript, parts: list[object]) -> Run:
    _, warm = run_twice(transcript, [QUIET, START, *parts])
    return warm


@pytest.mark.parametrize("is_one_cell", [False, True], ids=["cells", "one cell"])
def test_whatever_becomes_of_a_statement(transcript, is_one_cell):
    fates = [_parts(name, statement) for name, (statement, _) in FATES.items()]
    warm = _run(transcript, ["\n".join(parts) for parts in fates] if is_one_cell else [*chain(*fates)])
    expect(warm, {statement.split("\n")[0][:38]: status for statement, status in FATES.values()})


FAILING = {
    "it raises": "r = fail(own)",
    "in the middle": "r = use(own)\nr = fail(own)",
    "interrupted": Interrupt("r = use(own)\ntime.sleep(20)", after_s=0.7),
    "interrupted within": Interrupt("r = [work(own), time.sleep(20)]", after_s=0.7),
}


@pytest.mark.parametrize("statement", list(FAILING.values()), ids=list(FAILING))
def test_a_statement_that_fails(transcript, statement):
    made, _, *rest = _parts("an object", "")
    # The traceback keeps it, too, until there is another one.
    _run(transcript, [made, statement, "1 / 0", *rest])


SPENT = """
from importlib import import_module
from fpcache.session.governor import AllowanceSpentError
def limited(limit_s, what):
    left = {}
    def check(ahead_s):
        nonlocal left
        left -= 1
        if left < 0:
            raise AllowanceSpentError(what, limit_s)
    return check
import_module("fpcache.session.governor")._limited = limited
"""
BROKEN = """
from importlib import import_module
def broken(self, *_): raise RuntimeError("broken")
import_module("fpcache.fingerprints.encoder").Encoder.enter_dict = broken
"""
PLAIN = "from fpcache.testing.programs.forcing import force; force(0, 1, 1)"


def test_a_statement_that_is_not_looked_at_to_its_end(transcript):
    parts: list[object] = []
    for left in (1, 2, 3, 5, 8, 12, 16, 20, 25, 30):
        parts += [
            Do(SPENT.format(left)),
            *_parts(f"after {left}", "r = [own, own.held, [many, many[0].held]]"),
        ]
    _run(transcript, parts)


@pytest.mark.parametrize("how", [BROKEN, PLAIN], ids=["a fault", "plain"])
def test_a_statement_that_is_not_looked_at(transcript, how):
    _run(transcript, [Do(how), *_parts("an object", "r = use(own)")])
