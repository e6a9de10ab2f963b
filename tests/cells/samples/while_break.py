while True:
    step = x
    if step:
        chosen = step
        break
print(chosen)
