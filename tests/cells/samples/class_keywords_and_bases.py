class Meta(type):
    def __new__(meta, name, bases, body, size=0):
        return super().__new__(meta, name, bases, body)
class Sub(base, metaclass=Meta, size=n):
    pass
