def hide(x, /, y, *z, n, **text):
    return x, y, z, n, text
result = hide(1, 2, n=3)
