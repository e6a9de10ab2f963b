"""The caches that are compared, each used the way its own pages tell a user to."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PEERS", "Peer"]

_MEMOS = "from memos import by_hash"


@dataclass(frozen=True, slots=True)
class Peer:
    """One cache.

    Attributes
    ----------
    name : str
        What the table calls it.
    package : str
        The distribution, whose version is told.
    kind : str
        ``function``: it remembers what functions return. ``magic``: a line magic
        before the statement. ``marimo``: a context manager around it, in a notebook
        of its own. ``auto`` and ``explicit``: fpcache.
    page : str
        Where its documentation tells of the use.
    use : str
        What stands in the notebook, for readers.
    setup : str
        What is run in the notebook's namespace first; ``CACHE`` is the directory.
    memo : str
        An expression that makes a function remember, or the magic's name.
    says : str
        A regular expression: over lines: what it says of itself in a cell's output, which is no difference.
    fails : str
        Likewise: what it says where it does not do the work at all.
    loads : tuple of str
        What a waiting process has loaded.
    """

    name: str
    package: str
    kind: str
    page: str
    use: str
    setup: str = ""
    memo: str = ""
    says: str = ""
    fails: str = ""
    loads: tuple[str, ...] = ()


FPCACHE = (
    Peer("fpcache, automatic", "fpcache", "auto", "", "`%fpcache auto on`"),
    Peer("fpcache, by cell", "fpcache", "explicit", "", "`%%fpcache` on every cell"),
)

JOBLIB = Peer(
    name="joblib.Memory",
    package="joblib",
    kind="function",
    page="https://joblib.readthedocs.io/en/latest/memory.html",
    use="`memory.cache(f)(x)`",
    setup="from joblib import Memory\nmemory = Memory(CACHE, verbose=0)",
    memo="memory.cache",
    says=r"^\[MemorizedFunc.*Exception while loading results(.*\n)+",
    loads=("joblib",),
)

JOBLIB_HASH = Peer(
    name="joblib.hash",
    package="joblib",
    kind="function",
    page="https://joblib.readthedocs.io/en/latest/generated/joblib.hash.html",
    use="pickles named by `joblib.hash((source of f, arguments))`",
    setup=f"import joblib\n{_MEMOS}\nremember = by_hash(CACHE, joblib.hash, by_source=True)",
    memo="remember",
    loads=("joblib",),
)

HASHER = Peer(
    name="datasets Hasher",
    package="datasets",
    kind="function",
    page="https://huggingface.co/docs/datasets/about_cache",
    use="pickles named by `Hasher.hash((f, arguments))`",
    setup="from datasets.fingerprint import Hasher\n"
    f"{_MEMOS}\nremember = by_hash(CACHE, Hasher.hash, by_source=False)",
    memo="remember",
    loads=("datasets", "datasets.fingerprint"),
)

CHARMONIUM = Peer(
    name="charmonium.cache",
    package="charmonium-cache",
    kind="function",
    page="https://charmoniumq.github.io/charmonium.cache/",
    use="`memoize(group=group)(f)(x)`, told that the notebook's functions are not pure",
    # Without the override, what its page says of globals doesn't hold with the version that it installs.
    setup="""
import copy, logging
logging.getLogger('charmonium.freeze').setLevel('WARNING')
from charmonium.cache import DEFAULT_FREEZE_CONFIG, DirObjStore, FileRWLock, MemoizedGroup, memoize
config = copy.deepcopy(DEFAULT_FREEZE_CONFIG)
config.override_impure_modules |= {'__main__', 'tools'}
group = MemoizedGroup(
    obj_store=DirObjStore(path=CACHE), lock=FileRWLock(CACHE + '.lock'), size='1 GiB',
    fine_grain_persistence=True, freeze_config=config,
)
""",
    memo="memoize(group=group)",
    loads=("charmonium.cache",),
)

DISKCACHE = Peer(
    name="diskcache",
    package="diskcache",
    kind="function",
    page="https://grantjenks.com/docs/diskcache/api.html#diskcache.Cache.memoize",
    use="`cache.memoize(typed=True)(f)(x)`",
    setup="from diskcache import Cache\ncache = Cache(CACHE)",
    memo="cache.memoize(typed=True)",
    loads=("diskcache",),
)

CACHIER = Peer(
    name="cachier",
    package="cachier",
    kind="function",
    page="https://cachier.readthedocs.io/en/latest/",
    use="`cachier(cache_dir=directory, allow_none=True)(f)(x)`",
    setup="from cachier import cachier\ncache_directory = CACHE",
    memo="cachier(cache_dir=cache_directory, allow_none=True)",
    loads=("cachier",),
)

MARIMO = Peer(
    name="marimo",
    package="marimo",
    kind="marimo",
    page="https://docs.marimo.io/api/caching/",
    use="`with mo.persistent_cache(name, pin_modules=True):` in a marimo notebook",
    says=r"^An exception was raised when attempting to cache(.*\n)+?NOTE: .*\n|^marimo's cache: .*\n",
    fails=r"^marimo's cache: .*",
    loads=(
        "marimo",
        "marimo._output.formatters.formatters",
        "marimo._output.mpl",
        "marimo._save.manifest",
        "marimo._runtime.runner.by_refs",
        "matplotlib.figure",
        "matplotlib.backends.backend_agg",
        "matplotlib.image",
        "mpl_toolkits.mplot3d",
    ),
)

CACHE_MAGIC = Peer(
    name="cache-magic",
    package="cache-magic",
    kind="magic",
    page="https://github.com/SmartDataInnovationLab/ipython-cache",
    use="`%cache -v x out = f(x)`",
    setup="""
import os
get_ipython().starting_dir = CACHE
os.makedirs(CACHE, exist_ok=True)
import cache_magic
""",
    memo="cache",
    fails=r"^Error: .*",
    says=r"(Creating new value|Loading cached value|Warning! Expression has changed|To store a new).*\n",
    loads=("astunparse", "tabulate"),
)

PEERS = (*FPCACHE, JOBLIB, JOBLIB_HASH, HASHER, CHARMONIUM, DISKCACHE, CACHIER, MARIMO, CACHE_MAGIC)
