one = two = three = x
d['k'] = obj.a = fresh = y
i = xs2 = [0, 0]
k2 = d[k2] = 5
