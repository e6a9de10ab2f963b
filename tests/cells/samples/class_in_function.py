def build():
    y = 3
    class Box:
        z = y
        y2 = x
    return Box
result = build().z
