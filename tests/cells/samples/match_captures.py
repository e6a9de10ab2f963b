match xs:
    case []:
        head = None
    case [head, *tail]:
        print(head, tail)
match d:
    case {'k': value, **rest}:
        print(value, rest)
    case other:
        value = other
