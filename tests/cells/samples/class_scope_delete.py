class Box:
    x = 1
    first = x
    del x
    second = x
