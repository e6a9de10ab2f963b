if flag:
    outcome = x
elif n:
    outcome = y
else:
    outcome = z
print(outcome)
