if flag and (picked := x):
    used = picked
chain = 0 < x < (upper := 10)
far = 5 < x < (never := 10)
both = (one := x) or (two := y)
