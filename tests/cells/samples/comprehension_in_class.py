class Table:
    width = 2
    rows = [y for _ in range(width)]
    cells = [item for item in xs]
result = Table.rows
