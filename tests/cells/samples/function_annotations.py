def typed(value: int = x, *rest: 'str', key: float = y, **more: bool) -> list[int]:
    local: undefined_type = value
    return [local, key]
result = typed()
