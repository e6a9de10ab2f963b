del x
del (y, z)
fresh = 1
del fresh
