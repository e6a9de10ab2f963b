class Box:
    if flag:
        x = 5
    result = x
    def x_of(self):
        return x
answer = Box.result
