"""A class that is defined anew is another class, and objects of the old one stay what they were."""

from __future__ import annotations

import pytest
from daily import daily

from fpcache.testing.sessions import expect
from fpcache.testing.sessions.edits import run_twice

GIVEN = {
    "one object": "a.__class__ = C",
    "the same": "a.__class__ = S",
    "in a function": "give(a, C)",
    "of globals": "give_all()",
    "in a loop": "for o in held: o.__class__ = C",
    "by setattr": "setattr(a, '__class__', C)",
    "by object's own": "object.__setattr__(a, '__class__', C)",
    "of another name": "a.__class__ = D",
    "a base": "k.__class__ = C",
    "with an attribute": "a.n, a.__class__ = 3, C",
    "a list": "many.__class__ = More",
    "slots": "s.__class__ = Slots",
    "back again": "if a: was = type(a); a.__class__ = C; a.__class__ = was",
    "taken out": "if held: o = held.pop(); o.__class__ = C",
    "forgotten": "held.pop(0).__class__ = C",
    "in a closure": "change()",
}
DEFINED = """
    class C:
        n = 1
        def f(self): return 1
    class S: n = 1
    class K(C): pass
    class Many(list): pass
    class Slots: __slots__ = 'p',
    class Error(ValueError): pass
    # %%
    a, e, k, s, many, error = C(), S(), K(), Slots(), Many([1]), Error('x')
    held = [a, C(), C()]
    # %%
    class C:
        n = 1
        def f(self): return 2
    class S: n = 1
    class D: n = 1; f = C.f
    class More(list): pass
    class Slots: __slots__ = 'p',
    class Error(ValueError): note = 2
    def give(o, kind): o.__class__ = kind
    def give_all():
        for o in held: o.__class__ = C
    def closed(o):
        def change(): o.__class__ = C
        return change
    # %%
    change = closed(held[1])
    # %%
    {statement}
    # %%
    [(type(o).__name__, isinstance(o, C), isinstance(o, (S, Error, Slots)), getattr(o, '__dict__', {}).copy()) for o in [a, e, k, s, many, error, *held]]
    # %%
    [o.f() for o in held], a.f() if hasattr(a, 'f') else 0, many, error.args
"""


@pytest.mark.parametrize("statement", daily(GIVEN, 10))
def test_an_object_is_given_another_class(transcript, statement):
    _, warm = run_twice(transcript, DEFINED.replace("{statement}", statement))
    expect(warm, {statement[:38]: "hit"})


REFUSED = {
    "a class": ("class M(type): pass\nclass N(type): pass\nclass O(metaclass=N): pass", "O.__class__ = M"),
    "another base": (
        "class K(C): pass\nk = K()\nclass C: n = 3\ndef f(): K.__bases__ = (C,); return 1",
        "r = f()",
    ),
    "an equal base": (
        "class K(C): pass\nk = K()\nclass C: n = 2\ndef f(): K.__bases__ = (C,); return 1",
        "r = f()",
    ),
    "a class's name": (
        "class K(C): pass\nk = K()\ndef f(): K.__name__ = 'L'; return 1",
        "r = f()",
    ),
    "a class's path": (
        "class K(C): pass\nk = K()\ndef f(): K.__qualname__ = 'L'; return 1",
        "r = f()",
    ),
    "a class's attribute": (
        "class K(C): pass\nk = K()\ndef f(): K.n = 'L'; return 1",
        "r = f()",
    ),
    "an exception": (
        "error = ValueError(a)\nclass X(ValueError): pass\nclass Y(ValueError): pass\nx = X()",
        "x.__class__ = Y",
    ),
    "a module by setattr": (
        "import helper, types\nclass M(types.ModuleType): pass\ndef f(m):\n    setattr(m, '__class__', M)\n    return 1",
        "r = f(helper)",
    ),
    "a module by its own": (
        "import helper, types\nclass M(types.ModuleType): pass",
        "r = 1, helper.__setattr__('__class__', M)",
    ),
    "a module by object's own": (
        "import helper, types\nclass M(types.ModuleType): pass\ndef f(m):\n    object.__setattr__(m, '__class__', M)\n    return 1",
        "r = f(helper)",
    ),
    "a module's attribute": (
        "import helper\ndef f(m):\n    m.__setattr__('n', 3)\n    return 1",
        "r = f(helper)",
    ),
    "a module": ("import helper, types\nclass M(types.ModuleType): pass", "helper.__class__ = M"),
    "a module in a function": (
        "import helper, types\nclass M(types.ModuleType): pass\ndef f(m):\n    m.__class__ = M\n    return 1",
        "r = f(helper)",
    ),
    "a class of its own": ("", "a.__class__ = type('X', (C,), {})"),
}


@pytest.mark.parametrize(("before", "statement"), daily(REFUSED, 5))
def test_a_class_that_no_replay_can_give(transcript, before, statement):
    before = before.replace("\n", "\n        ")
    asked = "type(helper).__name__, helper.n" if "helper" in before else "0"
    if "K" in before:
        asked = "isinstance(k, C), k.n, K.__name__, repr(K)"
    cells = f"""
        class C: n = 1
        a = C()
        # %%
        class C: n = 2
        {before}
        # %%
        {statement}
        # %%
        type(a).__name__, a.n, type(C).__name__, isinstance(a, C), {asked}
    """
    transcript.files = {"helper.py": "n = 1"}
    _, warm = run_twice(transcript, cells)
    expect(warm, {statement[:38]: "uncacheable"})


USED = {
    "in a list": ("b = [a]", "type(b[0]) is C, b[0].f(), b[0] is a"),
    "a copy": ("b = copy.copy(a)", "type(b) is C, b.f(), type(b) is type(a)"),
    "a deep copy": ("b = copy.deepcopy([a, a])", "type(b[0]) is C, b[0].f(), b[0] is b[1]"),
    "its class": ("b = type(a)", "b is C, b().f()"),
    "a new one": ("b = type(a)()", "type(b) is C, b.f()"),
    "asked": ("b = isinstance(a, C)", "b"),
    "both": ("b = [type(a)(), C()]", "[(type(o) is C, o.f()) for o in b]"),
    "a closure": ("b = make()", "type(b) is C, b.f()"),
    "a closure itself": ("b = maker()", "type(b()) is C, b().f()"),
    "a default": ("b = default()", "type(b) is C, b.f()"),
    "a subclass": ("b = K()", "isinstance(b, C), b.f()"),
    "a method": ("b = a.f", "b(), b.__self__ is a"),
    "a data class": ("b = d == D(1), d == copy.copy(d)", "b"),
    "a replaced data class": ("b = dataclasses.replace(d, n=2)", "type(b) is D, b"),
    "a member": ("b = e is E.A, e == E.A, e in list(E), E(1) is e", "b"),
    "a member in a list": ("b = [e, E.A]", "b[0] is b[1], type(b[0]) is E, b[0] is e, b[1] is E.A"),
    "members as keys": ("b = {e: 1, E.A: 2}", "len(b), [k is E.A for k in b]"),
    "the class of a member": ("b = list(type(e))", "b[0] is e, b[0] is E.A"),
    "a named tuple": ("b = p._replace(x=2)", "type(b) is P, b, isinstance(b, type(p))"),
    "a named tuple in a list": ("b = [p, P(1)]", "[type(o) is P for o in b], b[0] is p"),
    "caught": ("b = caught()", "b"),
    "caught by the old one": ("b = catch_old()", "b"),
    "an error": ("b = [error]", "isinstance(b[0], X), b[0] is error"),
    "a new error": ("b = type(error)('y')", "isinstance(b, X), b.args"),
    "dispatched": ("b = told(a), told(C())", "b"),
    "matched": ("b = match(a), match(C())", "b"),
    "an object's attribute": ("b = types.SimpleNamespace(o=a)", "type(b.o) is C, b.o is a"),
    "a partial": ("b = functools.partial(type(a))", "type(b()) is C, b().f()"),
    "a frame": ("b = np.array([a, C()], dtype=object)", "[type(o) is C for o in b]"),
    "kept in a class": ("b = Box.kind()", "type(b) is C, b.f()"),
}


@pytest.mark.parametrize(
    "new", [pytest.param("2", id="another"), pytest.param("1", id="an equal one", marks=pytest.mark.nightly)]
)
@pytest.mark.parametrize(("statement", "asked"), list(USED.values()), ids=list(USED))
def test_an_object_of_the_old_class_stays_one(transcript, statement, asked, new):
    cells = f"""
        import collections, copy, dataclasses, enum, functools, types, numpy as np
        from typing import NamedTuple
        # %%
        class C:
            def f(self): return 1
        def close(kind):
            def make(): return kind()
            return make
        def maker(kind=C):
            def make(): return kind()
            return make
        def default(kind=C): return kind()
        class K(C): pass
        @dataclasses.dataclass
        class D: n: int
        class E(enum.Enum): A = 1
        class P(NamedTuple): x: int
        class X(ValueError): n = 1
        class Box: kind = C
        @functools.singledispatch
        def told(o): return 'other'
        @told.register
        def _(o: C): return 'old'
        def catch_old(kind=X):
            try: raise type(error)('y')
            except kind: return 'old'
            except ValueError: return 'other'
        # %%
        make, a, d, e, p, error = close(C), C(), D(1), E.A, P(1), X('x')
        # %%
        class C:
            def f(self): return {new}
        @dataclasses.dataclass
        class D: n: int
        class E(enum.Enum): A = 1
        class P(NamedTuple): x: int
        class X(ValueError): n = {new}
        def caught():
            try: raise type(error)('y')
            except X: return 'new'
            except ValueError: return 'other'
        def match(o):
            match o:
                case C(): return 'new'
                case _: return 'other'
        # %%
        {statement}
        # %%
        {asked}
    """
    _, warm = run_twice(transcript, cells, preloaded=("numpy",))
    expect(warm, {statement[:38]: "hit"})
