from contextlib import nullcontext
with nullcontext(x) as first, nullcontext(first) as second:
    third = second + y
print(third)
