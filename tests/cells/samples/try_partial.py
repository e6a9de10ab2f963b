try:
    one = x
    xs[0]
    two = y
except IndexError:
    pass
print(one, two)
