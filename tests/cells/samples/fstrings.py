line = f'{x!r:>{n}} {y + 1=} {d["k"]} {"nested " + f"{z}"}'
spec = f'{(captured := x):{n}}'
quoted = f'{text}' f'{flag}'
