# ruff: noqa: E501 (a template is one line)
"""Themes of Python's library, of classes that do more, and of the notebook itself."""

from __future__ import annotations

from .themes import Theme, templates

__all__ = ["CLASSES", "NOTEBOOK", "PATCHING", "SCOPES", "STANDARD"]

STANDARD = Theme(
    templates(r"""
        {h} = {h}
        {h}['x'] = {v}
        {h}.move_to_end('b') if 'b' in {h} else None
        {h}.popitem(last=False) if {h} else None
        {h} = OrderedDict(sorted({h}.items(), key=str))
        {h}.update(m={l})
        {x}.update({'a': {k}})
        {x} += Counter({l} if all(isinstance(x, int) for x in {l}) else 'ab')
        {x}['b'] -= {k}
        {u} = {x}.most_common(1)
        {x}.subtract('ab')
        {p} = Pair({k}, {v})
        {p} = {p}._replace(left={v})
        {u} = {p}.right
        {u} = {p}.left is {p}.right
        {u}, *{l} = {p}
        {u} = {p}._asdict()
        {b} = {b} + b'{k}'
        {b} = bytearray({b})
        {u} = bytes({b}) == {b}
        {b}.extend(b'{k}') if isinstance({b}, bytearray) else None
        {u} = memoryview({b})
        {u} = array('d', [{k}, 1])
        {u}.append({k}) if isinstance({u}, array) else None
        {u} = Decimal('{k}.10') / 7
        getcontext().prec = {k} + 3
        {u} = Fraction({k}, 3) + 1
        {u} = date(2024, 1, {k} + 1) + timedelta(days={k})
        heapq.heappush({l}, {k}) if all(type(x) is int for x in {l}) else None
        {u} = heapq.nsmallest(2, {l}, key=str)
        bisect.insort({l}, {k}, key=str)
        {u} = itertools.count({k})
        {u} = next({u}) if hasattr({u}, '__next__') else {k}
        {i} = itertools.cycle({l} or [1])
        {i}, {u} = itertools.tee({l})
        {u} = list(itertools.islice({i}, {k}))
        {u} = list(itertools.accumulate([{k}, 1, 2]))
        {u} = {key: list(x) for key, x in itertools.groupby({l}, key=type)}
        {j} = StringIO('a b')
        {j}.write('{k}')
        {u} = {j}.readline()
        {j}.seek(0)
        print({v}, file={j})
        {u} = {j}.getvalue()
        {u} = pickle.loads(pickle.dumps({l}))
        {u} = operator.itemgetter({k})([0, 1, 2, 3, 4])
        {u} = reduce(lambda x, y: [x, y], {l}, {k})
        {u} = statistics.mean([{k}, 1])
        {u} = struct.pack('<i', {k})
        {u} = SimpleNamespace(v={v}, l={l})
        {u} = weakref.ref({o})
        {u} = {u}() is {o} if isinstance({u}, weakref.ref) else None
        {u} = {u}.v if hasattr({u}, 'v') else {k}
        {u} = float('nan')
        {l}.append(math.nan)
        {u} = math.nan in {l}
        {u} = sys.getrecursionlimit() - {k}
        {u} = ChainMap({d}, {d})
        {u} = string.Template('$a {k}').substitute({'a': {n}})
        logging.getLogger('nb').warning('%s', {k})
        logging.getLogger('nb').setLevel(logging.ERROR)
        warnings.warn('{k}')
        warnings.simplefilter('ignore')
        with warnings.catch_warnings(record=True) as {l}: warnings.warn('{k}')
        with redirect_stdout({j}): print({k})
    """),
    ("{h}", "{x}", "{p}", "{b}", "{j}", "Decimal({k})", "SimpleNamespace(v={v})", "Pair({v}, {v})"),
    ("{h}", "{x}", "{p}", "{b}", "{j}.getvalue()", "next({i}, 0)", "Decimal(1) / 7", "warnings.warn('w')"),
)
CLASSES = Theme(
    templates(r"""
        {m} = Meter({k})
        {m} = {m}
        {m} += {k}
        {m} = {m} + {m}
        {m}[{k}] = {v}
        {u} = {m}[{k}]
        {u} = {m}.total
        {m}.total = {k}
        {u} = {m}.slow
        {u} = {m}.missing
        {u} = len({m})
        {u} = [x for x in {m}]
        {u} = {m}({v})
        with {m} as {u}: {body}
        {u} = {m} == {m}
        {u} = {k} in {m}
        {u} = bool({m})
        del {m}[{k}]
        Meter.factor = {k}
        {u} = Meter.made({k})
        {u} = Meter.plain({v})
        {u} = Plug.all
        class Plug{k}(Plug): level = {k}
        {u} = [x.__name__ for x in Plug.all]
        {u} = Plug1().name()
        Plug.name = lambda self: {k}
        {u} = Base().go({v})
        {u} = Leaf().go({v})
        {u} = Leaf().steps
        Base.steps.append({k})
        {u} = Leaf.__mro__[1].__name__
        {u} = show({n})
        {u} = show({l})
        @show.register(dict)\ndef _(x): return 'dict', {k}
        {u} = Frozen({k}) == Frozen({k})
        {u} = Frozen({v})
        {u} = {Frozen({k}): {v}}
        {u} = hash(Frozen({k})) == hash(Frozen({k}))
        {u} = Level.LOW < Level.HIGH
        {u} = Level({k})
        {u} = Level.LOW | Level.HIGH
        {u} = Node.__init__.__qualname__
        {u} = super(Leaf, Leaf()).go({k})
        Base.go = Leaf.go
        setattr(Base, 'extra{k}', {v})
        {u} = vars(Base).get('extra{k}')
        {u} = type('Made', (Base,), {'k': {k}})
        {u} = {u}().go({k}) if isinstance({u}, type) else None
        {u} = object()
        {u} = dataclasses.replace(Frozen({k}), left={v})
        {u} = Shared(); {u}.v = {v}
        {u} = Shared().v
    """),
    ("{m}", "Meter({k})", "Frozen({v})", "Leaf()", "{m}.total", "Level.LOW", "Shared()"),
    (
        "{m}.total",
        "{m}",
        "len({m})",
        "Leaf().go({k})",
        "show({v})",
        "Frozen({k})",
        "Level.HIGH",
        "Base.steps",
    ),
)
SCOPES = Theme(
    templates(r"""
        {u} = [{n} for {n} in range({k})]
        {u} = [y := x for x in {l}]
        {u} = [(lambda: x) for x in {l}]
        {u} = [f() for f in [lambda x=x: x for x in {l}]]
        {u} = {x: y for x, y in enumerate({l})}
        if ({n} := len({l})) > {k}: {body}
        while ({n} := {n} - 1 if isinstance({n}, int) else 0) > {k}: pass
        def scope(n={v}):\n    c = {k}\n    def inner():\n        nonlocal c\n        c += 1\n        return c, n, {n}\n    return inner
        {c} = scope()
        {u} = scope()()
        def scope():\n    global {l}\n    {l} = [{k}]\n    return lambda: {l}
        def scope(*a, k={k}, **b): return lambda: (a, k, b, {n})
        {u} = scope()
        class Scope:\n    {n} = {k}\n    other = [{n}, {l}]
        {u} = Scope.other
        class Scope:\n    def get(self): return {n}, __class__.__name__
        {u} = Scope().get() if hasattr(Scope, 'get') else Scope
        try:\n    {n} = 1 / {n}\nexcept (ZeroDivisionError, TypeError) as {u}:\n    {l}.append(type({u}).__name__)
        try:\n    raise KeyError({v})\nexcept KeyError as error: {u} = error
        try:\n    raise ValueError({k}) from KeyError({v})\nexcept ValueError as error:\n    {u} = error.__cause__
        for {u} in ({v}, {v}): pass
        del {n}, {l}
        {u} = globals().get('n0')
        globals()['n1'] = {v}
        exec('{n} = {k}')
        {u} = eval('{n}')
        {u} = locals().get('l0') is {l}
        {u} = sorted(x for x in dir() if x[:1] in 'ndl')[:2]
        {u} = [x for y in ({l}, {l}) for x in y if x]
        {u} = (lambda *a, **k: (a, k))({v}, x={v})
        from math import *
        {u} = floor({k} / 2)
        from math import sqrt as len
        {u} = sum(x for x in range({k}))
        sum = lambda x: {k}
        {def}
        {def}
        {def}
        {u} = {k} if {l} else {v}
        {u} = not {l} or {v}
        {n}: int = {k}
        {u} = __name__
        ...
        match [{v}, {k}]:\n    case [x, 1 | 2 as {u}]: {body}\n    case [_, int(x)]: {u} = x
        def step():\n    yield {v}\n    x = yield {l}\n    {l}.append(x)
        {i} = step()
        {u} = {i}.send(None) if hasattr({i}, 'send') else None
        {i}.close() if hasattr({i}, 'close') else None
    """),
    ("[x for x in {l}]", "(lambda: {n})()", "[y := {k}, y]", "scope", "globals().get('n0')"),
    ("{u}", "[x for x in {l}]", "scope()", "{i}", "globals().get('l0')", "[{u} for {u} in {l}]"),
)
PATCHING = Theme(
    templates(r"""
        json.dumps = lambda *a, **k: 'patched {k}'
        {u} = json.dumps({v}, default=str)
        math.twice = lambda x: x * {k}
        {u} = math.twice({k})
        np.mean = lambda a: {k}
        {u} = np.mean([1, 2])
        copy.copy = lambda x: x
        {u} = copy.copy({l})
        os.path.exists = lambda path: {k} > 1
        {u} = os.path.exists('in.txt')
        Path('mod{k}.py').write_text('K = {k}; L = []; f = lambda x: (L.append(x), K, len(L))')
        import mod1
        {u} = mod1.f({v})
        mod1.K = {v}
        {u} = mod1.L
        mod1.L.append({v})
        {u} = importlib.reload(mod1).K
        from mod2 import f as {c}
        {u} = getattr(mod1, 'f')({k})
        builtins.total_{k} = {v}
        {u} = getattr(builtins, 'total_1', None)
        random.random = lambda: {k}
        {u} = random.random()
        sys.path.append('data')
        {u} = sys.path[-1]
        np.random.shuffle({l})
        {u} = sys.modules.get('mod1') is not None
        functools.reduce = lambda f, l: l
        {u} = functools.reduce(lambda x, y: x, [1, 2])
        {u} = os.stat('in.txt').st_size
        re.compile('a{k}')
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 3000 + {k}))
        locals()['n2'] = {k}
        np.seterr(all='ignore')
        pd.options.display.max_rows = {k} + 5
    """),
    ("json.dumps([1])", "mod1.K", "copy.copy({l})", "math.twice({k})"),
    ("json.dumps({d}, default=str)", "mod1.f({k})", "mod1.L", "np.mean([1, 2])"),
)
NOTEBOOK = Theme(
    templates(r"""
        {u} = _
        {u} = Out.get({k})
        {u} = In[-1][:20]
        {u} = len(Out)
        {l}.append(_)
        _ = {k}
        display({v}, {v})
        display({l}, display_id='shown')
        update_display({v}, display_id='shown')
        {u} = display({k}, display_id=True); {u} = None
        clear_output()
        clear_output(wait=True)
        display(HTML('<b>{k}</b>'))
        print({l}); display({l}); print({k}, file=sys.stderr)
        sys.stdout.write('{k}')
        %precision {k}
        %env FOR_TESTS={k}
        {u} = %pwd
        !echo {k}
        {u} = !echo {k}
        %pprint
        %reset_selective -f n1
        get_ipython().user_ns['n1'] = {v}
        {u} = get_ipython().execution_count
        get_ipython().run_line_magic('env', 'FOR_TESTS={k}')
        %matplotlib inline
        %config InteractiveShell.ast_node_interactivity = 'all'
        {v}
        {v};
        {u} = {v}; {u}
        print(chr(10).join(map(str, {l})))
        for x in range(2): display(x); print(x)
        class Shown{k}:\n    def __repr__(self): return f'<{k} {n0}>'
        Shown1()
        {u} = Shown2()
        class Rich:\n    def _repr_html_(self):\n        l2.append(1)\n        return '<i>{k}</i>'
        display(Rich())
        print(Rich().__class__.__name__, end='')
        {u} = 3.14159 * {k}
    """),
    ("_", "Out", "{u}", "3.14159 * {k}"),
    ("{u}", "3.14159", "_", "__", "Out", "In[-1]", "Rich()", "HTML('<b>1</b>')", "Shown1()"),
)
