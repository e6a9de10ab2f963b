"""Generators of random numbers: what they give next depends on how much was drawn from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fpcache.fingerprints import Reading
from fpcache.fingerprints.registry import dotted_name

__all__ = ["random_streams"]

_KINDS = frozenset(
    {
        "random.Random", "_random.Random", "torch.Generator", "torch._C.Generator",
        "numpy.random.Generator", "numpy.random._generator.Generator",
        "numpy.random.RandomState", "numpy.random.mtrand.RandomState",
        "numpy.random.BitGenerator", "numpy.random.bit_generator.BitGenerator",
    }
)  # fmt: skip
_MAKING = re.compile(
    r"random\.(Random|SystemRandom)$|torch\.(\w+\.)?Generator$"
    r"|numpy\.random\.(\w+\.)?(default_rng|Generator|RandomState|MT19937|PCG64\w*|Philox|SFC64)$"
)


def random_streams(reading: Reading, used: Iterable[str]) -> Iterator[str]:
    """Yield the kinds of generators that the values of code hold, or that it makes.

    Parameters
    ----------
    reading : Reading
        Of the code; what doesn't count is not in it.
    used : iterable of str
        Dotted paths of the installed objects that it uses.
    """
    for node in reading.nodes:
        if not _KINDS.isdisjoint(map(dotted_name, type(node).__mro__)):
            yield dotted_name(type(node))
    yield from (path for path in used if _MAKING.match(path))
