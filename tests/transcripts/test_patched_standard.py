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
]
SHOWN = "try: display(HTML('<b>0</b>'))\nexcept FileNotFoundError: print('no file')"
IMPORTS = "import os\nfrom unittest import mock\nfrom IPython.display import HTML, display"


@pytest.mark.parametrize("style", ["auto", "explicit"])
@pytest.mark.parametrize("replaced", REPLACED)
def test_code_of_installed_packages_uses_what_was_put_there(tmp_path, replaced, style):
    """`HTML` looks whether its text is the name of a file."""
    transcript = Transcript(tmp_path, mode=style)
    plain = transcript.run([IMPORTS, replaced, SHOWN], mode="plain")
    transcript.run([IMPORTS, "0;", SHOWN])
    cached = transcript.run([IMPORTS, replaced, SHOWN])
    assert plain[-1].stream() == cached[-1].stream() == "no file\n"
    again = transcript.run([IMPORTS, "0;", SHOWN])
    expect(again, {"try": "hit"})


def test_a_setting_of_the_standard_library_leaves_other_code_alone(tmp_path):
    transcript = Transcript(tmp_path)
    cells = ["import json, logging\nrows = [1, 2]", "text = json.dumps(rows)"]
    transcript.run(cells)
    warm = transcript.run([cells[0], "logging.getLogger('some').setLevel(30)", cells[1]])
    expect(warm, {"text": "hit"})
