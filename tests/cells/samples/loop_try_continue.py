for item in (1, 2, 3):
    try:
        got = 10 / (item - x)
    except ZeroDivisionError as problem:
        continue
    finally:
        always = item
    result = got
print(always)
