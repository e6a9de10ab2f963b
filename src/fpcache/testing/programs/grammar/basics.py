"""Themes of Python itself: names, containers, functions, control flow."""

from __future__ import annotations

from .themes import Theme, templates

__all__ = ["CONTROL", "FUNCTIONS", "LISTS", "MAPPINGS", "NAMING", "SETS", "TEXTS"]

NAMING = Theme(
    templates(r"""
        {u} = {v}
        {u} = {u}
        {n} = {k}
        {n} += {k}
        {n} = {n} + {k}
        {l} = {l}
        {u} = {v}, {v}
        {u}, {u} = {v}, {v}
        {u} = {u} = {v}
        {u}, *{l} = {k}, {k}, {v}
        ({u} := {v})
        {u} = [{n} := {k}, {n}]
        del {u}
        {u} = {v} is {v}
        {u} = [{v} is x for x in ({v}, {v})]
        {l}, {l} = {l}, {l}
        {t} = {l}, {v}, {k}
        {t}[1].append({k}) if isinstance({t}[1], list) else None
        {u} = {t}[{k}:]
        {u}: object = {v}
        if isinstance({n}, int) and {n} > {k}: {u} = {v}
        len = lambda x: {k} + 9
        {u} = type({v}).__name__
        {u} = (lambda y: [y, {l}])({v})
        pass
        assert {n} is not None
    """),
    ("{u}", "{n}", "({v}, {v})", "{t}", "None", "{n} + {k}", "{u} is {u}"),
    ("{u}", "{n}", "{v}", "{v} is {v}", "{u};", "_", "({v}, {v})", "Out[max(Out)] if Out else 0", "__"),
)
LISTS = Theme(
    templates(r"""
        {l}.append({v})
        {l}.append({k})
        {u} = {l}.append({k}) or len({l})
        {l} = [{v}, {v}]
        {l} = list({l})
        {l} = {l}[1:]
        {l} = {l} + [{k}]
        {l} += [{k}]
        {l} += {l}
        {l} = [{l}, {l}]
        {l}.extend([{k}, {v}])
        {l}[0] = {v}
        {l}[0:1] = [{k}, {k}]
        {l}[-1] = {k}
        {l}.insert(0, {v})
        {n} = {l}.pop()
        {l}.sort(key=str)
        {l}.reverse()
        {l}.clear()
        del {l}[:1]
        {l} = [x for x in {l}]
        {l} = [[x] for x in range({k})]
        {l} = ({l} * 2)[:9]
        {n} = len({l})
        {l} = sorted({l}, key=repr)
        [{l}.append(x) for x in range({k})]
        {u} = copy.deepcopy({l})
        {u} = copy.copy({l})
        {u} = [{l}]
        {u} = max({l}, key=str, default={k})
        {q}.append({v})
        {q}.rotate({k})
        {q}.appendleft({k})
        {u} = {q}.popleft()
        {q} = deque({l}, maxlen={k})
        {u} = list({q})
    """),
    ("{l}", "[{v}, {k}]", "[{l}, {l}]", "{l}[1:]", "{l}[-1]", "list({l})", "{q}"),
    ("{l}", "{l} is {l}", "len({l})", "{l}.pop()", "[{l}, {l}]", "{l}.append({k})", "{q}"),
)
MAPPINGS = Theme(
    templates(r"""
        {d}[{k}] = {v}
        {d}['a'] = {l}
        {u} = {d}.get('a')
        {d} = {d}
        {d} = dict({d})
        {d} = {'a': {v}, 'n': {l}}
        {d}.update({{k}: {v}})
        {d}.setdefault('l', []).append({v})
        {d}.setdefault('m', {l})
        {u} = {d}.pop('a', None)
        {d} |= {'z': {k}}
        {d}.clear()
        {d} = {x: {l} for x in range({k})}
        {d} = dict(zip('abc', {l}))
        del {d}['a']
        {l} = list({d})
        {l} = list({d}.values())
        for k, v in {d}.items(): {l}.append(k)
        {u} = {d}.items()
        {e}['k'].append({v})
        {e}[{k}]
        {e} = defaultdict(list, a={l})
        {u} = Counter(map(str, {l}))
        {u} = json.dumps({d}, default=str, sort_keys=True)
        {u} = {**{d}, 'a': {v}}
        {d}['self'] = {d}
    """),
    ("{d}", "{'a': {v}}", "{d}.get('a')", "{e}", "{**{d}, 'b': {l}}"),
    ("{d}", "{e}", "{d}.setdefault('q', {l})", "sorted(map(str, {d}))", "{d} is {d}"),
)
SETS = Theme(
    templates(r"""
        {s}.add({k})
        {s} |= {{k}, {k}}
        {s} = {s}
        {s} = set({s})
        {s} = {s} - {{k}}
        {s} = {s} | {s}
        {s}.discard({k})
        {l} = list({s})
        {l} = sorted({s})
        {n} = {s}.pop() if {s} else 0
        for x in {s}: {l}.append(x)
        {u} = {k} in {s}
        {s} = {x * 8 for x in range({k} + 2)}
        {u} = frozenset({s})
        {y} = set({y})
        {y} = {y} | {'s{k}'}
        {y}.add('t{k}')
        {y} = {y} & {y}
        {u} = sorted({y})
        {u} = len({y}), 'p' in {y}, {y} == {y}
        {u} = {x: {k} for x in sorted({y})}
        {n} = sum(len(x) for x in {y})
        {y}.discard('p')
        {z} = set({z})
        {z} = {z} | {'s{k}'}
        {z} |= {'t{k}'}
        {u} = list({z})
        {u} = sorted({z})
        {u} = len({z})
        {u} = 'p' in {z}
        {u} = ''.join({z})
        {u} = [{z}, {z}]
        {u} = {x: {k} for x in {z}}
        {u} = max({z})
        {u} = {z} & {z}
        for x in {z}: print(x, end=' ')
        {u} = tuple({z})[0]
    """),
    ("{s}", "frozenset({s})", "{z}", "sorted({z})", "{{k}, {k}}"),
    ("{s}", "list({s})", "sorted({y})", "len({y})", "{y} is {y}", "list({z})", "len({z})"),
)
FUNCTIONS = Theme(
    templates(r"""
        touch({l})
        {l} = touch({l})
        touch({l}, {v})
        {u} = touch({l}, k={k})
        bump()
        {n} = bump()
        bump(); {n} = n0
        {u} = grow({k})
        grow({v})
        {c} = make({l})
        {c}()
        {u} = {c}({k})
        {c} = lambda: {l}.append({k})
        {c} = lambda x={v}: x
        {c} = partial(touch, {l})
        {c} = {c}
        {c} = {l}.append
        {n} = total()
        {u} = after({k})
        swap()
        {u} = fact({k})
        {u} = even({k})
        {u} = memo({k})
        {u} = plus({k})
        {u} = plus({k}, y={k})
        {u} = apply({c})
        {u} = apply(len, {l})
        {l} = [touch, {c}]
        {u} = [lambda: {l}, {k}]
        {u} = [f() for f in [lambda: {l}, lambda: {k}]]
        touch.calls = {k}
        touch.log = {l}
        {u} = getattr(touch, 'log', None)
        touch.__defaults__ = ({k},)
        grow.__defaults__[0]
        {d}['f'] = {c}
        {u} = {d}['f']()
        def local{k}(x={v}): return x, {l}
        {u} = local{k}()
        def local{k}(x={k}):\n    global {n}\n    {n} = x\n    return {v}
        touch = {c}
        {u} = sorted({l}, key=lambda x: str(x) + str(n0))
        {u} = list(map(lambda x: [x, n1], {l}))
    """),
    ("touch({l})", "lambda: {l}", "{c}", "make({l})", "grow({k})", "total()", "memo({k})", "plus({k})"),
    ("{c}()", "bump()", "touch({l})", "grow({k})", "total()", "memo({k})", "fact({k})", "{c}({v})"),
)
CONTROL = Theme(
    templates(r"""
        if {n} == {k}:\n    {body}
        if {n} > {k}:\n    {body}\nelse:\n    {body}
        if len({l}) > {k}:\n    {body}\nelif {d}:\n    {body}
        for x in range({k}):\n    {body}
        for x in list({l}):\n    {body}\n    if x == {k}: break\nelse:\n    {body}
        for {n} in range({k}): pass
        for {n}, {u} in enumerate({l}[:3]): {body}
        while len({l}) < {k}: {l}.append({v})
        try:\n    {n} = {l}[{k}]\nexcept IndexError as error:\n    {n} = 'none'
        try:\n    {body}\nexcept Exception:\n    {body}
        try:\n    {d}['no'].append({v})\nexcept (KeyError, AttributeError):\n    {l}.append('no')
        try:\n    raise ValueError({k})\nfinally:\n    {body}
        try:\n    {body}\n    1 / {n}\nexcept ZeroDivisionError:\n    {body}\nelse:\n    {body}
        1 / ({n} - {k})
        raise ValueError({k})
        match {n}:\n    case 1: {body}\n    case int(): {body}\n    case _: {u} = {v}
        match {l}:\n    case [x, *rest]: {u} = rest\n    case []: {body}
        match {d}:\n    case {'a': x}: {u} = x\n    case other: {u} = other
        with held({l}) as x:\n    {body}
        with suppress(Exception):\n    {body}\n    {body}
        {u} = {v} if {n} else {v}
        {u} = {l} and {v}
        {u} = {n} or {v}
        {u} = [x for x in {l} if x != {k}]
        {u} = {str(x): [y for y in range(2)] for x in {l}}
        {u} = sum(1 for _ in {l})
        {u} = list(each({l}))
        {i} = each({l})
        {i} = iter({l})
        {i} = (x for x in {l} if x)
        {u} = next({i}, {k})
        for x in {i}: {l}.append(x); break
        {u} = list({i})
        {u} = list(chain({l}, {l}))
        {i} = zip({l}, {l})
        async def later(): {l}.append({k})
        await later()
        def work():\n    {body}\nwork()
        def work(x={k}):\n    {body}\n    return {v}
        {u} = work()
    """),
    ("next({i}, {k})", "list(each({l}))", "[x for x in {l}]", "{v} if {n} else {v}", "{i}"),
    ("next({i}, {k})", "list({i})", "[x for x in {l}]", "sum(1 for _ in {l})", "work()"),
)
TEXTS = Theme(
    templates(r"""
        print({v})
        print({l}, {k}, sep='-')
        print('x{k}', end='')
        {w} = str({v})
        {w} = f'{{l}} {{n}:>3}'
        {w} = f'{{n}!r}' + {w}
        {w} = {w}.upper()
        {w} += '{k}'
        {w} = '{x!r}'.format(x={v})
        {w} = '%s' % ({n},)
        {w} = ' '.join(map(str, {l}))
        {l} = {w}.split()
        {n} = len({w})
        {u} = re.findall('[a-z]', {w})
        {w} = repr({v})
        display({l})
        display({v})
        {u} = display('{k}', display_id='here')
        {w} = {w}[{k}:]
        {u} = {w} in {w}
        print(type({v}).__name__); {body}
        import sys; print({k}, file=sys.stderr)
        {u} = Color.RED
        {u} = {u} is Color.RED
        {u} = {Color.RED: {k}}
        {u} = Color({k}).name
    """),
    ("{w}", "str({v})", "f'{{n}}-{{w}}'", "{w}.split()", "Color.RED"),
    ("{w}", "print({v})", "display({v})", "{w};", "Color.BLUE", "repr({v})"),
)
