try:
    try:
        got = xs[0]
    finally:
        done = True
except IndexError:
    got = done
