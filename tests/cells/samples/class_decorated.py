def mark(cls):
    cls.mark = x
    return cls
@mark
class Box:
    size: int = y
result = Box.mark
