from types import SimpleNamespace
match obj:
    case SimpleNamespace(a=inner, b=[first, *_]):
        got = inner, first
    case SimpleNamespace() as whole:
        got = whole
