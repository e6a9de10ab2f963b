size: int
width: int = x
obj.a: int = y
d['k']: list[int] = [z]
(plain): int = 3
