first, *middle, last = [x, y, z, n]
[head, (inner, *rest)] = [1, (2, 3)]
*everything, = xs
