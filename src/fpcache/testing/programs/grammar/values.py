"""Themes of what notebooks compute with: objects, arrays, frames, chance, files and the process."""

from __future__ import annotations

from .themes import Theme, templates

__all__ = ["ARRAYS", "CHANCE", "FRAMES", "OBJECTS", "WORLD"]

OBJECTS = Theme(
    templates(r"""
        {o} = Node({v})
        {o} = Slot({v})
        {o} = Point({v}, {l})
        {o} = Point({k})
        {o} = Sub({v})
        {o} = {o}
        {o} = copy.copy({o})
        {o} = copy.deepcopy({o})
        {o}.v = {v}
        {o}.v = {o}
        {o}.kids = {l}
        {l} = {o}.kids
        {o}.add({v})
        {u} = {o}.add({v})
        {o}.bump()
        {u} = {o}.bump()
        {o}.kids.append({k})
        {o}.kids += [{v}]
        {o}.extra = {l}
        {o}.v, {o}.kids = {v}, {l}
        Node.count += 1
        Node.count = {k}
        Node.tag = {v}
        {u} = Node.count, getattr(Node, 'tag', None)
        Node.add = lambda self, k: {l}.append(k)
        setattr({o}, 'v', {v})
        {u} = [type(o).__name__ for o in ({o}, {o})]
        {u} = isinstance({o}, Node), {o} is {o}
        {u} = type({o}) is Node
        {u} = Sub({k}).add({v})
        {u} = {o}.size
        {o}.size = {k}
        {u} = [{o}, {o}]
        {l}.append({o})
        {d}['o'] = {o}
        {c} = {o}.add
        {u} = Bag(a={v})
        {u}.put({k}, {v})
        {u} = Bag().put({k}, {l})
        {u} = {o} == {o}
        {u} = vars({o})
        {u} = sorted(vars({o}))
        del {o}.v
        class Kept{k}:\n    v = {v}
        {u} = Kept{k}.v
        {u} = Kept{k}()
        Kept{k}.v = {l}
        {u} = {o}.__class__({k})
        {u} = {o}.__dict__.get('kids')
        {u} = max([{o}, {o}], key=lambda o: str(o.v))
    """),
    ("{o}", "{o}.kids", "{o}.v", "Node({v})", "{o}.add", "[{o}, {o}]", "Point({k}, {l})", "Bag(a={v})"),
    ("{o}.v", "{o}.kids", "{o}.add({k})", "{o}.bump()", "{o}", "{o} is {o}", "vars({o})"),
)
ARRAYS = Theme(
    templates(r"""
        {a} = {a}
        {a} = {a}.copy()
        {a} = {a}[1:]
        {a} = {a}.reshape(-1)
        {a} = {a}.T
        {a} = {a} * {k}
        {a} = np.arange({k} + 2.)
        {a} += {k}
        {a}[0] = {k}
        {a}[...] = {k}
        {a}.flat[0] = {k}
        {a}[1:] = {a}[:-1]
        {u} = {a}[:1]; {u}[...] = {k}
        {u} = [{a}, {a}[::2]]
        {a}.sort()
        {a}.fill({k})
        np.add({a}, 1, out={a}, casting='unsafe')
        fill({a})
        {a} = fill({a}, {k})
        {u} = fill({a})
        {n} = float({a}.sum())
        {n} = {a}.mean()
        {a}.shape = (-1,)
        {a}.flags.writeable = False
        {l}.append({a})
        {l}.append({a}[:1])
        {d}['arr'] = {a}
        {o}.v = {a}
        {a} = np.concatenate([{a}.ravel(), {a}.ravel()])[:8]
        {a} = np.array({l}, dtype=object)
        {a} = {a}.astype('float32')
        {a} = {a}[{a} > {k}]
        {a} = np.where({a} > {k}, {a}, 0)
        {a} = np.broadcast_to({a}.ravel()[:1], (2, 2))
        {u} = {a}.base is {a}
        {u} = np.shares_memory({a}, {a})
        {u} = {a}.ravel()
        {a} = np.asarray({a})
        with np.errstate(all='ignore'): {a} = {a} / {k}
        np.set_printoptions(precision={k} + 1)
        {u} = str({a} / 3)
        {u} = memoryview(bytearray(b'abc'))
        np.save('a.npy', {a})
        {a} = np.load('a.npy')
    """),
    ("{a}", "{a}[1:]", "{a} * 2", "{a}.sum()", "[{a}, {a}[:1]]", "{a}.ravel()", "fill({a})"),
    ("{a}", "{a}[:2]", "{a}.sum()", "fill({a})", "{a}.shape", "np.shares_memory({a}, {a})"),
)
FRAMES = Theme(
    templates(r"""
        {f}['n'] = {k}
        {f}['x'] = {f}['x'] + {k}
        {f} = {f}
        {f} = {f}.copy()
        {f} = {f}[['x']]
        {f} = {f}.head({k})
        {f} = {f}[{f}['x'] > {k}]
        {f}.loc[0, 'x'] = {k}
        {f}.iloc[0, 0] = {k}
        {f}.loc[{f}['x'] > {k}, 'x'] = {k}
        {f} = widen({f})
        widen({f})
        {f}.index = {f}.index[::-1]
        {f}.columns = [c + '_' for c in {f}.columns]
        {f}.columns = list('xyzwvutsr')[:{f}.shape[1]]
        {f}.rename(columns={'y': 'x2'}, inplace=True)
        {f}.drop(columns=['n'], errors='ignore', inplace=True)
        {f}.sort_values('x', inplace=True, ascending=False)
        {f}.attrs['k'] = {v}
        {f}.insert(0, 'i{k}', {k}, allow_duplicates=True)
        {r} = {f}['x']
        {r}.iloc[0] = {k}
        {r} = {r} + {r}
        {r}.name = 'w{k}'
        {r} = {r}.rename('z')
        {r} = {r}.astype(str)
        {a} = {f}['x'].to_numpy()
        {a} = {f}['x'].to_numpy(copy=True)
        {f} = pd.DataFrame({'x': {a}.ravel()[:3], 'y': {k}})
        {f} = pd.concat([{f}, {f}]).head(5)
        {u} = {f}.describe()
        {u} = {f}.sum().to_dict()
        {f} = {f}.assign(q=lambda d: d['x'] * {k})
        {u} = {f}.query('x > @n0')
        {f} = {f}.query('x >= {k}')
        {u} = {f}.groupby('x').size()
        {u} = {f}.groupby('x')['x'].transform(lambda s: s + {k})
        {u} = {f}.eval('x * 2')
        {f}.at[{f}.index[0], 'o'] = {k}
        del {f}['n']
        {f} = {f}.reset_index(drop=True)
        {f}['c'] = pd.Categorical(['a', 'b', 'a'][:len({f})])
        {f}['o'] = [[{k}]] * len({f})
        {f}['x'].values[:1] = {k}
        {f}.to_csv('f.csv', index=False)
        {f} = pd.read_csv('f.csv')
        {f} = pd.read_csv('data/a.csv')
        {u} = {f}.merge({f}, how='left', on='x')
        for name, part in {f}.groupby('x'): {l}.append(len(part))
        pd.set_option('display.precision', {k} + 1)
        {l}.append({f})
        {d}['f'] = {f}
        {u} = {f} is {f}
        {f}.fillna(0, inplace=True)
    """),
    ("{f}", "{f}['x']", "{r}", "{f}.head(1)", "[{f}, {f}]", "{f}['x'].sum()", "{f}.columns", "{f}.index"),
    ("{f}", "{f}['x']", "{r}", "{f}.describe()", "{f}.shape", "{f}.query('x > @n1')", "widen({f})"),
)
CHANCE = Theme(
    templates(r"""
        random.seed({k})
        np.random.seed({k})
        {n} = random.random()
        {n} = np.random.rand()
        {a} = np.random.rand({k} + 1)
        {a} = g0.random({k} + 1) if hasattr(g0, 'random') else g0.rand({k} + 1)
        {n} = g1.random()
        g0 = np.random.default_rng({k})
        g1 = random.Random({k})
        {u} = {g}
        {u} = [{g}, {g}]
        {u} = copy.deepcopy({g})
        g0.shuffle({l})
        random.shuffle({l})
        g1.shuffle({l})
        np.random.shuffle({l})
        {u} = random.choice({l})
        {u} = random.getstate()
        {u} = random.getstate()[1][0]
        state = random.getstate()
        random.setstate(state)
        state = np.random.get_state()
        np.random.set_state(state)
        {l} = random.sample(range(20), {k})
        {u} = draw()
        {u} = draw({k})
        {u} = np.random.normal(size={k})
        {u} = g0.normal(), g1.gauss(0, 1)
        {u} = [g1.random() for _ in range({k})]
        g2 = g0.spawn({k}) if hasattr(g0, 'spawn') else g0
        {u} = f0.sample(2, random_state={k}) if {k} else f0.sample(1)
        {l}.append({g})
        random.seed(n0)
    """),
    ("random.random()", "{g}", "draw()", "g1.random()", "np.random.rand()", "random.choice([1, 2, 3])"),
    ("random.random()", "g0.normal()", "g1.random()", "draw()", "np.random.rand(2)", "{g};"),
)
WORLD = Theme(
    templates(r"""
        with open('in.txt') as file: {u} = file.read()
        {u} = load()
        {u} = load('out.txt')
        open('out.txt', 'a').write(str({n}))
        with open('out.txt', 'a') as file: file.write(str({k}))
        save({v})
        {u} = save({n}, 'o{k}.txt')
        open('o{k}.txt', 'w').write(repr({l}))
        {u} = os.path.exists('out.txt')
        {u} = open('out.txt').read() if os.path.exists('out.txt') else ''
        if os.path.exists('o1.txt'): os.remove('o1.txt')
        {u} = sorted(os.listdir('.'))
        {u} = sorted(p.name for p in Path('.').glob('*.txt'))
        Path('in.txt').write_text('{k}')
        Path('in.txt').write_text(Path('in.txt').read_text() + '{k}')
        {l} = Path('in.txt').read_text().split()
        {u} = [int(x) for x in open('in.txt').read().split()]
        os.makedirs('made{k}', exist_ok=True)
        Path('out.txt').unlink(missing_ok=True)
        os.rename('in.txt', 'moved.txt')
        {u} = Path('out.txt')
        {u} = {u}.read_text() if isinstance({u}, Path) else None
        {u} = Path('data').stat().st_size > 0
        os.environ['FOR_TESTS'] = '{k}'
        {u} = os.environ.get('FOR_TESTS')
        os.environ.pop('FOR_TESTS', None)
        {u} = os.getenv('FOR_TESTS', {v})
        {u} = os.path.getsize('in.txt')
        os.chdir('data')
        {u} = os.path.basename(os.getcwd())
        json.dump({d}, open('d.json', 'w'), default=str)
        {u} = json.load(open('d.json'))
        {u} = [line for line in open('in.txt')]
        file = open('in.txt'); {u} = file.readline()
        print({k}, file=open('p.txt', 'a'))
        import shutil; shutil.copy('in.txt', 'o{k}.txt')
    """),
    ("load()", "os.environ.get('FOR_TESTS')", "os.path.exists('out.txt')", "Path('in.txt').read_text()"),
    ("load()", "sorted(os.listdir('.'))", "save({v})", "os.getenv('FOR_TESTS')", "load('out.txt')"),
)
