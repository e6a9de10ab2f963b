_Box__secret = 4
class Box:
    def reveal(self):
        return __secret
    __hidden = 1
    seen = __hidden
result = Box().reveal()
