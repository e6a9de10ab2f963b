"""Fingerprints end to end: made, kept, compared, written down."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from fpcache.errors import MediaError
from fpcache.media import MediaFingerprint, afingerprint, fingerprint, fingerprint_batch, similarity
from fpcache.media.methods import method

from .conftest import TEXT, encoded, np, picture, tune


@pytest.fixture
def made(monkeypatch):
    """How often parts were made."""
    calls = []

    def counted(kind):
        how = method(kind)

        def counting(decoded, model):
            calls.extend(decoded)
            return how.parts(decoded, model)

        return replace(how, parts=counting)

    monkeypatch.setattr("fpcache.media.fingerprinting.method", counted)
    return calls


def test_an_image_is_found_again_and_another_is_not():
    first = picture(1)
    smaller = encoded(first.resize((200, 150)), "JPEG", quality=60)
    assert similarity(first, smaller).is_match
    assert similarity(first, first.transpose(1)).is_match  # upside down
    assert not similarity(first, picture(2)).is_match


def test_sound_is_found_again_in_a_part_of_it():
    pytest.importorskip("av", reason="needs the media extra")
    whole = tune(1, 12)
    found = similarity((whole, 16000), (whole[48000:144000] * 0.3, 16000))
    assert found.is_match
    assert abs(abs(found.evidence["offset_s"]) - 3) < 0.2
    assert not similarity((whole, 16000), (tune(2, 12), 16000)).is_match


def test_a_text_is_found_again_in_other_letters():
    assert similarity(TEXT, TEXT.upper().replace(",", " ")).is_match
    assert similarity(TEXT, TEXT[:100]).is_match
    assert not similarity(
        TEXT, "A recipe for bread needs flour, water, salt, and an evening of patience."
    ).is_match


def test_known_content_is_not_decoded_again(made, own_cache):
    data = encoded(picture(1))
    first = fingerprint(data)
    assert fingerprint(io.BytesIO(data)) == first
    assert len(made) == 1
    own_cache.clear()
    assert fingerprint(data) == first
    assert len(made) == 1
    assert (own_cache.stats().in_store, own_cache.stats().misses) == (1, 0)
    own_cache.clear(stored=True)
    assert fingerprint(data) == first
    assert len(made) == 2


def test_what_is_handed_out_may_be_changed_and_changes_nothing_else():
    data = encoded(picture(1))
    first = fingerprint(data)
    kept = first.to_bytes()
    for one in (first, fingerprint(data)):
        one.hashes["global"][:] = 0
        one.parts.metadata["width"] = 1
        assert fingerprint(data).to_bytes() == kept
    twice = fingerprint_batch([data, data])
    twice[0].hashes["global"][:] = 0
    assert twice[1].to_bytes() == kept


@pytest.mark.parametrize(("times", "is_made"), [(1, True), (2, True), (99, False)])
def test_a_file_that_is_replaced_while_it_is_read_is_not_taken_for_the_other(
    times, is_made, tmp_path, monkeypatch
):
    contents = [encoded(picture(seed, (64, 48))) for seed in range(6)]
    path = tmp_path / "live.png"
    path.write_bytes(contents.pop())

    def replacing(kind):  # asked for after the digest was taken
        if contents and len(contents) > 5 - times:
            path.write_bytes(contents.pop())
        return method(kind)

    with monkeypatch.context() as patch:
        patch.setattr("fpcache.media.fingerprinting.method", replacing)
        if not is_made:
            with pytest.raises(MediaError, match="changes while it is read"):
                fingerprint(path)
            return
        made = fingerprint(path)
    assert made == fingerprint(path.read_bytes())


@pytest.mark.parametrize("error", [AssertionError, OSError, MemoryError, SyntaxError, RuntimeError])
def test_whatever_a_decoder_raises_is_told_of_the_item(error, monkeypatch, tmp_path):
    def failing(*given):
        raise error("odd")

    path = tmp_path / "a.png"
    path.write_bytes(encoded(picture(1)))
    monkeypatch.setattr("fpcache.media.image.decoding._opened", failing)
    with pytest.raises(MediaError, match="a.png"):
        fingerprint(path)
    assert [bool(one) for one in fingerprint_batch([path, TEXT])] == [False, True]


def test_the_same_content_is_the_same_whatever_the_hashes_say():
    told = similarity(TEXT, TEXT)
    assert (told.score, told.evidence["same_content"]) == (1.0, True)


@pytest.mark.parametrize("source", [TEXT, picture(1)], ids=["text", "image"])
def test_it_is_written_down_and_read_again(source):
    one = fingerprint(source)
    again = MediaFingerprint.from_bytes(one.to_bytes())
    assert again == one
    assert hash(again) == hash(one)
    assert again.metadata == one.metadata
    assert one.digest[:12] in repr(one)
    assert "<svg" in one._repr_html_()
    for name, array in one.hashes.items():
        assert np.array_equal(again.hashes[name], array)


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\3\4", b"\x93NUMPY", None, 7, "text", archive(a=[1]), archive(head=np.frombuffer(b"[]", "u1"))],
)
def test_other_bytes_are_no_fingerprint(data):
    with pytest.raises(MediaError, match="no media fingerprint"):
        MediaFingerprint.from_bytes(data)


def test_a_cut_off_fingerprint_is_told():
    data = fingerprint(TEXT).to_bytes()
    with pytest.raises(MediaError, match="no media fingerprint"):
        MediaFingerprint.from_bytes(data[: len(data) // 2])


def test_kinds_and_versions_are_not_mixed():
    text, image = fingerprint(TEXT), fingerprint(picture(1))
    with pytest.raises(MediaError, match="can't be compared"):
        similarity(text, image)
    older = MediaFingerprint("text", text.digest, "text-0", text.parts)
    with pytest.raises(MediaError, match="text-1 and text-0"):
        similarity(text, older)


def test_a_damaged_store_costs_a_warning_and_work(own_cache, tmp_path, made, caplog):
    first = fingerprint(TEXT)
    own_cache.clear()
    for blob in (tmp_path / "cache").rglob("*"):
        if blob.is_file() and "index" not in blob.name:
            blob.write_bytes(b"damaged")
    assert fingerprint(TEXT) == first
    assert len(made) == 2


def test_a_vector_that_can_not_be_had_is_an_error_only_where_it_was_asked_for():
    assert fingerprint(picture(5), vector=False).vector is None
    with pytest.raises(MediaError, match="leave vector= away"):
        fingerprint(TEXT, vector=True)
    with pytest.raises(MediaError, match="FPCACHE_IMAGE_WEIGHTS|PyTorch"):
        fingerprint(picture(5), vector=True)


def test_pixels_as_numbers_from_0_to_1_are_those_up_to_255():
    pixels = np.asarray(picture(1))
    scaled = np.moveaxis(pixels, 2, 0) / 255
    assert np.array_equal(fingerprint(pixels).hashes["global"], fingerprint(scaled).hashes["global"])
    with pytest.raises(MediaError, match="between 0 and 1"):
        fingerprint(scaled * 300)


def test_it_waits_beside_other_work():
    async def both():
        return await asyncio.gather(afingerprint(TEXT), afingerprint(picture(1)))

    assert [one.kind for one in asyncio.run(both())] == ["text", "image"]


def test_another_process_gives_the_same_bits():
    script = (
        "from fpcache.media import fingerprint\n"
        f"made = fingerprint({TEXT!r})\n"
        "import hashlib\nprint(hashlib.sha256(made.to_bytes()).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True, env=environment(seed)
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def environment(seed):
    return {**os.environ, "PYTHONHASHSEED": seed, "FPCACHE_DISABLE": "1"}
