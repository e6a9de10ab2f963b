def outer(a, b=x):
    c = y
    def inner(e=z):
        return a + b + c + e + n
    return inner
result = outer(1)()
