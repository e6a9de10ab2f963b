"""Which of two is named first decides no score, and of the evidence only from where it is seen."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpcache.errors import MediaError
from fpcache.media import MediaFingerprint, MediaIndex, Similarity, fingerprint, similarity

from .conftest import TEXT, Image, np, picture, tune

pytestmark = pytest.mark.media
ORIENTATIONS = {"quarter turn to the left": "quarter turn to the right"}
ORIENTATIONS |= {other: one for one, other in ORIENTATIONS.items()}


def both(a, b) -> tuple[Similarity, Similarity]:
    """Compare either way round; the scores must be one number."""
    forth, back = similarity(a, b), similarity(b, a)
    assert forth.score == back.score
    assert forth.is_match == back.is_match
    assert forth.evidence.keys() == back.evidence.keys()
    return forth, back


def detailed(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """A picture of many blocks, so that places are found in it."""
    random = np.random.default_rng([5, seed])
    blocks = random.integers(0, 255, (30, 40, 3), dtype=np.uint8)
    return Image.fromarray(np.kron(blocks, np.ones((10, 10, 1), np.uint8))).resize(size)


def changed(image: Image.Image, seed: int) -> Image.Image:
    """Return the picture turned, cropped and scaled, another way for each seed."""
    random = np.random.default_rng([6, seed])
    image = image.rotate(float(random.uniform(-14, 14)))
    width, height = image.size
    left, top = (int(value) for value in random.uniform(0, 0.5, 2) * (width, height))
    image = image.crop((left, top, left + width // 2, top + height // 2))
    if random.random() < 0.7:
        image = image.transpose(Image.Transpose(int(random.integers(7))))
    factor = random.uniform(0.6, 1.8)
    return image.resize((round(image.width * factor), round(image.height * factor)))


def assert_seen_from_either_side(forth: Similarity, back: Similarity) -> None:
    """Check what two pictures' evidence says, one way round and the other."""
    same = {"differing_bits", "differing_low_bits", "agreeing_places", "cosine"}
    assert {forth.evidence[name] == back.evidence[name] for name in same} == {True}
    if not forth.evidence["agreeing_places"]:
        return
    told = forth.evidence["orientation"]
    assert back.evidence["orientation"] == ORIENTATIONS.get(told, told)
    assert forth.evidence["scale"] * back.evidence["scale"] == pytest.approx(1, rel=0.01)
    sign = 1 if "mirrored" in told else -1
    assert back.evidence["turn_deg"] == sign * forth.evidence["turn_deg"]


@pytest.mark.parametrize("seed", range(40))
def test_pictures_that_barely_match_score_the_same_either_way(seed):
    a, b = detailed(seed % 5), changed(detailed(seed % 5), seed)
    forth, back = both(fingerprint(a, vector=False), fingerprint(b, vector=False))
    assert_seen_from_either_side(forth, back)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_hashes_of_pictures_score_the_same_either_way(data):
    """Few different patches at few places: many are equally near, and what is paired is a matter of order."""

    def made(digest: str) -> MediaFingerprint:
        random = np.random.default_rng(data.draw(st.integers(0, 999)))
        count = data.draw(st.integers(0, 25))
        known = np.random.default_rng(1).integers(0, 256, (3, 16), dtype=np.uint8)
        places = random.integers(-9, 9, (count, 3)) * (160, 160, 0)
        patches = known[random.integers(0, 3, count)] ^ (random.random((count, 16)) < 0.05).astype(np.uint8)
        hashes = {
            "global": random.integers(0, 256, (2, 32), dtype=np.uint8),
            "places": places.astype(np.int16), "patches": patches,
        }  # fmt: skip
        like = fingerprint(picture(1, (32, 32)), vector=False)
        return replace(like, digest=digest, parts=replace(like.parts, hashes=hashes))

    assert_seen_from_either_side(*both(made("a"), made("b")))


def test_the_index_finds_by_the_same_score_whichever_was_added(tmp_path):
    pairs = [
        (fingerprint(detailed(seed % 5), vector=False),
         fingerprint(changed(detailed(seed % 5), seed), vector=False))
        for seed in range(12)
    ]  # fmt: skip
    for number, (a, b) in enumerate(pairs):
        with MediaIndex(tmp_path / f"{number}.sqlite") as index:
            index.add("a", a)
            (found,) = index.search(b, threshold=0)
        assert found.similarity.score == similarity(a, b).score == similarity(b, a).score


@pytest.mark.parametrize("seed", range(8))
def test_sounds_score_the_same_either_way(seed):
    pytest.importorskip("scipy", reason="needs the media extra")
    pytest.importorskip("av", reason="needs the media extra")
    random = np.random.default_rng(seed)
    first = tune(seed, 10)
    start, length = int(random.integers(0, 60_000)), int(random.integers(30_000, 90_000))
    second = first[start : start + length] + 0.2 * random.standard_normal(len(first[start:][:length]))
    rate = (16000, 16400)[seed % 2]
    forth, back = both(fingerprint((first, 16000)), fingerprint((second, rate)))
    assert forth.evidence["speed"] * back.evidence["speed"] == pytest.approx(1, abs=0.001)
    assert back.evidence["offset_s"] == pytest.approx(
        -forth.evidence["offset_s"] / forth.evidence["speed"], abs=0.11
    )
    for name in ("matching_s", "bit_error_rate", "strength", "vector_cosine"):
        assert forth.evidence[name] == back.evidence[name]


def test_sounds_of_equal_bits_that_are_heard_at_other_times_score_the_same_either_way():
    pytest.importorskip("scipy", reason="needs the media extra")
    pytest.importorskip("av", reason="needs the media extra")
    one = fingerprint((tune(1), 16000))
    active = one.hashes["active"].copy()
    active[20:50] = 0
    other = replace(one, digest="other", parts=replace(one.parts, hashes={**one.hashes, "active": active}))
    both(one, other)


def film(seed: int, *, shift: int = 0, sound: int | None = None, rate: float = 8) -> bytes:
    """Return a video of a picture that moves, with a sound track if wanted."""
    av = pytest.importorskip("av", reason="needs the media extra")
    file = io.BytesIO()
    with av.open(file, "w", "matroska") as container:
        pictures = container.add_stream("mpeg4", rate=round(rate))
        pictures.width, pictures.height, pictures.pix_fmt = 160, 120, "yuv420p"
        sounds = container.add_stream("pcm_s16le", rate=16000, layout="mono") if sound is not None else None
        for number in range(shift, shift + 60):
            whole = picture(seed + number // 20, (320, 240))
            left = 4 * (number % 20)
            frame = av.VideoFrame.from_image(whole.crop((left, 40, left + 160, 160)))
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode())
        if sounds is not None:
            heard = (tune(sound, 12)[shift * 2000 :] * 32767).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(heard, "s16", "mono")
            frame.sample_rate = 16000
            container.mux(sounds.encode(frame))
            container.mux(sounds.encode())
    return file.getvalue()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"seed": 1}, {"seed": 1, "shift": 9}),
        ({"seed": 1}, {"seed": 60}),
        ({"seed": 1, "sound": 3}, {"seed": 1, "shift": 13, "sound": 3}),
        ({"seed": 1, "shift": 13, "sound": 3}, {"seed": 1, "sound": 3, "rate": 9}),
        ({"seed": 1, "sound": 3}, {"seed": 60, "shift": 7, "sound": 3}),
    ],
)
def test_videos_score_the_same_either_way(a, b):
    pytest.importorskip("scipy", reason="needs the media extra")
    forth, back = both(fingerprint(film(**a), "video"), fingerprint(film(**b), "video"))
    for name in ("likeness", "telling_frames", "matching_share", "sound", "likeness_with_sound"):
        assert forth.evidence.get(name) == back.evidence.get(name)
    if forth.is_match:
        assert forth.evidence["speed"] * back.evidence["speed"] == pytest.approx(1, abs=0.001)
        assert back.evidence["offset_s"] == pytest.approx(
            -forth.evidence["offset_s"] / forth.evidence["speed"], abs=0.03
        )
    if forth.evidence.get("sound_offset_s") is not None:
        assert back.evidence["sound_offset_s"] == pytest.approx(-forth.evidence["sound_offset_s"], abs=0.11)


def test_videos_of_equal_frames_at_other_times_score_the_same_either_way():
    pytest.importorskip("scipy", reason="needs the media extra")
    one = fingerprint(film(1, sound=3), "video")
    for name, array in (("times_s", one.hashes["times_s"] * np.float32(1.03) + np.float32(2.2)),
                        ("weights", one.hashes["weights"][::-1].copy()),
                        ("sound_bits", np.roll(one.hashes["sound_bits"], 13, axis=0))):  # fmt: skip
        hashes = {**one.hashes, name: array}
        assert hashes.keys() == one.hashes.keys(), name
        both(one, replace(one, digest=name, parts=replace(one.parts, hashes=hashes)))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(TEXT.split()), max_size=80), st.lists(st.sampled_from(TEXT.split()), max_size=80)
)
def test_texts_score_the_same_either_way(a, b):
    forth, back = both(fingerprint(" ".join(["x", *a]), "text"), fingerprint(" ".join(["x", *b]), "text"))
    assert (forth.evidence["a_in_b"], forth.evidence["b_in_a"]) == (
        back.evidence["b_in_a"], back.evidence["a_in_b"],
    )  # fmt: skip
    assert forth.evidence["sampled"] == back.evidence["sampled"][::-1]


def test_kinds_that_differ_are_refused_either_way():
    a, b = fingerprint(TEXT), fingerprint(picture(1))
    for one, other in ((a, b), (b, a)):
        with pytest.raises(MediaError, match="can't be compared"):
            similarity(one, other)
