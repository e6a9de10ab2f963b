count = n
while count:
    count -= 1
    seen = count
else:
    ended = True
print(seen, ended)
