for item in xs:
    if item == y:
        found = item
        break
else:
    found = None
print(found, item if xs else None)
