error = 'kept'
try:
    xs[100]
except IndexError as error:
    message = str(error)
