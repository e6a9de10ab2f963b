# ruff: noqa: RUF001 (lookalikes on purpose)
"""What happens to texts: each transform gives a changed copy of one, at random, perhaps mixed with others."""

from __future__ import annotations

import html
import random
import re
import textwrap
import unicodedata
from collections.abc import Callable, Sequence

Transform = Callable[[str, random.Random, Sequence[str]], str]
_LOOKALIKES = str.maketrans("aceopxyABEKMHOPCTX", "асеорхуАВЕКМНОРСТХ")
_MISREAD = {"l": "1", "O": "0", "m": "rn", "e": "c", "i": "l", "S": "5", "h": "b", "u": "v"}
_LICENCE = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this document, to "
    "deal in it without restriction, including without limitation the rights to use, copy, modify, merge,"
    " publish, distribute, sublicense, and sell copies, subject to the following conditions: this notice "
    "shall be included in all copies. The document is provided as is, without warranty of any kind, "
    "express or implied, including but not limited to the warranties of merchantability and fitness for a"
    " particular purpose.\n\n"
)


def tokens(text: str) -> list[str]:
    """Return the words of a text with what follows each; of text without spaces, pairs of characters."""
    words = re.findall(r"[\s\u200b]*[^\s\u200b]+", text)
    if len(text) <= 12 * len(words):
        return words
    return re.findall(r"(?s)..?", text)


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, with the space before each."""
    return re.findall(r"(?s).+?(?:[.!?。！？։।។]+(?=\s|\S)|\n\s*\n|$)", text)


def _typos(share: float) -> Transform:
    def transform(text: str, source: random.Random, others: Sequence[str]) -> str:
        letters = [character for character in text if character.isalpha()] or list(text)
        out, place = [], 0
        while place < len(text):
            character = text[place]
            if source.random() >= share or character.isspace():
                out.append(character)
            else:
                kind = source.randrange(4)
                if kind == 0:
                    out.append(source.choice(letters))
                elif kind == 1:
                    out += [character, source.choice(letters)]
                elif kind == 3 and place + 1 < len(text):
                    out += [text[place + 1], character]
                    place += 1
            place += 1
        return "".join(out)

    return transform


def _misread(text: str, source: random.Random, others: Sequence[str]) -> str:
    return "".join(_MISREAD.get(c, c) if source.random() < 0.25 else c for c in text)


def _lookalikes(text: str, source: random.Random, others: Sequence[str]) -> str:
    return "".join(c.translate(_LOOKALIKES) if source.random() < 0.05 else c for c in text)


def _shuffled_words(text: str, source: random.Random, others: Sequence[str]) -> str:
    words = tokens(text)
    source.shuffle(words)
    return "".join(words) if "".join(words[:9]).strip() else text


def _shuffled_inside_sentences(text: str, source: random.Random, others: Sequence[str]) -> str:
    return "".join(_shuffled_words(sentence, source, others) for sentence in sentences(text))


def _shuffled_sentences(text: str, source: random.Random, others: Sequence[str]) -> str:
    parts = sentences(text)
    source.shuffle(parts)
    return " ".join(parts)


def _without_words(text: str, source: random.Random, others: Sequence[str]) -> str:
    return "".join(word for word in tokens(text) if source.random() >= 0.1)


def _other_words(text: str, source: random.Random, others: Sequence[str]) -> str:
    foreign = tokens(source.choice(others))
    return "".join(source.choice(foreign) if source.random() < 0.1 else word for word in tokens(text))


def _part(start: float, share: float) -> Transform:
    def transform(text: str, source: random.Random, others: Sequence[str]) -> str:
        return text[round(start * len(text)) : round((start + share) * len(text))]

    return transform


def _paragraph(text: str, source: random.Random, others: Sequence[str]) -> str:
    start = source.randrange(max(1, len(text) - 400))
    return text[start : start + 400]


def _quoted(share: float) -> Transform:
    def transform(text: str, source: random.Random, others: Sequence[str]) -> str:
        size = round(share * len(text))
        start = source.randrange(len(text) - size + 1)
        part = text[start : start + size]
        other = source.choice(others)
        while len(other) < 2 * size:
            other += "\n\n" + source.choice(others)
        middle = len(other) // 2
        return f"{other[:middle]}\n\n{part}\n\n{other[middle:]}"

    return transform


def _without_accents(text: str, source: random.Random, others: Sequence[str]) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _wide(text: str, source: random.Random, others: Sequence[str]) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in unicodedata.normalize("NFD", text))


def _invisible(text: str, source: random.Random, others: Sequence[str]) -> str:
    marks = "\u200b\u200d\u00ad\ufeff"
    return "".join(c + source.choice(marks) if source.random() < 0.1 else c for c in text)


def _then(*steps: Transform) -> Transform:
    def transform(text: str, source: random.Random, others: Sequence[str]) -> str:
        for step in steps:
            text = step(text, source, others)
        return text

    return transform


def _plain(change: Callable[[str], str]) -> Transform:
    return lambda text, source, others: change(text)


_upper = _plain(str.upper)
_bare = _plain(lambda text: "".join(c for c in text if unicodedata.category(c)[0] not in "PS"))
_wrapped = _plain(lambda text: "\n".join(textwrap.wrap(text, 40)))
_quarter = _part(0, 0.25)

TRANSFORMS: dict[str, Transform] = {
    "upper case": _upper,
    "no punctuation": _bare,
    "wrapped at 40": _wrapped,
    "one line": _plain(lambda text: " ".join(text.split())),
    "no spaces": _plain(lambda text: "".join(text.split())),
    "no accents": _without_accents,
    "wide forms, decomposed": _wide,
    "invisible characters": _invisible,
    "'> ' before lines": _plain(lambda text: re.sub("(?m)^", "> ", text)),
    "HTML": _plain(lambda text: "".join(f"<p>{html.escape(line)}</p>\n" for line in text.splitlines())),
    "lines numbered": _plain(lambda text: "".join(f"{n} {t}\n" for n, t in enumerate(text.splitlines(), 1))),
    "licence before": _plain(lambda text: _LICENCE + text),
    "lookalikes 5 %": _lookalikes,
    "misread (OCR)": _misread,
    "typos 1 %": _typos(0.01),
    "typos 5 %": _typos(0.05),
    "typos 10 %": _typos(0.10),
    "10 % of words gone": _without_words,
    "10 % of words replaced": _other_words,
    "sentences shuffled": _shuffled_sentences,
    "words shuffled in sentences": _shuffled_inside_sentences,
    "words shuffled": _shuffled_words,
    "first half": _part(0, 0.5),
    "first quarter": _quarter,
    "middle quarter": _part(0.4, 0.25),
    "last tenth": _part(0.9, 0.1),
    "400 characters": _paragraph,
    "quarter, typos 5 %": _then(_quarter, _typos(0.05)),
    "half, upper, bare, wrapped": _then(_part(0, 0.5), _upper, _bare, _wrapped),
    "whole inside another": _quoted(1.0),
    "half inside another": _quoted(0.5),
    "quarter inside another": _quoted(0.25),
}
# Less than this of a short text or a title is left to find it by; reported apart.
PARTIAL = frozenset(name for name in TRANSFORMS if re.search("half|quarter|tenth|400|inside|licence", name))


def changed(name: str, text: str, seed: str, others: Sequence[str]) -> str:
    """Return a text as the transform `name` leaves it; the same for the same seed."""
    return TRANSFORMS[name](text, random.Random(f"{name} {seed}"), others)
