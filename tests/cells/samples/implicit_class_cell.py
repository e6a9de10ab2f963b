class Base:
    def name(self):
        return 'base'
class Child(Base):
    def name(self):
        return super().name() + __class__.__name__
result = Child().name()
