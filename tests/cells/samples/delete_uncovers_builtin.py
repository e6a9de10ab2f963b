sum = 3
del sum
result = sum(xs)
