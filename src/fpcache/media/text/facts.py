# ruff: noqa: RUF001 (words of many languages)
"""Facts about a text for people and filters: how long it is, in what script, perhaps in what language."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np

from fpcache.media.text.characters import SCRIPTS, alphabet

__all__ = ["Counts", "language_of", "script_of"]

_SHARE_OF_SCRIPT = 0.6
_SHARE_OF_KANA = 0.05
_LEAST_WORDS, _LEAST_SHARE, _LEAD = 8, 0.08, 1.5
_WITHOUT_SPACES = frozenset(
    SCRIPTS.index(name)
    for name in ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
)
# The language of a script that (nearly) one language alone is written in.
_LANGUAGE_OF_SCRIPT = {
    "Japanese": "ja", "Han": "zh", "Hangul": "ko", "Greek": "el", "Thai": "th", "Lao": "lo",
    "Khmer": "km", "Tamil": "ta", "Telugu": "te", "Kannada": "kn", "Malayalam": "ml", "Sinhala": "si",
    "Gujarati": "gu", "Gurmukhi": "pa", "Armenian": "hy", "Georgian": "ka", "Myanmar": "my",
}  # fmt: skip
# Frequent short words that the others listed lack, or have more seldom.
_FUNCTION_WORDS = {
    "en": "the of and to is that for with are this be it not you from have by as on or",
    "de": "der die und das ist nicht mit sich auf ein eine zu von den dem wird oder im für auch",
    "fr": "le la les et des est une dans pour que qui pas sur du vous par avec ce sont au",
    "es": "el los las una para con que por del está como su puede más si se es al lo y",
    "it": "il di che per una non con del è sono della più gli nel si le da alla anche come",
    "pt": "o os não uma para com do da em que se por mais você pode ao na no são ou",
    "nl": "de het een van en niet dat op te voor zijn met u worden kan aan als wordt om bij",
    "sv": "och att det som en är inte på för av du med till kan den om ett eller från har",
    "da": "og at det en er ikke på til af du med som kan den om et eller fra har for",
    "pl": "się nie na jest do że to jak po dla lub oraz może przez być są aby można ten od",
    "cs": "se na je že to jsou není pro jako nebo při lze podle můžete které která tak si pokud byl",
    "tr": "bir ve bu için ile da de olarak daha çok gibi veya olan ne kadar değil her var",
    "ru": "и в не на что с по как это для из или от вы если может он к но так",
    "uk": "і що та як або від ви якщо до його було є цей ця для за це з у лише",
    "ar": "في من على إلى أن هذا هذه التي الذي ما لا مع أو كان عن و كل هو هي",
    "fa": "در از به که این را با است برای می و یک آن شما کنید یا خود شود تا",
    "he": "של את על לא הוא זה אל עם כי או היא כל יש אם גם אשר ב ה",
}
_LISTS = {language: words.split() for language, words in _FUNCTION_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
_CHARACTERS_READ = 8000


class Counts:
    """Counts what is counted of a text that comes in blocks."""

    def __init__(self) -> None:
        self.characters = self.words = 0
        self._breaks = 0
        self._scripts = np.zeros(len(SCRIPTS), np.int64)
        self._last = ""

    def add(self, block: str, codes: np.ndarray, words: int) -> None:
        """Count one more block, given also as code points, which ends where a word does."""
        self.characters += len(block)
        self.words += words
        self._scripts += alphabet().scripts(codes)
        self._breaks += block.count("\n") + block.count("\r") - block.count("\r\n")
        if self._last == "\r" and block.startswith("\n"):
            self._breaks -= 1
        self._last = block[-1:]

    def metadata(self, opening: str) -> dict[str, Any]:
        """Return the facts, JSON-able; `opening` is the beginning of the text."""
        script = script_of(self._scripts)
        letters = int(self._scripts[1:].sum())
        unspaced = int(sum(self._scripts[number] for number in _WITHOUT_SPACES))
        return {
            "characters": self.characters,
            "words": None if 10 * unspaced > letters else self.words,
            "lines": self._breaks + (self._last not in ("\n", "\r", "")),
            "script": script,
            "language": _LANGUAGE_OF_SCRIPT.get(script) or language_of(opening),
        }


def script_of(counts: np.ndarray) -> str:
    """Return the script that most letters are of, such as "Latin"; "mixed" or "unknown" where none is.

    Parameters
    ----------
    counts : ndarray
        How many letters there are of each of `SCRIPTS`.
    """
    letters = int(counts[1:].sum())
    if not letters:
        return "unknown"
    kana = int(counts[SCRIPTS.index("HIRAGANA")] + counts[SCRIPTS.index("KATAKANA")])
    han = int(counts[SCRIPTS.index("CJK")])
    if kana + han > _SHARE_OF_SCRIPT * letters:
        return "Japanese" if kana > _SHARE_OF_KANA * (kana + han) else "Han"
    most = 1 + int(np.argmax(counts[1:]))
    return SCRIPTS[most].title() if counts[most] > _SHARE_OF_SCRIPT * letters else "mixed"


def language_of(text: str) -> str:
    """Return the language whose function words a text uses, as an ISO 639-1 code, or "unknown".

    A guess from word lists: it knows seventeen languages, and says nothing of a text with few such words
    or where two languages are close.

    Examples
    --------
    >>> language_of("It is not the size of the dog in the fight that counts.")
    'en'
    >>> language_of("Lorem ipsum dolor sit amet.")
    'unknown'
    """
    words = _WORD.findall(text[:_CHARACTERS_READ].casefold())
    if len(words) < _LEAST_WORDS:
        return "unknown"
    counts = Counter(words)
    hits = {language: sum(counts[word] for word in known) for language, known in _LISTS.items()}
    first, second = sorted(hits, key=lambda language: (-hits[language], language))[:2]
    if hits[first] < _LEAST_SHARE * len(words) or hits[first] < _LEAD * hits[second]:
        return "unknown"
    return first
