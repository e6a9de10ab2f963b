"""Made-up texts in several scripts, with words as unevenly frequent as in real ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

# Letters of a script, and what stands between its words.
SCRIPTS = {
    "Latin": ("abcdefghijklmnoprstuväéñ", " "),
    "Cyrillic": ("абвгдежзиклмнопрстухцчшя", " "),
    "Arabic": ("ابتثجحخدرزسشصضطعفقكلمنهوي", " "),
    "Hebrew": ("אבגדהוזחטיכלמנסעפצקרשת", " "),
    "Devanagari": ("कखगघचछजटठडतथदधनपबभमयरलवसहािीुूेैो", " "),
    "Hangul": ("".join(map(chr, range(0xAC00, 0xD7A0, 97))), " "),
    "Thai": ("กขคงจชดตถทนบปผพมยรลวสหอะาิีเแโ", ""),
    "Han": ("".join(map(chr, range(0x4E00, 0x7E00, 11))), ""),
    "Japanese": ("".join(map(chr, [*range(0x3042, 0x3090), *range(0x5000, 0x6000, 37)])), ""),
}


@cache
def made_up(script: str, seed: int, *, sentences: int = 120) -> str:
    """Return a text of so many sentences; another seed gives another text with the same words."""
    letters, space = SCRIPTS[script]
    vocabulary = list(_words(letters, random.Random(script), 1 if script in ("Han", "Hangul") else 2))
    source = random.Random(f"{script} {seed}")
    weights = [1 / (place + 20) for place in range(len(vocabulary))]
    lines = []
    for _ in range(sentences):
        words = source.choices(vocabulary, weights, k=source.randrange(6, 16))
        lines.append(space.join(words).capitalize() + source.choice([".", ".", "!", "?"]))
    return "".join(line + source.choice([" ", " ", "\n\n"]) for line in lines)


def _words(letters: str, source: random.Random, shortest: int) -> Iterator[str]:
    for place in range(5000):
        longest = shortest + 1 + min(6, place // 40) // (3 if shortest == 1 else 1)
        yield "".join(source.choices(letters, k=source.randrange(shortest, longest + 1)))


def with_typos(text: str, share: float, seed: int = 0) -> str:
    """Return a text with so large a share of its characters replaced, doubled, dropped or swapped."""
    source = random.Random(f"typos {seed}")
    out: list[str] = []
    for character in text:
        kind = source.randrange(4) if source.random() < share else -1
        if kind == 0:
            out.append(source.choice(text))
        elif kind == 1:
            out += [character, source.choice(text)]
        elif kind == 2 and out:
            out.insert(-1, character)
        elif kind != 3:
            out.append(character)
    return "".join(out)
