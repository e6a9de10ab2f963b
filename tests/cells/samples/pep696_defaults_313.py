class Row[*Ts = *tuple[int, ...]]:
    pass
class Box[T = int, **P = [int]]:
    value: T
type Alias[T = str] = list[T]
def first[T = x](item: T) -> T:
    return item
