match n:
    case obj.a:
        got = 1
    case _:
        got = 0
