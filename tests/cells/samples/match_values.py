match x:
    case 1 | 2:
        size = 'small'
    case int(value) if value > y:
        size = 'large'
    case _:
        size = 'other'
print(size)
