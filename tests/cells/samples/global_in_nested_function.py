def outer():
    z = 1
    def inner():
        global z
        z = 2
        return z
    return inner() + z
result = outer()
