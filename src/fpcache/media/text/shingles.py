"""Hashes of all overlapping runs of symbols, and of all words, without a Python step for each."""

from __future__ import annotations

import numpy as np

from fpcache.media.text.characters import BREAK, SYMBOL, alphabet, mixed

__all__ = ["Letters", "letters_of", "shingles", "word_hashes"]

_BASE = 0xD1342543DE82EF95  # odd, so that multiplying by it loses nothing
_MODULUS = 1 << 64


class Letters:
    """The symbols of one block of text, in order.

    Attributes
    ----------
    symbols : ndarray
        uint64, shape (symbols,).
    word_starts : ndarray
        Where in `symbols` each word begins; a word is what stands between two breaks.
    """

    __slots__ = ("symbols", "word_starts")

    def __init__(self, symbols: np.ndarray, word_starts: np.ndarray) -> None:
        self.symbols = symbols
        self.word_starts = word_starts


def letters_of(codes: np.ndarray) -> Letters:
    """Return the symbols that code points stand for, and where words begin among them."""
    table = alphabet()
    roles = table.roles(codes)
    places = np.flatnonzero(roles == SYMBOL)
    symbols, counts = table.symbols(codes[places])
    breaks = np.cumsum(roles == BREAK, dtype=np.int32)[places]
    begins = np.flatnonzero(np.diff(breaks, prepend=-1))
    if symbols.size != places.size:
        begins = (np.cumsum(counts) - counts)[begins]
    return Letters(symbols, begins)


def shingles(symbols: np.ndarray, length: int) -> np.ndarray:
    """Return the hash of every run of `length` symbols, uint64, shape (symbols - length + 1,).

    The hash is a polynomial in the symbols; runs of doubling length are put together, so that the
    work grows with the logarithm of `length`.

    References
    ----------
    Karp and Rabin 1987.
    """
    if symbols.size < length:
        return np.zeros(0, np.uint64)
    size = symbols.size - length + 1
    total, covered = np.zeros(size, np.uint64), 0
    part, width = symbols, 1
    while covered < length:
        if length & width:
            total = total * _power(width) + part[covered : covered + size]
            covered += width
        if covered < length:
            part = part[:-width] * _power(width) + part[width:]
            width *= 2
    return mixed(total)


def _power(exponent: int) -> np.uint64:
    return np.uint64(pow(_BASE, exponent, _MODULUS))


def word_hashes(letters: Letters) -> np.ndarray:
    """Return one hash for each word, uint64, in the order of the words."""
    symbols, starts = letters.symbols, letters.word_starts
    if not symbols.size:
        return np.zeros(0, np.uint64)
    lengths = np.diff(starts, append=symbols.size)
    powers = np.multiply.accumulate(np.full(int(lengths.max()), _BASE, np.uint64))
    inside = np.arange(symbols.size) - np.repeat(starts, lengths)
    return mixed(np.add.reduceat(symbols * powers[inside], starts))
