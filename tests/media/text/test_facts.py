# ruff: noqa: RUF001 (several scripts)
from __future__ import annotations

import pytest

from fpcache.media.text import parts_of_text

SENTENCES = {
    "en": "All of the people that live in this house have to be home by ten.",
    "de": "Die Leute, die in dem Haus wohnen, müssen um zehn da sein, oder es wird nicht für sie geöffnet.",
    "fr": "Les gens qui habitent dans la maison ne sont pas au courant, et le portier est sur le toit.",
    "es": "Los vecinos que viven en la casa no lo saben, y el portero está con una amiga que es del pueblo.",
    "it": "La gente che abita nella casa non lo sa, e il portiere è con una delle amiche che sono del paese.",
    "pl": "To nie jest dom, do którego można się tak po prostu dostać, lub dla którego są klucze na stole.",
    "ru": "Если вы не знаете, как это сделать для себя, то спросите у тех, что и так это делают.",
    "ja": "この家に住んでいる人は、十時までに帰らなければならない。",
    "zh": "住在这所房子里的人必须在十点以前回家。",
    "ko": "이 집에 사는 사람은 열 시까지 집에 돌아와야 합니다.",
    "th": "คนที่อยู่ในบ้านหลังนี้ต้องกลับบ้านก่อนสี่ทุ่ม",
    "el": "Όσοι μένουν σε αυτό το σπίτι πρέπει να γυρίσουν ως τις δέκα.",
    "he": "כל מי שגר בבית הזה הוא אדם של חוק, ולא אם הוא לא כי גם אם יש לו את המפתח על השולחן או אצל השכן",
    "ar": "كل من في هذا البيت لا بد أن يعود إلى البيت في العاشرة أو ما هو قريب من هذا الوقت",
    "ta": "இந்த வீட்டில் வசிப்பவர்கள் பத்து மணிக்குள் வீடு திரும்ப வேண்டும்.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_languages_are_told_from_a_sentence(language) -> None:
    assert parts_of_text(SENTENCES[language]).metadata["language"] == language


@pytest.mark.parametrize("text", ["Paris", "x = 3; y = f(x)", "Qapla' batlh je", "12345", "🦊🦊"])
def test_too_little_is_no_language(text) -> None:
    assert parts_of_text(text).metadata["language"] == "unknown"


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("hello", "Latin"), ("привет", "Cyrillic"), ("日本の本", "Japanese"), ("中文", "Han"),
        ("สวัสดี", "Thai"), ("नमस्ते", "Devanagari"), ("ab где", "mixed"), ("1 2 🦊", "unknown"),
    ],
)  # fmt: skip
def test_scripts(text, script) -> None:
    assert parts_of_text(text).metadata["script"] == script


@pytest.mark.parametrize(
    ("text", "words", "lines"),
    [
        ("one", 1, 1), ("one\n", 1, 1), ("one\ntwo", 2, 2), ("a\r\nb\r\n", 2, 2), ("a\rb\n\nc", 3, 4),
        ("don't stop-it,now  (please)", 5, 1), ("中文没有空格", None, 1), ("これは本です。", None, 1),
        ("사람은 집에", 2, 1), ("mostly words here and a few 字", 7, 1), ("\r\n\r\nx", 1, 3),
    ],
)  # fmt: skip
def test_counts(text, words, lines) -> None:
    metadata = parts_of_text(text).metadata
    assert (metadata["characters"], metadata["words"], metadata["lines"]) == (len(text), words, lines)
