n += 1
text *= 2
fresh = 1
fresh -= x
