# ruff: noqa: RUF001 (lookalikes on purpose)
from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcache.media.text.characters import BREAK, IGNORED, SYMBOL, Alphabet, code_points
from fpcache.media.text.shingles import letters_of, shingles, word_hashes

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def symbols(text: str) -> list[int]:
    return letters_of(code_points(text)).symbols.tolist()


@settings(deadline=None, max_examples=50)
@given(TEXTS, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_all_normal_forms_of_a_text_are_one(text, form) -> None:
    assert symbols(unicodedata.normalize(form, text)) == symbols(text)


@settings(deadline=None, max_examples=50)
@given(TEXTS, TEXTS)
def test_a_text_can_be_read_in_pieces(first, second) -> None:
    assert symbols(first + second) == symbols(first) + symbols(second)


@pytest.mark.parametrize(
    ("written", "otherwise"),
    [
        ("Straße", "STRASSE"),
        ("naïve café", "naive cafe"),
        ("ﬁn ﬂow", "fin flow"),
        ("ＷＩＤＥ１２", "wide12"),
        ("ﾊﾝｶｸ", "ハンカク"),
        ("ガギグ", "カキク"),
        ("don't", "don’t"),
        ("soft\u00adhy\u200cphen", "softhyphen"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("👍🏽", "👍"),
        ("❤️", "❤"),
        ("x²", "x2"),
        ("a b\tc\u3000d", "abcd"),
        ("ᾳ", "α\u0345"),
    ],
)
def test_ways_to_write_the_same_are_one(written, otherwise) -> None:
    assert symbols(written) == symbols(otherwise) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [("漢字", "字漢"), ("เขา", "เข้าไป"), ("कि", "की"), ("👍", "👎"), ("ab", "ba"), ("с", "c")],
)
def test_different_letters_stay_different(one, other) -> None:
    assert symbols(one) != symbols(other)


def test_an_ideograph_counts_as_two_letters() -> None:
    assert len(symbols("漢字")) == 2 * len(symbols("ab"))


def test_roles() -> None:
    text = "a, \u0301'\u200d\u200b漢👍\ue000\U000e0001"
    assert Alphabet().roles(code_points(text)).tolist() == [
        SYMBOL, BREAK, BREAK, IGNORED, IGNORED, IGNORED, BREAK, SYMBOL, SYMBOL, SYMBOL, IGNORED,
    ]  # fmt: skip


def test_what_a_character_stands_for_does_not_depend_on_what_was_met_before() -> None:
    first, second = Alphabet(), Alphabet()
    one, two = code_points("zebra"), code_points("äpple")
    assert first.roles(one).all()
    assert first.roles(two).all()
    assert second.roles(two).all()
    assert first.symbols(two)[0].tolist() == second.symbols(two)[0].tolist()


def test_half_a_surrogate_pair_is_a_symbol_of_its_own() -> None:
    assert len(set(symbols("\ud800\udc00"))) == 2


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 5), max_size=60), st.integers(1, 14))
def test_runs_hash_alike_exactly_where_they_are_equal(values, length) -> None:
    stream = np.array(values, np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1)
    runs = [tuple(values[start : start + length]) for start in range(len(values) - length + 1)]
    hashes = shingles(stream, length).tolist()
    assert len(hashes) == len(runs)
    assert len(set(zip(runs, hashes, strict=True))) == len(set(runs)) == len(set(hashes))


def test_a_word_hashes_alike_wherever_it_stands() -> None:
    hashes = word_hashes(letters_of(code_points("Tea, abba — baab (tea) abba漢 TEA漢"))).tolist()
    assert len(hashes) == 6
    assert hashes[0] == hashes[3]
    assert hashes[1] != hashes[2]
    assert len(set(hashes)) == 5


def test_words_of_nothing_are_none() -> None:
    assert word_hashes(letters_of(code_points("... —"))).size == 0
