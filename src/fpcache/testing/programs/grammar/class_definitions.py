# ruff: noqa: E501 (a template is one line)
"""Classes that a notebook may begin with, each in several variants, and first values made of them."""

from __future__ import annotations

from .themes import templates

__all__ = ["CLASS_DEFINITIONS", "LIBRARY_VALUES"]

CLASS_DEFINITIONS: dict[str, tuple[str, ...]] = {
    "Meter": templates(r"""
        class Meter:\n    factor = 2\n    def __init__(self, n):\n        self.n, self.kept = n, {}\n    def __iadd__(self, n):\n        self.n += n\n        return self\n    def __add__(self, other):\n        return Meter([self.n, getattr(other, 'n', other)])\n    def __getitem__(self, key):\n        if key == 3:\n            raise IndexError(key)\n        return self.kept.setdefault(key, [])\n    def __setitem__(self, key, value):\n        self.kept[key] = value\n    def __len__(self):\n        return len(self.kept)\n    def __call__(self, x):\n        self.kept['called'] = x\n        return x\n    def __enter__(self):\n        return self.kept\n    def __exit__(self, *error):\n        self.kept['left'] = True\n        return True\n    @property\n    def total(self):\n        return [self.n] * self.factor\n    @total.setter\n    def total(self, n):\n        self.n = n\n    @classmethod\n    def made(cls, n):\n        return cls(n)\n    @staticmethod\n    def plain(x):\n        return [x]
        class Meter:\n    factor = 3\n    made, plain = classmethod(lambda cls, n: cls([n])), staticmethod(lambda x: x)\n    def __init__(self, n):\n        self.n = n\n        self.kept = {'n': n}\n    def __iadd__(self, n):\n        return Meter(n)\n    def __eq__(self, other):\n        return isinstance(other, Meter) and self.n == other.n\n    def __hash__(self):\n        return 7\n    def __iter__(self):\n        yield self.n\n        self.kept['iterated'] = 1\n    def __contains__(self, x):\n        self.kept['asked'] = x\n        return x == 2\n    def __bool__(self):\n        return bool(self.kept)\n    def __getattr__(self, name):\n        if name.startswith('_') or name in ('n', 'kept'):\n            raise AttributeError(name)\n        return [name, self.n]\n    def __delitem__(self, key):\n        self.kept.clear()\n    @cached_property\n    def slow(self):\n        return [self.n]
    """),
    "Plug": templates(r"""
        class Plug:\n    all, level = [], 0\n    def __init_subclass__(cls, **options):\n        super().__init_subclass__(**options)\n        Plug.all.append(cls)\n    def name(self):\n        return type(self).__name__, self.level
        class Plug(metaclass=ABCMeta):\n    all, level = {}, 1\n    def name(self):\n        return [self.level, self.all]
    """),
    "Plug1": templates(r"""
        class Plug1(Plug):\n    level = 1
        class Plug1(Plug):\n    level = [2]\n    def name(self):\n        return super().name()
    """),
    "Base": templates(r"""
        class Base:\n    steps = []\n    def go(self, x):\n        self.steps.append(x)\n        return self
        class Base:\n    steps = [0]\n    def go(self, x):\n        return ('base', x)
    """),
    "Leaf": templates(r"""
        class Leaf(Base):\n    def go(self, x):\n        return [super().go(x), 'leaf']
        class Leaf(Base):\n    steps = []\n    def go(self, x):\n        return Base.go(self, (x, x))
        class Leaf(Base):\n    pass
    """),
    "show": templates(r"""
        @singledispatch\ndef show(x):\n    return repr(x)\n@show.register(int)\ndef _(x):\n    return x + 1
        @singledispatch\ndef show(x):\n    return [x]\n@show.register(list)\ndef _(x):\n    x.append('shown')\n    return x
    """),
    "Frozen": templates(r"""
        @dataclass(frozen=True)\nclass Frozen:\n    left: object\n    right: int = 1
        @dataclass(frozen=True, slots=True, order=True)\nclass Frozen:\n    left: object\n    right: int = 2
        @dataclass\nclass Frozen:\n    left: object\n    right: list = field(default_factory=list)\n    def __post_init__(self):\n        self.right.append(self.left)
    """),
    "Level": templates(r"""
        class Level(IntEnum):\n    LOW = 1\n    HIGH = 2
        class Level(IntEnum):\n    LOW = 2\n    HIGH = auto()
        class Level(Flag):\n    LOW = 1\n    HIGH = 2
    """),
    "Shared": templates(r"""
        class Shared:\n    state = {}\n    def __init__(self):\n        self.__dict__ = self.state
        class Shared:\n    one = None\n    def __new__(cls):\n        if cls.one is None:\n            cls.one = super().__new__(cls)\n        return cls.one
    """),
    "Pair": templates(r"""
        Pair = namedtuple('Pair', 'left right')
        class Pair(NamedTuple):\n    left: object\n    right: object = None
    """),
}

LIBRARY_VALUES: dict[str, tuple[str, ...]] = {
    "h0": ("OrderedDict(a=1, b=[2])", "OrderedDict(b=1, a=1)", "OrderedDict(a=l0)"),
    "h1": ("OrderedDict()", "h0", "OrderedDict(h0)"),
    "x0": ("Counter('abca')", "Counter(a=2)", "Counter()"),
    "p0": ("Pair(1, [2])", "Pair(l0, l0)", "Pair(1, 2)"),
    "p1": ("Pair(p0, 1)", "p0", "Pair(2, None)"),
    "b0": ("b'ab'", "b'ba'", "bytearray(b'ab')"),
    "b1": ("bytearray(b'xyz')", "b0", "b''"),
    "j0": ("StringIO('text')", "StringIO()", "StringIO('other\\ntext')"),
    "m0": ("Meter(1)", "Meter([2])", "Meter(l0)"),
    "m1": ("Meter(2)", "m0", "Meter(m0)"),
}
