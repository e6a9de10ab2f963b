add = lambda a, b=x: a + b + y
table = {key: (lambda value=key: value + n) for key in d}
result = add(1)
