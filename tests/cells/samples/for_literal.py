for letter in 'ab':
    last = letter
for number in (1, 2):
    if flag:
        continue
    odd = number
print(letter, last, number)
