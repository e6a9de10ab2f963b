for (p, *q), d['k'] in [((1, 2), 3)]:
    obj.a = p
for xs[0] in (9,):
    pass
