global x
x = y
