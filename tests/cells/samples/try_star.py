try:
    raise ExceptionGroup('g', [ValueError(x), TypeError(y)])
except* ValueError as group:
    values = group.exceptions
except* TypeError as group:
    types = group.exceptions
print(values, types)
