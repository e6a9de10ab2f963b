"""Changes to modules, classes and registries: found, or refused with what was changed."""

from __future__ import annotations

from scenarios.trap import Trap

__all__ = ["MODULES"]

LIVE = [("same = ", "same = 0 or ")]


def change(title, body, live, reason, before="", **more):
    """Return a trap of a function that changes something outside, which a live statement then sees."""
    inner = body.replace("\n", "\n    ")
    given = {"auto": "uncacheable", "again": "", "slow": False}
    cells = f"{before}\ndef f(x=None):\n    {inner}\n    return 1\n# %%\nout = f({'x' if 'x = ' in before else ''})\n# %%\n{live}"
    return Trap(3, title, "R", cells, LIVE, **{"reason": reason, **given, **more})


PATCHES = (
    change("a module first imported by the function and patched", "import colorsys\ncolorsys.rgb_to_hls = lambda *a: 'patched'",
           "import colorsys\nsame = colorsys.rgb_to_hls(1, 2, 3)", "may have changed `colorsys.rgb_to_hls`, which it was the first to import"),
    change("a module first imported by the function and patched by setattr", "import colorsys\nsetattr(colorsys, 'rgb_to_hls', lambda *a: 'patched')",
           "import colorsys\nsame = colorsys.rgb_to_hls(1, 2, 3)", "may have changed `colorsys.rgb_to_hls`"),
    change("a number of a module first imported by the function", "import colorsys\ncolorsys.ONE_THIRD = 7", "import colorsys\nsame = colorsys.ONE_THIRD",
           "may have changed `colorsys.ONE_THIRD`"),
    change("a module imported by its name and patched", "import importlib\nm = importlib.import_module('colorsys')\nm.rgb_to_hls = len",
           "import colorsys\nsame = colorsys.rgb_to_hls('ab')", "may have changed `colorsys.rgb_to_hls`"),
    change("a loaded module patched with a library's function", "colorsys.rgb_to_hls = math.hypot", "same = colorsys.rgb_to_hls(1, 2, 3)", "changed `colorsys.rgb_to_hls`",
           before="import colorsys, math"),
    change("a loaded module patched as an argument", "setattr(x, 'rgb_to_hls', lambda *a: 'patched')", "same = colorsys.rgb_to_hls(1, 2, 3)", "`colorsys.rgb_to_hls`",
           before="import colorsys\nx = colorsys"),
    change("an attribute of a module deleted", "del colorsys.ONE_THIRD", "same = not hasattr(colorsys, 'ONE_THIRD')", "changed `colorsys.ONE_THIRD`", before="import colorsys"),
    change("an installed class patched", "import fractions\nfractions.Fraction.twice = lambda s: s * 2", "import fractions\nsame = fractions.Fraction(1, 2).twice()", "Fraction.twice`"),
    change("the class of a value patched", "type(x).twice = lambda s: s * 2", "same = x.twice()", "changed `Fraction.twice`", before="import fractions\nx = fractions.Fraction(1, 2)"),
    change("the builtins patched", "import builtins\nbuiltins.mine = 3", "same = mine", "builtins.mine`"),
    change("an entry of sys.modules", "import sys, types\nsys.modules['made'] = types.ModuleType('made')", "import made\nsame = made.__name__", "put `made` into `sys.modules`"),
    change("a local module first imported by the function and changed", "import helper\nhelper.k = 5", "import helper\nsame = helper.g()", "was the first to import the local module `helper`",
           files={"helper.py": "k = 1\ndef g(): return k\n"}),
    change("a local module first imported by the function, and what it holds changed", "import helper\nhelper.k.append(5)", "import helper\nsame = helper.k",
           "was the first to import the local module `helper`", files={"helper.py": "k = []\n"}),
    change("a local module that acts when it is imported", "import helper", "import helper\nsame = 1", "was the first to import the local module `helper`",
           files={"helper.py": "print('imported')\n"}),
    change("a local module first imported by the function that only defines", "from helper import g\nreturn g()", "import helper\nsame = helper.g()",
           "was the first to import the local module `helper`", files={"helper.py": "k = 1\ndef g(): return k\n"}),
    Trap(3, "a patch that is taken back", "H", "import json\nfrom unittest import mock\ndef f():\n    with mock.patch('json.dumps', lambda o: 'x'):\n        return json.dumps(1)\n# %%\n"
         "out = f()\n# %%\nsame = json.dumps(1)", LIVE),
)  # fmt: skip

REGISTRIES = (
    change("a library's table", "mimetypes.types_map['.zz'] = 'x/y'", "same = mimetypes.types_map.get('.zz')", "changed `mimetypes.types_map`", before="import mimetypes"),
    change("a table of a library first imported by the function", "import mimetypes\nmimetypes.types_map['.zz'] = 'x/y'", "import mimetypes\nsame = mimetypes.types_map.get('.zz')",
           "may have changed `mimetypes.types_map`"),
    change("a library's table of classes", "copyreg.dispatch_table[C] = len", "same = C in copyreg.dispatch_table", "changed `copyreg.dispatch_table`",
           before="import copyreg\nclass C: pass"),
    change("a codec's error handler", "codecs.register_error('zz', lambda e: ('?', e.end))", "same = 'a\\xe9'.encode('ascii', 'zz')", "`codecs.register_error` in `f`", before="import codecs"),
    change("a namespace of XML", "ET.register_namespace('zz', 'http://zz')", "same = ET.tostring(ET.Element('{http://zz}a'))", "`xml.etree.ElementTree.register_namespace` in `f`", before="import xml.etree.ElementTree as ET"),
    change("a domain of messages", "gettext.textdomain('zz')", "same = gettext.textdomain()", "`gettext.textdomain` in `f`", before="import gettext"),
    change("the first day of the week", "calendar.setfirstweekday(6)", "same = calendar.firstweekday()", "`calendar.setfirstweekday` in `f`", before="import calendar"),
    change("the longest number as a text", "sys.set_int_max_str_digits(5000)", "same = sys.get_int_max_str_digits()", "`sys.set_int_max_str_digits` in `f`", before="import sys"),
    change("the time zone", "os.environ['TZ'] = 'Asia/Tokyo'\ntime.tzset()", "same = time.tzname", "`time.tzset` in `f`", before="import os, time"),
    change("a class registered with an abstract one", "collections.abc.Sequence.register(C)", "same = issubclass(C, collections.abc.Sequence)",
           "registered a class with an abstract one", before="import collections.abc\nclass C: pass"),
    change("a converter of sqlite", "sqlite3.register_adapter(C, str)", "same = C in {kind for kind, _ in sqlite3.adapters}", "`sqlite3.register_adapter` in `f`",
           before="import sqlite3\nclass C: pass"),
    Trap(3, "a library's table that was added to is another input", "R", "import keyword\n# %%\nkeyword.kwlist.append('z');\n# %%\nout = len(keyword.kwlist)",
         [("append('z')", "extend(['z', 'y'])")], reason="`keyword.kwlist` changed (list of 36 → list of 37)"),
)  # fmt: skip

MODULES = {"monkeypatching": PATCHES, "registries changed": REGISTRIES}
