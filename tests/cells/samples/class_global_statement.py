class Box:
    global tally
    tally = 3
    z = tally
after = tally
