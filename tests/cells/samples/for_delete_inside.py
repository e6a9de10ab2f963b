seen = 1
for item in (1, 2):
    if flag:
        seen = item
    print(seen)
    if not flag:
        continue
    del seen
    seen = 3
