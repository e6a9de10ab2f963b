try:
    first = xs[0]
except IndexError as error:
    first = repr(error)
else:
    second = first
finally:
    third = y
print(first, third)
