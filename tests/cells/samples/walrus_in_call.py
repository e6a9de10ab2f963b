print(n, n := 7, n)
table = {n: (n := 8), n: n}
mixed = {1: text, (text := 'b'): text}
