class Outer:
    y = 10
    class Inner:
        got = y
        y = y + 1
    z = Inner.y
