"""What code depends on beyond its values: files, environment variables, random states."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

from blake3 import blake3

from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints import fingerprint
from fpcache.hf.reports import Taken

__all__ = ["file_taken", "notes_on", "paths_in", "random_states", "tree_digest"]

_DEPTH = 4
_LONGEST = 1024
_NO_PATH = re.compile(r"[\n\0]")
_PATH = re.compile(r"[/\\]|\.\w{1,8}$")
_READ_BYTES = 1 << 24
_NOT_DRAWING = frozenset(
    {"Random", "SystemRandom", "default_rng", "Generator", "RandomState", "SeedSequence"}
)
_TORCH_DRAWS = re.compile(
    r"torch\.(\*|rand|normal|multinomial|bernoulli|poisson|Tensor\.(random_|normal_|uniform_)"
    r"|nn\.(modules\.\w+\.)?(\w*Linear|Lazy|Conv|Embedding|RNN|LSTM|GRU|Multihead|Transformer|\w*Dropout|RReLU"
    r"|Bilinear|AdaptiveLog|FractionalMax)"
    r"|(\w+\.)*(binomial|svd_lowrank|pca_lowrank|gumbel_softmax|rrelu_?|\w*dropout\w*|fractional_max_pool\w*"
    r"|random_split|DataLoader|\w*RandomSampler|scaled_dot_product_attention)$)"
)
_TOLD = {
    r"time\.(time|time_ns|localtime|ctime|strftime)$": "reads the clock",
    r"datetime\.(datetime\.)?(now|today|utcnow)$|datetime\.date\.today$": "reads the calendar",
    r"uuid\.uuid[14]$|os\.urandom$|secrets\.": "draws entropy",
    r"numpy\.random\.(_generator\.)?default_rng$": "makes a random generator; give it a seed",
    r"requests\.|urllib\.request\.|httpx\.|http\.client\.|socket\.|urllib3\.": "uses the network",
    r"subprocess\.|os\.(popen|system)$": "starts other processes",
    r"builtins\.hash$": "hashes, and texts have another hash under another hash seed",
    r"os\.(listdir|scandir|walk)$|glob\.|pathlib\.Path$": "may list directories; depends_on= takes paths",
}


def paths_in(value: object, depth: int = _DEPTH) -> Iterator[str]:
    """Yield the texts in a value that may be paths.

    Looked at are the value itself, and what lies in lists, tuples, sets and
    dicts; there only texts with a slash or a suffix, for a list may be a book.
    """
    if isinstance(value, (str, PurePath)):
        text = str(value)
        if (
            0 < len(text) <= _LONGEST
            and not _NO_PATH.search(text)
            and (depth == _DEPTH or _PATH.search(text))
        ):
            yield text
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from paths_in(item, depth - 1)
    elif depth and isinstance(value, dict):
        for item in value.values():
            yield from paths_in(item, depth - 1)


def file_taken(text: str) -> Taken | None:
    """Return a file's content as something that counts; None where there is no such file."""
    try:
        state = os.stat(text)
        if not stat.S_ISREG(state.st_mode):
            return None
        return Taken(text, "file", f"{state.st_size} bytes", _file_digest(text))
    except (OSError, ValueError):  # there is none, or it can't be read
        return None


def tree_digest(path: Path) -> tuple[str, str]:
    """Return a few words on a file or directory, and the digest of its content.

    A directory counts by the relative names and contents of all files below;
    where it lies doesn't count.

    Raises
    ------
    UnfingerprintableValueError
        If there is nothing at the path, or it can't be read.
    """
    try:
        if not path.is_dir():
            return f"{path.stat().st_size} bytes", _file_digest(path)
        parts = [(one.relative_to(path).as_posix(), one) for one in path.rglob("*") if one.is_file()]
        digest = fingerprint([(name, _file_digest(one)) for name, one in sorted(parts)])
        return f"directory of {len(parts)} files", digest
    except OSError as error:
        raise UnfingerprintableValueError(
            f"depends_on names {str(path)!r}, which can't be read: {error.strerror}; "
            "name a file or directory that is there"
        ) from error


def _file_digest(path: str | Path) -> str:
    content = blake3(max_threads=blake3.AUTO)
    with open(path, "rb") as file:
        while piece := file.read(_READ_BYTES):
            content.update(piece)
    return content.hexdigest()


def random_states(used: Iterable[str]) -> Iterator[Taken]:
    """Yield the states of the global random generators that code draws from by these dotted paths."""
    paths = tuple(used)
    if any(_draws(path, "random") for path in paths):
        yield _state("random", sys.modules["random"].getstate())
    if any(_draws(path, "numpy.random") for path in paths):
        yield _state("numpy.random", sys.modules["numpy"].random.get_state())
    if any(_TORCH_DRAWS.match(path) for path in paths):
        yield _state("torch", sys.modules["torch"].random.get_rng_state())


def _draws(path: str, module: str) -> bool:
    head, _, name = path.rpartition(".")
    return head == module and name not in _NOT_DRAWING and not name[:1].isupper()


def _state(name: str, state: Any) -> Taken:
    return Taken(
        name, "random state", "seed it, or another process gives another fingerprint", fingerprint(state)
    )


def notes_on(
    used: Iterable[str],
    states: Iterable[Taken],
    told_of_files: Iterable[str],
    edited: Iterable[str],
) -> tuple[str, ...]:
    """Say what can't count: what the code reads anew each time it runs."""
    found = [
        f"the code {told} (`{path}`)"
        for path in used
        for pattern, told in _TOLD.items()
        if re.match(pattern, path)
    ]
    found += [
        f"the code draws from the global state of `{one.name}`: use a generator with a seed" for one in states
    ]
    found += told_of_files
    found += [f"the file of module `{name}` was edited after it was loaded" for name in edited]
    return tuple(dict.fromkeys(found))
