x = x + 1
y, z = z, y
