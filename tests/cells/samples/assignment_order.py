i, d[i] = 'k', x
p = d2 = {}
