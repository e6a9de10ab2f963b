def bump():
    global tally
    tally = tally + 1
    return tally
result = bump()
