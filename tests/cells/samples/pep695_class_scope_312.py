class Outer:
    kind = int
    type Alias = kind
    def method[T: kind](self, value: T) -> kind:
        return value
