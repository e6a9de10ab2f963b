"""A part of the standard library that is replaced counts for all libraries, which may use it."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import Transcript, expect

REPLACED = [
    "os.path.exists = lambda path: True",
    "setattr(os.path, 'exists', lambda path: True)",
    "def replace():\n    os.path.exists = lambda path: True\nreplace()",
    "started = mock.patch('os.path.exists', lambda path: True).start()",
    "vars(os.path)['exists'] = lambda path: True",
    "patcher = mock.patch('os.path.exists', lambda path: True)\n# %%\npatcher.start()",
    "patch = mock.patch.object\n# %%\npatcher = patch(os.path, 'exists', lambda path: True); patcher.start()",
    "put = setattr\n# %%\nput(os.path, 'exists', lambda path: True)",
    "put = functools.partial(setattr, os.path, 'exists')\n# %%\nput(lambda path: True)",
    "type(os.path).__setattr__(os.path, 'exists', lambda path: True)",
    "exec('os.path.exists = lambda path: True')",
    "%time os.path.exists = lambda path: True",
    "import patches",
    "os.path.exists = Always()",
]
SHOWN = "try: display(HTML('<b>0</b>'))\nexcept FileNotFoundError: print('no file')"
IMPORTS = (
    "import functools, os\nfrom unittest import mock\nfrom IPython.display import HTML, display\n"
    "class Always:\n    def __call__(self, path): return True"
)
FILES = {"patches.py": "import os.path\nsetattr(os.path, 'exists', lambda path: True)\n"}


@pytest.mark.parametrize("style", ["auto", "explicit"])
@pytest.mark.parametrize("replaced", REPLACED)
def test_code_of_installed_packages_uses_what_was_put_there(tmp_path, replaced, style):
    """`HTML` looks whether its text is the name of a file."""
    transcript = Transcript(tmp_path, mode=style, files=FILES)
    cells = [IMPORTS, *replaced.split("\n# %%\n"), SHOWN]
    plain = transcript.run(cells, mode="plain")
    transcript.run([IMPORTS, "0;", SHOWN])
    for _ in range(3):
        cached = transcript.run(cells)
        assert plain[-1].stream() == cached[-1].stream() == "no file\n"
    again = transcript.run([IMPORTS, "0;", SHOWN])
    expect(again, {"try": "hit"})


OTHERS = {
    "a function of Python's own": ("builtins.ascii = lambda value: 'mine'", "mine"),
    "a class": ("string.Formatter = Mine", "of a class"),
}


@pytest.mark.parametrize(("replaced", "shown"), OTHERS.values(), ids=OTHERS)
def test_code_of_the_standard_library_uses_what_was_put_there(tmp_path, replaced, shown):
    transcript = Transcript(tmp_path)
    imports = """
import builtins, string
class Mine:
    def format(self, *given): return "of a class"
""".strip()
    cells = [imports, "0;", "print(string.Formatter().format('{!a}', 'x'))"]
    expect(transcript.run(cells), {"print": "miss"})
    for _ in range(2):
        assert transcript.run(cells, ("0;", replaced))[-1].stream() == f"{shown}\n"
    expect(transcript.run(cells), {"print": "hit"})


def test_what_was_put_back_counts_no_longer(tmp_path):
    transcript = Transcript(tmp_path)
    cells = [IMPORTS, "kept = os.path.exists", "0;", SHOWN]
    transcript.run(cells)
    run = transcript.run(cells, ("0;", "os.path.exists = Always()\nos.path.exists = kept"))
    expect(run, {"try": "hit"})


def test_a_setting_of_the_standard_library_leaves_other_code_alone(tmp_path):
    transcript = Transcript(tmp_path)
    cells = ["import json, logging\nrows = [1, 2]", "text = json.dumps(rows)"]
    transcript.run(cells)
    warm = transcript.run([cells[0], "logging.getLogger('some').setLevel(30)", cells[1]])
    expect(warm, {"text": "hit"})
