kept = [last for item in xs if (last := item) > 0]
print(last if xs else None)
found = any((hit := item) > 1 for item in xs)
