def numbers():
    for item in xs:
        received = yield item + x
        yield from (inner for inner in xs)
result = list(numbers())
