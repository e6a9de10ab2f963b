try:
    one = x
finally:
    two = y
print(one, two)
