obj.a += x
d['k'] += y
obj.b[0] -= 1
d[text] = obj
d[text].a *= 2
