try:
    raise ValueError(x) from None
except ValueError as problem:
    kept = problem
