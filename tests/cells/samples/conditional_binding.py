if flag:
    outcome = x
print(outcome)
