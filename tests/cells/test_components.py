"""How statements become components: kinds, groups, labels, digests, dynamic code, magics."""

from __future__ import annotations

import ast
import sys

import pytest

from fpcache.cells import Component, Kind, Names, compile_component, names_in_text, parse_cell


def only(text: str) -> Component:
    (component,) = parse_cell(ast.parse(text).body, text, whole=True).components
    return component


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("'''notes'''", Kind.EMPTY),
        ("...", Kind.EMPTY),
        ("pass", Kind.EMPTY),
        ("global x", Kind.EMPTY),
        ("3", Kind.CODE),
        ("import numpy as np", Kind.IMPORT),
        ("from numpy import *", Kind.IMPORT),
        ("try:\n    import cupy as np\nexcept ImportError:\n    import numpy as np", Kind.IMPORT),
        ("try:\n    import a\n    HAS = True\nexcept ImportError:\n    print('none')", Kind.IMPORT),
        ("if TYPE_CHECKING:\n    import a\n    from b import c", Kind.IMPORT),
        ("if TYPE_CHECKING:\n    import a\n    class B: pass", Kind.DEFINITION),
        ("try:\n    import a\n    a.start()\nexcept ImportError:\n    pass", Kind.CODE),
        ("@cache\ndef f(x): return x", Kind.DEFINITION),
        ("async def f(): await g()", Kind.DEFINITION),
        ("class A(B): x = f()", Kind.DEFINITION),
        ("double = lambda x: 2 * x", Kind.DEFINITION),
        ("Point = collections.namedtuple('Point', 'x y')", Kind.DEFINITION),
        ("T = TypeVar('T')", Kind.DEFINITION),
        ("C = type('C', (), {})", Kind.DEFINITION),
        ("size: int", Kind.DEFINITION),
        ("kind = type(x)", Kind.CODE),
        ("if __name__ == '__main__':\n    main()", Kind.CODE),
        ("if x:\n    pass", Kind.CODE),
        ("f = eval('x')", Kind.DYNAMIC),
        ("def f(): return eval('x')", Kind.DEFINITION),
    ],
)
def test_a_statement_has_its_kind(text: str, kind: Kind) -> None:
    assert only(text).kind is kind


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type aliases came with Python 3.12")
def test_a_type_alias_is_a_definition() -> None:
    assert only("type X[T] = list[T]").kind is Kind.DEFINITION


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("exec(code)", "exec"),
        ("f = eval", "eval"),
        ("x = globals()['y']", "globals"),
        ("x = vars()", "vars()"),
        ("x = [locals() for _ in y]", "locals"),
        ("x = input('name? ')", "input"),
        ("x = __import__(name)", "__import__"),
        ("x = importlib.import_module(name)", "import_module"),
        ("x = sys._getframe(1).f_locals", "_getframe"),
        ("x = inspect.stack()", "inspect.stack"),
        ("x = sys.modules['__main__'].y", "sys.modules"),
        ("x = builtins.eval('y')", "builtins.eval"),
        ("run(lambda: exec(code))", "exec"),
        ("y = df.query(texts[0])", "a computed query text"),
        ("x = 1\nfrom m import *", "import *"),
    ],
)
def test_dynamic_code_is_named_with_its_line(text: str, name: str) -> None:
    component = only("\n" + text)
    assert name in {use.name for use in component.dynamic}
    assert component.dynamic[0].line >= 2


@pytest.mark.parametrize(
    "text",
    [
        "x = vars(y)",
        "x = dir(y)",
        "m.eval()",
        "__import__('os')",
        "np.stack(x)",
        "def f(eval): return eval(1)",
    ],
)
def test_harmless_look_alikes_are_not_dynamic(text: str) -> None:
    assert only(text).dynamic == ()


def test_a_deferred_use_of_eval_in_code_is_dynamic() -> None:
    assert only("f = g(lambda t: eval(t))").kind is Kind.DYNAMIC


def test_names_of_a_conditional_binding() -> None:
    names = only("if c:\n    x = 1").names
    kept = frozenset({"x"})
    assert names == Names(frozenset({"c", "x"}), frozenset(), kept, frozenset(), frozenset(), kept)


def test_mutated_names_are_the_roots_of_targets() -> None:
    names = only("a[0] = 1\nb.c.d += 1\nn += 1\ndel e[1], f.g\nfor h[0] in z: pass\nm().x = 1").names
    assert names.mutates == {"a", "b", "n", "e", "f", "h"}
    assert names.mutates <= names.reads


def test_method_calls_name_the_root() -> None:
    assert only("model.fit(X)\na.b.append(1)\nlen(q)\ndef f(): z.pop()").method_calls == ("model", "a")


def test_strings_are_collected_once_each() -> None:
    assert only("f('a', 'b', f'c{x}', {'a': b'no'})").strings == ("a", "b", "c")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("df.query('a > @limit')", "limit"),
        ("df.eval('c = a * @ factor')", "factor"),
        ("pd.eval('left + right')", "right"),
        ("ne.evaluate('2 * a')", "a"),
        ("duckdb.sql('select * from orders')", "orders"),
        ("con.query('SELECT x FROM orders')", "orders"),
        ("smf.ols('y ~ np.log(z) + a:b', data=df)", "z"),
        ("fitter.fit(df, formula='~ bs(age)')", "bs"),
        ("f'{x}' and df.query(f'a > @low and b < {high}')", "low"),
        ("def f(v: 'Model'): pass", "Model"),
        ("def f(df): return df.query('a > @limit')", "limit"),
    ],
)
def test_names_inside_query_texts_are_read(text: str, read: str) -> None:
    assert read in only(text).names.reads


@pytest.mark.parametrize("text", ["print('see ~5 ms')", "open('~/x/data')", "df.query('a > 3')", "f('a ~')"])
def test_other_texts_read_nothing(text: str) -> None:
    assert only(text).names.reads <= {"print", "open", "df", "f"}


def test_variables_that_hold_query_texts_are_named() -> None:
    assert only("df.query(rule)\ndf.query(f'a > {low}')").texts == ("rule", "low")
    assert names_in_text("a > @limit", marked_only=True) == {"limit"}


def test_statements_are_components_of_their_own() -> None:
    text = "a = 1; b = 2\n@deco\ndef f():\n    pass\n\nc = (3,\n     4)  # end\n"
    cell = parse_cell(ast.parse(text).body, text)
    assert [part.source for part in cell.components] == [
        "a = 1",
        "b = 2",
        "@deco\ndef f():\n    pass",
        "c = (3,\n     4)",
    ]
    assert [(part.first_line, part.last_line) for part in cell.components] == [(1, 1), (1, 1), (2, 4), (6, 7)]


def test_a_statement_is_joined_with_all_later_ones() -> None:
    text = "a = 1\nb = a\nimport c\nd = b"
    cell = parse_cell(ast.parse(text).body, text, join_from=[3, 1])
    assert [(part.start, part.stop) for part in cell.components] == [(0, 1), (1, 4)]
    assert cell.components[1].names.reads == {"a"}
    assert cell.components[1].kind is Kind.CODE


def test_an_empty_cell_has_no_components() -> None:
    assert parse_cell([], "# nothing").components == ()
    assert parse_cell([], "", whole=True).components == ()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("model  =  fit( X )   # slow", "model = fit( X )"),
        ("@cache\ndef norm(x):\n    return x", "def norm"),
        ("for i in x:  # all\n    f(i)", "for i in x: …"),
        ("try:\n    import a\nexcept E:\n    pass", "try: import a …"),
        ("total = " + "x + " * 30 + "x", "total = x + x + x + x + x + x + x + x +…"),
        ("größe = 'ü'  # ä", "größe = 'ü'"),
        ("get_ipython().system('ls -l')", "!ls -l"),
        ("get_ipython().run_line_magic('matplotlib', 'inline')", "%matplotlib inline"),
    ],
)
def test_labels_are_short_and_readable(text: str, label: str) -> None:
    cell = parse_cell(ast.parse(text).body, text)
    assert cell.components[0].label == label


def test_formatting_and_comments_do_not_change_the_digest() -> None:
    assert only("x=f( a,'b' )").code_digest == only('# why\nx = f(a, "b")  # how\n').code_digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = True"),
        ("x = 1", "x = 1.0"),
        ("x = 'a'", "x = b'a'"),
        ("x = 0.0", "x = -0.0"),
        ("x = 11 + 19", "x = 5 + 3"),
        ("x = y", "x = z"),
        ("f(a, b)", "f((a, b))"),
        ("f(a)", "r = f(a)"),
        ("def f(): 'a'", "def f(): 'b'"),
        ("for x in y: pass\nelse: z", "for x in y: pass\nz"),
        ("x = 0x" + "f" * 5000, "x = 0x" + "e" * 5000),
        ("x = None", "x = 'None'"),
    ],
)
def test_what_the_code_does_changes_the_digest(one: str, other: str) -> None:
    assert only(one).code_digest != only(other).code_digest


def test_a_rewritten_body_of_the_same_source_is_analysed_again() -> None:
    text = "x = 1"
    first = parse_cell(ast.parse(text).body, text)
    second = parse_cell(ast.parse("x = y").body, text)
    assert first.components[0].names.reads == set()
    assert second.components[0].names.reads == {"y"}


def test_the_cell_keeps_the_body_it_was_given() -> None:
    text = "x = 1"
    bodies = [ast.parse(text).body for _ in range(2)]
    cells = [parse_cell(body, text) for body in bodies]
    assert [cell.body[0] is body[0] for cell, body in zip(cells, bodies, strict=True)] == [True, True]
    assert cells[0].components is cells[1].components


def test_compiled_components_keep_their_lines_and_future_flags() -> None:
    text = "from __future__ import annotations\n\ny = [\n  x]"
    cell = parse_cell(ast.parse(text).body, text)
    code = compile_component(cell, cell.components[1], "<cell>")
    assert code.co_firstlineno <= 3
    assert {line for *_, line in code.co_lines() if line} >= {3, 4}
    assert code.co_flags & 0x1000000


def test_transparent_time_is_analysed_like_its_body() -> None:
    text = "get_ipython().run_cell_magic('time', '', 'y = f(x)\\n')\n"
    part = only(text)
    assert (part.kind, part.dynamic) == (Kind.MAGIC, ())
    assert part.magic is not None
    assert (part.magic.name, part.magic.body) == ("time", "y = f(x)\n")
    assert part.names.reads == {"f", "x"}
    assert part.names.binds == {"y"}
    code = compile_component(parse_cell(ast.parse(text).body, text), part, "<cell>")
    assert code.co_names == ("f", "x", "y")


def test_a_comment_in_a_timed_body_does_not_change_the_digest() -> None:
    plain, noted = (
        only(f"get_ipython().run_cell_magic('time', '', {body!r})") for body in ("f()", "f()  # x")
    )
    assert plain.code_digest == noted.code_digest
    assert plain.code_digest != only("get_ipython().run_line_magic('time', 'g()')").code_digest


def test_capture_binds_its_output() -> None:
    part = only("get_ipython().run_cell_magic('capture', 'out --no-stderr', 'print(x)')")
    assert part.names.binds == {"out"}
    assert part.names.reads == {"print", "x"}


def test_a_timed_body_with_magics_is_not_seen_through() -> None:
    part = only("get_ipython().run_cell_magic('time', '', '!ls')")
    assert part.kind is Kind.MAGIC
    assert part.dynamic[0].name == "magics inside a magic"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("get_ipython().system('ls')", Kind.SHELL),
        ("files = get_ipython().getoutput('ls')", Kind.SHELL),
        ("for x in y:\n    get_ipython().system('ls {x}')", Kind.SHELL),
        ("get_ipython().run_line_magic('timeit', 'f()')", Kind.MAGIC),
        ("get_ipython().run_cell_magic('bash', '', 'ls')", Kind.MAGIC),
        ("get_ipython().run_cell_magic('capture', '{name}', 'f()')", Kind.MAGIC),
        ("y = get_ipython().run_line_magic('time', 'f()')", Kind.MAGIC),
        ("ip = get_ipython()", Kind.DYNAMIC),
    ],
)
def test_other_magics_and_shell_lines_are_opaque(text: str, kind: Kind) -> None:
    part = only(text)
    assert part.kind is kind
    assert part.magic is None
    assert "get_ipython" in {use.name for use in part.dynamic}


def test_deeply_nested_code_is_refused_instead_of_failing() -> None:
    body = ast.parse("a()").body
    call = body[0].value  # type: ignore[attr-defined]
    for _ in range(3000):
        call = ast.Call(call, [], [], lineno=1, col_offset=0, end_lineno=1, end_col_offset=1)
    part = parse_cell([ast.Expr(call, lineno=1, col_offset=0)], "a()").components[0]
    assert part.dynamic[0].name == "deeply nested code"
    assert part.names.reads == {"a"}


def test_a_long_sum_and_a_long_elif_chain_are_analysed() -> None:
    assert only("s = " + " + ".join(f"v{i}" for i in range(800))).names.reads >= {"v0", "v799"}
    chain = (
        "if c:\n    r = 1\n" + "".join(f"elif c{i}:\n    r = {i}\n" for i in range(300)) + "else:\n    r = 0"
    )
    assert only(chain).names.binds == {"r"}


def test_annotations_at_the_top_level_are_declared_apart() -> None:
    part = only("x: int = f()\ny: list[str]\nz.a: int = 2")
    assert part.annotations == ("x: int", "y: list[str]")
    assert "__annotations__" not in part.names.reads
    assert "__annotations__" in only("if c:\n    x: int = 1").names.mutates


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("a = np.empty(3)\nfor i in x: a[i] = 1\nb = a", [2, 3]),
        ("a = np.empty(3)\nb, c = 0, 1.5\nn = 0\nfor i in x: a[i] = 1", [4]),
        ("a = np.empty(3)\nb = np.empty_like(a)\nfor i in x: b[i] = a[i] = 1", [3]),
        ("a = np.empty(3)\nb = f()\nfor i in x: a[i] = 1", [1, 2, 3]),
        ("a = np.empty(3)\nb = 0\nc = 1", [1, 2, 3]),
        ("a = np.zeros(3)\nfor i in x: a[i] = 1", [1, 2]),
    ],
)
def test_memory_with_chance_content_belongs_to_what_fills_it(text: str, stops: list[int]) -> None:
    assert [found.stop for found in parse_cell(ast.parse(text).body, text).components] == stops
