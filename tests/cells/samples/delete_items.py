del d['k'], obj.a
items = xs[:]
del items[:1]
