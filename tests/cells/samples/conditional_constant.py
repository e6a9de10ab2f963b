if True:
    sure = x
if False:
    never = y
while 0:
    never = z
print(sure)
