def at_once(function):
    return function
@at_once
def recurse():
    return recurse
