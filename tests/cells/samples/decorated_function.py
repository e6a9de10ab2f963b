def logged(function):
    def inner(*args):
        return function(*args) + x
    return inner
@logged
def double(value):
    return value * n
result = double(y)
