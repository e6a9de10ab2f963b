if (size := len(xs)) > 1:
    big = size
else:
    small = size
