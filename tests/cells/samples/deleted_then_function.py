def peek():
    return x
x = 2
del x
x = 3
result = peek()
