part = xs[x:n:y]
one = [*xs, *[z]]
two = {**d, 'z': z}
print(*xs, **{'sep': text})
