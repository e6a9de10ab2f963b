try:
    d['k']
except KeyError as error:
    pass
print(error)
