queue = list(xs)
while (size := len(queue)):
    taken = queue.pop()
print(size)
