result = [[(x, item, inner) for inner in range(item)] for item in xs if item in [y for y in xs]]
shadow = [xs for xs in xs]
functions = [lambda: item + z for item in xs]
