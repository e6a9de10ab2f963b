x = 10
y = x + 1
def use():
    return x + y + z
result = use()
