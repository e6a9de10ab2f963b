value = (left := x) if flag else (left := y)
other = (only := x) if flag else y
print(left)
