assert x, (message := text)
assert isinstance(n, int)
