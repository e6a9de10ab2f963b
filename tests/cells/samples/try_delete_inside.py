one = 1
try:
    del one
    xs[0]
    one = 2
except IndexError:
    one = 3
print(one)
