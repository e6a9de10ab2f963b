while True:
    break
    never = x
def stop():
    return z
    unseen = y
result = stop()
