from contextlib import suppress
with suppress(IndexError):
    item = xs[0]
    more = item
print(item)
