totals = [total := total + item for item in xs]
