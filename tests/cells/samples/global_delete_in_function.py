def drop():
    global tally
    del tally
tally = 1
drop()
