if flag:
    size: int = x
