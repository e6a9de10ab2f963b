for row in xs:
    for column in xs:
        if column > row:
            break
        value = column
    else:
        continue
    cut = value
print(row if xs else None)
