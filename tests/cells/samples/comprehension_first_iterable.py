x = [x for x in [x, y]]
z = [[x for x in x] for x in [x]]
