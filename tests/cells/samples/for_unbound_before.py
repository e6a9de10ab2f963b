for item in xs:
    total = total + item
print(total)
