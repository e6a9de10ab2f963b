def root(value):
    import math
    from math import sqrt as s
    return s(value) + math.pi + x
result = root(4)
