"""What each character counts as: nothing, a break between words, or symbols to compare by.

Texts are compared by letters, digits and pictures (emoji) alone, without case, accents, width or
presentation form. Every rule is about one code point, so a text can be read in pieces of any size.
"""

from __future__ import annotations

import threading
import unicodedata
from functools import cache

import numpy as np

__all__ = ["BREAK", "IGNORED", "SCRIPTS", "SYMBOL", "Alphabet", "alphabet", "code_points", "mixed"]

IGNORED, BREAK, SYMBOL, _UNKNOWN = 0, 1, 2, 255
_CODE_POINTS = 0x110000
# Written one by one between letters of one word.
_INSIDE_WORDS = frozenset("'\u2018\u2019\u02bc\u05f3\u05f4\u00b7\u30fb")
# By the first word of a character's Unicode name.
SCRIPTS = (
    "other", "LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "CJK", "HIRAGANA", "KATAKANA", "HANGUL",
    "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "TAMIL",
    "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "ARMENIAN", "GEORGIAN", "ETHIOPIC",
)  # fmt: skip
_SCRIPT_NUMBERS = {name: number for number, name in enumerate(SCRIPTS)}
_SECOND_HALF = 1 << 32


def mixed(values: np.ndarray) -> np.ndarray:
    """Return 64-bit values scattered evenly, one to one.

    References
    ----------
    The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
    """
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def code_points(text: str) -> np.ndarray:
    """Return the code points of a text, uint32, shape (characters,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _symbols(character: str) -> tuple[int, ...]:
    codes: list[int] = []
    for part in _without_marks(_without_marks(character).casefold()):
        if _role(part) == SYMBOL:
            codes.append(ord(part))
            if unicodedata.name(part, "").startswith("CJK"):
                codes.append(ord(part) + _SECOND_HALF)  # says about as much as two letters
    return tuple(codes)


def _without_marks(text: str) -> str:
    # Before case is folded too: that makes a letter of one of the marks (U+0345).
    return "".join(part for part in unicodedata.normalize("NFKD", text) if not unicodedata.combining(part))


def _role(character: str) -> int:
    category = unicodedata.category(character)
    if character == "\u200b":
        return BREAK  # how Khmer, Lao and Thai texts mark where a word ends
    if category == "Cf" or character in _INSIDE_WORDS or unicodedata.combining(character):
        return IGNORED
    if "\ufe00" <= character <= "\ufe0f" or "\U0001f3fb" <= character <= "\U0001f3ff":
        return IGNORED  # how the emoji before it is drawn
    return BREAK if category[0] in "ZP" or category in ("Cc", "Sm", "Sk", "Sc") else SYMBOL


def _script(character: str) -> int:
    if not unicodedata.category(character).startswith("L"):
        return 0
    return _SCRIPT_NUMBERS.get(unicodedata.name(character, "").partition(" ")[0], 0)


class Alphabet:
    """A table of what is known of every code point met so far.

    The answers depend on nothing but the code point (and on the Unicode version of this Python, for
    characters that it does not know yet: they count as symbols of their own).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._roles = np.full(_CODE_POINTS, _UNKNOWN, np.uint8)
        self._scripts = np.zeros(_CODE_POINTS, np.uint8)
        self._counts = np.zeros(_CODE_POINTS, np.uint8)
        self._starts = np.zeros(_CODE_POINTS, np.int32)
        self._pool = np.zeros(0, np.uint64)

    def roles(self, codes: np.ndarray) -> np.ndarray:
        """Return IGNORED, BREAK or SYMBOL for each code point, uint8."""
        roles: np.ndarray = self._roles[codes]
        unknown = roles == _UNKNOWN
        if unknown.any():
            self._learn(np.unique(codes[unknown]))
            roles = self._roles[codes]
        return roles

    def scripts(self, codes: np.ndarray) -> np.ndarray:
        """Return how many of the code points are letters of each of `SCRIPTS`; entry 0 is all the rest."""
        self.roles(codes)
        counts: np.ndarray = np.bincount(self._scripts[codes], minlength=len(SCRIPTS))
        return counts

    def symbols(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the 64-bit symbols that code points stand for, and how many each gave.

        All of `codes` have the role SYMBOL.
        """
        counts = self._counts[codes]
        starts, pool = self._starts[codes], self._pool
        if counts.max(initial=0) <= 1:
            return pool[starts], counts
        counts = counts.astype(np.int64)
        firsts = np.cumsum(counts) - counts
        places = np.repeat(starts - firsts, counts)
        places += np.arange(places.size)
        return pool[places], counts

    def _learn(self, codes: np.ndarray) -> None:
        with self._lock:
            characters = [chr(code) for code in codes.tolist()]
            roles = [_role(character) for character in characters]
            symbols = [
                _symbols(one) if role == SYMBOL else () for one, role in zip(characters, roles, strict=True)
            ]
            counts = np.array([len(each) for each in symbols])
            starts = self._pool.size + np.cumsum(counts) - counts
            new = np.array([code for each in symbols for code in each], np.uint64)
            self._pool = np.concatenate([self._pool, mixed(new)])
            self._starts[codes], self._counts[codes] = starts, counts
            self._scripts[codes] = [_script(character) for character in characters]
            # Last, because other threads read without the lock. Of a voicing mark alone no symbol is left.
            self._roles[codes] = [
                IGNORED if role == SYMBOL and not count else role
                for role, count in zip(roles, counts.tolist(), strict=True)
            ]


@cache
def alphabet() -> Alphabet:
    """Return the table that this process shares."""
    return Alphabet()
