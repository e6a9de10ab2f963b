from contextlib import nullcontext
with nullcontext((1, 2)) as (p, q), nullcontext(3) as obj.a, nullcontext(4) as d['k']:
    total = p + q
