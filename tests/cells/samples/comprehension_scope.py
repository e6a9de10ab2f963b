squares = [x * x for x in xs]
nested = [[x + item for item in xs] for x in xs]
pairs = {x: item for x, item in zip(xs, xs)}
unique = {item for item in xs if item != y}
late = list(item + x for item in xs)
