def outer():
    global x
    x = 5
    def inner():
        return x
    return inner
result = outer()()
