for item in xs:
    pass
last = item
