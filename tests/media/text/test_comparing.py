from __future__ import annotations

import random
import re
import textwrap
import unicodedata

import numpy as np
import pytest
from made_texts import SCRIPTS, made_up, with_typos

from fpcache.errors import MediaError
from fpcache.media import Parts
from fpcache.media.text import THRESHOLD, compare, parts_of_text

CHANGES = {
    "case": str.swapcase,
    "no marks": lambda text: "".join(c for c in text if unicodedata.category(c)[0] not in "PS"),
    "wrapped": lambda text: "\n".join(textwrap.wrap(text, 30)),
    "no spaces": lambda text: "".join(text.split()),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "quoted": lambda text: re.sub("(?m)^", "> ", text),
    "typos": lambda text: with_typos(text, 0.05),
    "sentences shuffled": lambda text: _shuffled(text, r"(?s).+?[.!?]\s*"),
    "first quarter": lambda text: text[: len(text) // 4],
    "last tenth": lambda text: text[-len(text) // 10 :],
    "quarter with typos": lambda text: with_typos(text[: len(text) // 4], 0.05),
}


def _shuffled(text: str, part: str) -> str:
    parts = re.findall(part, text)
    random.Random(3).shuffle(parts)
    return "".join(parts)


def score(one: str, other: str) -> float:
    return compare(parts_of_text(one), parts_of_text(other)).score


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_changed_text_is_found_and_another_is_not(script, change) -> None:
    text, other = made_up(script, 1), made_up(script, 2)
    copy = CHANGES[change](text)
    assert score(copy, text) >= THRESHOLD
    assert score(copy, other) < THRESHOLD


@pytest.mark.parametrize("script", [script for script in SCRIPTS if SCRIPTS[script][1]])
def test_shuffled_words_are_found_where_there_are_spaces(script) -> None:
    text = made_up(script, 1)
    found = compare(parts_of_text(_shuffled(text, r"\S+\s*")), parts_of_text(text))
    assert found.is_match
    assert found.evidence["decided_by"] == "words"


def test_a_quoted_paragraph_is_found_in_a_long_text_and_the_evidence_says_which_way() -> None:
    book = made_up("Latin", 4, sentences=3000)
    paragraph = book[120_000:121_000]
    found = compare(parts_of_text(paragraph), parts_of_text(book))
    assert found.is_match
    assert found.evidence["a_in_b"] == pytest.approx(1, abs=0.1)
    assert found.evidence["b_in_a"] < 0.05
    assert found.evidence["resemblance"] < 0.05
    assert found.evidence["decided_by"] == "passages"
    assert score(made_up("Latin", 5)[:1000], book) < THRESHOLD


def test_a_half_taken_into_another_text_is_found() -> None:
    text, other = made_up("Latin", 1), made_up("Latin", 2)
    assert score(other[:3000] + text[: len(text) // 2] + other[3000:], text) >= THRESHOLD


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_two_of_many_unrelated_texts_match(script) -> None:
    parts = [parts_of_text(made_up(script, seed, sentences=20)) for seed in range(12)]
    scores = [compare(a, b).score for number, a in enumerate(parts) for b in parts[:number]]
    assert len(scores) == 66
    assert max(scores) < THRESHOLD


def test_comparing_is_symmetric_and_one_is_the_same_only() -> None:
    parts = [
        parts_of_text(text) for text in ("a", "the same", made_up("Latin", 1), made_up("Latin", 1)[:700])
    ]
    for a in parts:
        for b in parts:
            forth, back = compare(a, b), compare(b, a)
            assert forth.score == back.score
            assert 0 <= forth.score <= 1
            assert (forth.score == 1) == (a is b)
            assert forth.evidence["a_in_b"] == back.evidence["b_in_a"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Naïve Bayes", "naive bayes!"),
        ("Turn on bounce keys", "Turn on bounce kyes"),
        ("הפעלת מקשי קפיצה", "הפעלת מקשי קפיצא"),
        ("打开粘滞键功能", "打开粘滞键的功能"),
        ("👩‍🚀🚀🌕", "👩‍🚀 🚀 🌕"),
    ],
)
def test_titles_with_small_changes_are_found(one, other) -> None:
    assert score(one, other) >= THRESHOLD


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Turn on bounce keys", "Turn on slow keys"),
        ("one", "two"),
        ("cat", "category theory for working programmers"),
        ("第一章", "第二章节"),
        ("👍", "👎"),
        ("Tap here to set the volume of sounds", "Tap here to see the history of updates"),
    ],
)
def test_other_titles_are_not(one, other) -> None:
    assert score(one, other) < THRESHOLD


def test_a_word_is_not_the_text_it_stands_in() -> None:
    text = made_up("Latin", 1)
    assert score(max(text.split(), key=len), text) < THRESHOLD


def test_a_few_common_words_are_no_evidence_of_shuffling() -> None:
    assert score("the cat sat on the mat", "a dog is on that mat where the big cat had sat") < THRESHOLD


def test_long_texts_of_one_language_share_many_words_and_do_not_match() -> None:
    words = [f"{number:x}".translate(str.maketrans("0123456789", "ghijklmnop")) for number in range(40_000)]
    weights = [1 / (place + 3) for place in range(len(words))]
    books = [" ".join(random.Random(seed).choices(words, weights, k=150_000)) for seed in (1, 2)]
    found = compare(*map(parts_of_text, books))
    assert found.evidence["words"] > 0.4  # of short texts that would mean the same words in another order
    assert not found.is_match


def test_the_larger_the_part_the_higher_the_score() -> None:
    text = made_up("Latin", 1)
    scores = [score(text[: round(share * len(text))], text) for share in (0.1, 0.3, 0.6, 0.9, 1)]
    assert scores == sorted(scores)
    assert scores[-1] == 1


def test_estimates_are_close_to_the_truth() -> None:
    text = made_up("Latin", 1, sentences=800)
    half = text[: len(text) // 2]
    found = compare(parts_of_text(half), parts_of_text(text)).evidence
    assert found["a_in_b"] == pytest.approx(1, abs=0.01)
    assert found["b_in_a"] == pytest.approx(0.5, abs=0.05)
    assert found["resemblance"] == pytest.approx(0.5, abs=0.05)


def test_parts_of_something_else_are_refused() -> None:
    text, image = parts_of_text("text"), Parts({"pdq": np.zeros(32, np.uint8)})
    for a, b in ((text, image), (image, text)):
        with pytest.raises(MediaError, match="not those of a text"):
            compare(a, b)
