"""What refuses to cache says what it met, on which line, and what its author can do."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import fpcache
from fpcache.cells import parse_cell
from fpcache.cells.component import Dynamic
from fpcache.cells.dynamic import DYNAMIC_NAMES
from fpcache.dependencies.records import Refusal
from fpcache.errors import UnfingerprintableValueError
from fpcache.session import refusing

SOURCES = Path(fpcache.__file__).parent
# Made of a message that has its remedy, or the reason of a miss: a stored result that can't be applied.
PASSED_ON = {
    "dependencies/file_effects.py": ("reason",),
    "dependencies/worker_tasks.py": ("**one",),
    "fingerprints/encoder.py": ("f'{where}{message}', path", "message, path"),
    "fingerprints/reading.py": ("message, error.path",),
    "replay/graph_codec.py": ("'a leaf of a stored gradient graph requires no gradient now'",),
    "replay/graph_operations.py": ('f"a step of a stored gradient graph ({name}) can\'t be made again"',),
    "replay/array_codec.py": ("'an input array lies in memory in another way than when this was stored'",),
    "replay/codec.py": ("message",),
    "replay/live_frames.py": ('"inputs don\'t share their memory as they did when this was stored"',),
    "replay/mutations.py": ("f'the object to be changed {reason}'",),
    "replay/outputs.py": ("message",),
    "replay/recording.py": ("f'an input {in_the_way[0][1]}'",),
    "replay/references.py": (
        '"the stored result refers to a part of an input that isn\'t there"',
        "f'the stored result refers to `{token[1]}`, which is not defined'",
        "f'the stored result refers to `{token[1]}.{token[2]}`, which is not there'",
    ),
    "replay/shared_blocks.py": ("'an input frame lies in memory in another way than when this was stored'",),
    "replay/torch_codec.py": (
        "'an input tensor lies in memory in another way than when this was stored'",
        "'the stored result is on a GPU, and there is none here'",
    ),
    "session/capturing.py": ("NO_EFFECT",),
}


def raised() -> list[tuple[str, str, ast.Call]]:
    """Return every place in the code where a refusal is made: file, kind, call."""
    kinds = {"Refusal", "refuse", "UncacheableError", "UnfingerprintableValueError"}
    found = []
    for path in sorted(SOURCES.rglob("*.py")):
        room = path.relative_to(SOURCES)
        if room.parts[0] in ("testing", "graph", "media", "hf", "artifacts"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name in kinds:
                    found.append((room.as_posix(), name, node))
    return found


def has_remedy(kind: str, call: ast.Call) -> bool:
    """Whether the call gives a remedy, apart or in the message; one that is unstorable gets a general one."""
    return (kind in ("Refusal", "refuse") and len(call.args) > 1) or "; " in ast.unparse(call)


@pytest.mark.parametrize(
    ("room", "kind", "call"), [pytest.param(*one, id=f"{one[0]}:{one[2].lineno}") for one in raised()]
)
def test_a_refusal_in_the_code_says_what_to_do(room, kind, call):
    given = ast.unparse(call).partition("(")[2].removesuffix(")")
    assert has_remedy(kind, call) or given in PASSED_ON.get(room, ()), f"{room}: {given}"


def component(source: str):
    """Return the last component of a cell, and the cell's statements."""
    nodes = ast.parse(source).body
    return parse_cell(nodes, source).components[-1], nodes


def test_a_refusal_gets_the_line_of_its_statement():
    one, _ = component("x = 1\ny = run()")
    assert refusing.refusal_text(Refusal("ran other processes", "use joblib"), one) == (
        "ran other processes, line 2; use joblib"
    )


def test_a_refusal_of_several_lines_gets_them_all():
    one, _ = component("for n in range(3):\n    run(n)")
    assert refusing.refusal_text(Refusal("ran other processes", "use joblib"), one) == (
        "ran other processes, lines 1–2; use joblib"
    )


def test_a_line_that_is_named_stays_alone():
    one, _ = component("x = 1\ny = now()")
    text = refusing.refusal_text(Refusal("reads the calendar (`now`, line 7)", "make it an input", 7), one)
    assert text == "reads the calendar (`now`, line 7); make it an input"


def test_a_value_without_a_fingerprint_is_placed_where_it_is_named():
    one, nodes = component("for n in range(3):\n    print(n)\n    next(held)")
    error = UnfingerprintableValueError("held: a generator can't be fingerprinted; make it a list", "held")
    assert refusing.value_text(error, one, nodes) == (
        "reads a value without a fingerprint: held: a generator can't be fingerprinted, line 3; "
        "make it a list"
    )


@pytest.mark.parametrize("name", [*sorted(DYNAMIC_NAMES), "dir()", "import *", "a computed query text"])
def test_dynamic_code_is_named_with_its_line_and_a_way_around(name):
    what, mark, remedy = refusing.dynamic_text(Dynamic(name, 4)).partition("; ")
    assert name in what
    assert what.endswith(", line 4")
    assert mark
    assert remedy
