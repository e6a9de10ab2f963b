"""Code that can't be followed: it makes code or names as it runs, or imports local modules anew."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator

from fpcache.fingerprints import Reading

__all__ = ["not_followed"]

_BLIND = {
    "builtins.eval": "runs text as code",
    "builtins.exec": "runs text as code",
    "builtins.globals": "takes globals by names that it makes",
    "builtins.__import__": "imports by a name that it makes",
    "importlib.import_module": "imports by a name that it makes",
    "runpy.run_path": "runs a file as code",
    "runpy.run_module": "runs a module as code",
    "sys._getframe": "looks at who calls it",
    "inspect.currentframe": "looks at who calls it",
    "builtins.input": "asks the user",
    "inspect.getmodule": "looks up modules as it runs",
    "pydoc.locate": "imports by a name that it makes",
    "pkgutil.resolve_name": "imports by a name that it makes",
    "pickle.loads": "loads objects with their code",
    "pickle.load": "loads objects with their code",
    "pickle.Unpickler": "loads objects with their code",
}


def not_followed(reading: Reading, used: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield a name to ignore and what can't be followed, for each such thing in the code.

    Parameters
    ----------
    reading : Reading
        Of the code.
    used : iterable of str
        Dotted paths of the installed objects that it uses.
    """
    for path in dict.fromkeys(used):
        if path in _BLIND:
            name = path.removeprefix("builtins.")
            yield name, f"the code {_BLIND[path]} (`{name}`), which can't be followed"
    for root in reading.roots:
        module = root.key.removesuffix(":")
        if root.kind == "missing" and module != root.key and _can_be_found(module):
            yield (
                module,
                f"the code imports `{module}`, which is not loaded yet; import it first, so that it counts",
            )


def _can_be_found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False
