match flag:
    case True:
        outcome = x
print(outcome)
