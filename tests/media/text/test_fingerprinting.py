from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_texts import SCRIPTS, made_up

from fpcache.errors import MediaError
from fpcache.media import MediaFingerprint, Parts
from fpcache.media.text import ALGORITHM, compare, parts_of_text, read_text
from fpcache.media.text.characters import alphabet

SAMPLE = "The quick brown fox; der schnelle Fuchs: 素早い狐 — ลิง, שועל, ثعلب, лиса. 🦊\r\n" * 40
GOLDEN = "708140106bb178cc9458ac85d020eaec24c3373b559b95c9e658b02b662a199a"


def digest(parts: Parts) -> str:
    found = hashlib.sha256()
    for name in sorted(parts.hashes):
        array = parts.hashes[name]
        found.update(f"{name} {array.dtype.str} {array.shape}".encode() + array.astype("<u8").tobytes())
    found.update(json.dumps(dict(parts.metadata), sort_keys=True).encode())
    return found.hexdigest()


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80), st.lists(st.integers(0, 80), max_size=5))
def test_how_a_text_is_cut_makes_no_difference(text, cuts) -> None:
    text = f"\r\n{text} tail\r"
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:stop] for start, stop in pairwise(edges)]
    assert digest(parts_of_text(pieces)) == digest(parts_of_text(text))


@pytest.mark.parametrize("script", ["Latin", "Han"])
def test_what_is_longer_than_a_block_is_fingerprinted_like_a_shorter_text(monkeypatch, script) -> None:
    text = made_up(script, 1, sentences=60).replace("\n", "\r\n")
    whole = parts_of_text(text)
    monkeypatch.setattr("fpcache.media.text.fingerprinting._BLOCK_CHARACTERS", 97)
    blocks = parts_of_text(text)
    assert blocks.hashes["passages"].tolist() == whole.hashes["passages"].tolist()
    assert blocks.metadata["lines"] == whole.metadata["lines"]
    assert blocks.metadata["characters"] == whole.metadata["characters"] == len(text)
    if script == "Latin":  # a word of more than 97 letters would be cut
        assert digest(blocks) == digest(whole)
    assert digest(parts_of_text(iter(text))) == digest(blocks)


def test_a_long_text_takes_little_memory() -> None:
    piece = made_up("Latin", 2, sentences=600)
    parts_of_text(piece)
    tracemalloc.start()
    parts = parts_of_text(f"{number} {piece}" for number in range(100))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert parts.metadata["characters"] > 3_000_000
    assert peak_bytes < 40e6
    assert sum(array.nbytes for array in parts.hashes.values()) < 1_200_000


def test_a_letter_that_becomes_eighteen_is_no_danger() -> None:
    tracemalloc.start()
    parts = parts_of_text("\ufdfa" * 300_000)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert parts.hashes["passages"].size < 20
    assert peak_bytes < 400e6


@pytest.mark.parametrize("text", ["", [], ["", ""]])
def test_an_empty_text_is_refused(text) -> None:
    with pytest.raises(MediaError, match="the text is empty"):
        parts_of_text(text)


@pytest.mark.parametrize("text", [" \n\t", "... — !?", "\u200d\ufeff", "+=<>"])
def test_a_text_without_letters_is_refused(text) -> None:
    with pytest.raises(MediaError, match=rf"of {len(text)} characters holds no letter"):
        parts_of_text(text)


@pytest.mark.parametrize("text", [b"bytes", bytearray(b"x"), Path("a.txt"), 3, None])
def test_what_is_not_decoded_is_refused(text) -> None:
    with pytest.raises(MediaError, match=rf"not {type(text).__name__}; read_text decodes"):
        parts_of_text(text)


def test_pieces_that_are_not_text_are_refused() -> None:
    with pytest.raises(MediaError, match="a piece of a text is a str, not bytes"):
        parts_of_text(["a", b"b"])


@pytest.mark.parametrize("text", ["a", "語", "👋", "7", "\ud800", "é" * 5])
def test_the_shortest_texts_have_fingerprints(text) -> None:
    parts = parts_of_text(text)
    assert compare(parts, parts).score == 1
    assert compare(parts, parts_of_text("something else")).score < 0.1


def test_small_pieces_are_kept_of_short_texts_only() -> None:
    assert "pieces" in parts_of_text("x" * 256).hashes
    assert "pieces" not in parts_of_text("x" * 257).hashes


def test_a_fingerprint_survives_its_bytes() -> None:
    parts = parts_of_text(SAMPLE)
    stored = MediaFingerprint("text", "00", ALGORITHM, parts)
    again = MediaFingerprint.from_bytes(stored.to_bytes())
    assert again == stored
    assert compare(again.parts, parts).score == 1


def test_the_hashes_are_what_they_always_were() -> None:
    assert digest(parts_of_text(SAMPLE)) == GOLDEN


def test_another_process_and_hash_seed_give_the_same() -> None:
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]);"
        "from test_fingerprinting import SAMPLE, digest, parts_of_text; print(digest(parts_of_text(SAMPLE)))"
    )
    for seed in ("1", "77"):
        done = subprocess.run(
            [sys.executable, "-c", program, os.path.dirname(__file__)],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert done.stdout.strip() == GOLDEN


def test_threads_that_learn_letters_at_once_agree() -> None:
    texts = [made_up(script, 1, sentences=20) for script in SCRIPTS] * 3
    expected = [digest(parts_of_text(text)) for text in texts]
    for _ in range(5):
        alphabet.cache_clear()
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(lambda text: digest(parts_of_text(text)), texts)) == expected


def test_the_room_can_be_looked_into_without_numpy() -> None:
    program = (
        "import fpcache.media, fpcache.media.text as t, sys; assert t.__all__; print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_file_and_its_text_have_one_fingerprint(tmp_path) -> None:
    (tmp_path / "a.txt").write_text(SAMPLE, "utf-16", newline="")
    assert digest(parts_of_text(read_text(tmp_path / "a.txt"))) == digest(parts_of_text(SAMPLE))


def test_a_vector_is_kept_at_length_one_and_seen_in_the_evidence() -> None:
    def vector(text: str) -> list[float]:
        return [3.0, 4.0 * text.count("fox")]

    one = parts_of_text("a fox", vector=vector, model="foxes 1")
    other = parts_of_text("no animal", vector=vector, model="foxes 1")
    assert one.vector is not None
    assert one.vector.dtype == np.float16
    assert one.vector.tolist() == pytest.approx([0.6, 0.8], abs=1e-3)
    found = compare(one, other)
    assert found.evidence["cosine"] == pytest.approx(0.6, abs=1e-3)
    assert found.score == compare(parts_of_text("a fox"), parts_of_text("no animal")).score
    stranger = parts_of_text("no animal", vector=vector, model="foxes 2")
    assert "cosine" not in compare(one, stranger).evidence


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [[1.0]], [float("nan")], [float("inf")], 3.0])
def test_what_is_no_vector_is_refused(values) -> None:
    with pytest.raises(MediaError, match="'m 1' gave no vector"):
        parts_of_text("text", vector=lambda text: values, model="m 1")


def test_a_vector_needs_the_name_of_its_model() -> None:
    with pytest.raises(MediaError, match="needs model="):
        parts_of_text("text", vector=lambda text: [1.0])


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_fingerprint_of_any_script_is_of_bounded_size(script) -> None:
    parts = parts_of_text(made_up(script, 3, sentences=400))
    assert 2048 <= parts.hashes["passages"].size <= 131_072
    assert parts.hashes["words"].size <= 1024
