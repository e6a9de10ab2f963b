list = tuple
result = list(xs)
def len(value):
    return x
size = len(xs)
