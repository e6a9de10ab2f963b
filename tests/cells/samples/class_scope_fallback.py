class Box:
    y = y
    x = x + y
    def area(self):
        return x * y
result = Box().area()
