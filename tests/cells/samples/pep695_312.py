type Pair[T] = tuple[T, x_type]
type Plain = int | None
def first[T: (int, str)](items: list[T], extra: T = x) -> T:
    return items[0] if items else y
class Stack[T](list[T]):
    size: T
    def push(self, item: T) -> None:
        self.append(z)
result = first([1])
