pick = lambda: (inner := x) + inner
result = pick()
