"""Among more items than are compared, what was changed a lot is still proposed."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from fpcache.media import fingerprint
from fpcache.media.index.candidates import Candidates
from fpcache.media.index.database import open_database
from fpcache.media.index.features import asked_features, stored_features
from fpcache.media.index.rows import Scope

from ..conftest import Image, np, picture, tune
from .made_fingerprints import WORDS, image, sentence, text

FEW = 4


def scene(seed):
    """A picture with corners to recognise."""
    random = np.random.default_rng([4, seed])
    coarse = picture(seed, (400, 300))
    pixels = np.asarray(coarse).astype(int)
    for _ in range(60):
        x, y = random.integers(0, 360), random.integers(0, 270)
        width, height = random.integers(8, 50, 2)
        pixels[y : y + height, x : x + width] += random.integers(-90, 90, 3)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def bare(one):
    """A picture's fingerprint as it is where there is no network."""
    return fingerprint(one, vector=False)


@pytest.fixture
def proposed(open_index, tmp_path):
    """Which items of an index are proposed for a source."""

    def propose(index, source, kind=None):
        made = bare(source) if isinstance(source, Image.Image) else fingerprint(source, kind)
        connection = open_database(tmp_path / "media.sqlite")
        found = Candidates(index.store.path).propose(connection, made, Scope(made.kind, made.algorithm), FEW)
        named = dict(connection.execute("SELECT row, id FROM items").fetchall())
        connection.close()
        return [named[row] for row in found]

    return propose


def test_pictures_turned_mirrored_and_cropped(open_index, proposed):
    index, scenes = open_index(), [scene(seed) for seed in range(24)]
    index.add_many((str(seed), bare(one)) for seed, one in enumerate(scenes))
    changes = {
        "quarter turn": lambda one: one.transpose(Image.Transpose.ROTATE_90),
        "mirrored": lambda one: one.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "half of the area": lambda one: one.crop((60, 40, 60 + 283, 40 + 212)),
        "half of the area, mirrored": lambda one: one.crop((60, 40, 343, 252)).transpose(
            Image.Transpose.FLIP_LEFT_RIGHT
        ),
        "half of the area, turned": lambda one: one.crop((60, 40, 343, 252)).transpose(
            Image.Transpose.ROTATE_270
        ),
        "dark": lambda one: one.point(lambda value: value // 2),
    }
    for name, change in changes.items():
        hits = sum(str(seed) in proposed(index, change(scenes[seed])) for seed in range(0, 24, 4))
        assert hits >= (3 if "half" in name else 6), name


@pytest.mark.parametrize("turn", list(Image.Transpose), ids=lambda turn: turn.name)
def test_a_turned_picture_asks_with_what_the_original_stored(turn):
    stored, asked = stored_features(bare(scene(1))), asked_features(bare(scene(1).transpose(turn)))
    assert np.isin(stored.tokens, asked.tokens).mean() > 0.4
    others = stored_features(bare(scene(2)))
    assert np.isin(others.tokens, asked.tokens).mean() < 0.15


def test_texts_in_part_and_with_other_words(open_index, proposed):
    index = open_index("text")
    rare = [f"{word}{number}" for number in range(40) for word in WORDS]
    random = np.random.default_rng(5)
    texts = [" ".join(random.choice(rare, 400).tolist()) for _ in range(40)]
    index.add_many((str(seed), one) for seed, one in enumerate(texts))
    for seed in range(0, 40, 8):
        words = texts[seed].split()
        assert str(seed) in proposed(index, " ".join(words[100:200]), "text")
        assert str(seed) in proposed(index, " ".join(reversed(words)), "text")
        assert str(seed) in proposed(index, texts[seed] + " ".join(random.choice(rare, 2000)), "text")


def test_sounds_in_part_and_at_another_speed(open_index, proposed):
    pytest.importorskip("av", reason="needs the media extra")
    index = open_index("audio")
    sounds = [tune(seed, 20) for seed in range(20)]
    index.add_many((str(seed), (one, 16000)) for seed, one in enumerate(sounds))
    noise = np.random.default_rng(6).standard_normal(sounds[0].size).astype(np.float32)
    for seed in range(0, 20, 5):
        samples = sounds[seed]
        places = np.arange(0, samples.size - 1, 1.02)
        faster = np.interp(places, np.arange(samples.size), samples).astype(np.float32)
        for changed in (samples[80_500:200_000], samples + 0.02 * noise, faster, samples * 0.1):
            assert str(seed) in proposed(index, (changed, 16000))


def test_silence_is_proposed_for_the_same_silence_only(open_index):
    pytest.importorskip("av", reason="needs the media extra")
    index = open_index("audio", candidates=2)
    for seed in range(6):
        index.add(str(seed), (tune(seed, 4), 16000))
    index.add("silence", (np.zeros(64_000, np.float32), 16000))
    assert [match.id for match in index.search((np.zeros(64_000, np.float32), 16000))] == ["silence"]
    assert index.search((np.zeros(80_000, np.float32), 16000)) == []


def test_equal_content_is_always_proposed(open_index):
    index = open_index(candidates=1)
    for seed in range(20):
        index.add(str(seed), text(seed))
    assert [match.similarity.score for match in index.search(text(13), limit=1)] == [1.0]


def test_what_is_stored_is_among_what_is_asked_with():
    pytest.importorskip("av", reason="needs the media extra")
    for made in (bare(scene(1)), fingerprint(sentence(1), "text"), fingerprint((tune(1, 6), 16000))):
        stored, asked = stored_features(made), asked_features(made)
        assert len(stored.tokens)
        assert np.isin(stored.tokens, asked.tokens).all()
        assert np.array_equal(stored.codes, asked.codes)


def test_a_vector_spares_storing_keypoints():
    assert not len(stored_features(image(1)).tokens)


def test_codes_are_found_by_all_orientations_exactly(open_index):
    from fpcache.media.image import hash_distance
    from fpcache.media.index.hashes import CodeTable

    index = open_index()
    made = [image(seed, has_vector=False) for seed in range(60)]
    index.add_many((str(seed), one) for seed, one in enumerate(made))
    table = CodeTable("image", "image-1")
    table.follow(index.store.connection)
    codes = np.stack([one.hashes["global"][0] for one in made])
    asked = np.random.default_rng(7).integers(0, 256, (1, 32), dtype=np.uint8)
    distances = hash_distance(asked, codes)
    assert table.nearest(asked, 9, None).tolist() == (np.argsort(distances, kind="stable")[:9] + 1).tolist()
    table.forget(np.array([1 + int(distances.argmin())]))
    assert table.nearest(asked, 1, None).tolist() == [1 + int(np.argsort(distances, kind="stable")[1])]


def test_a_kind_of_which_nothing_is_known_is_compared_with_all(open_index, monkeypatch):
    monkeypatch.setattr("fpcache.media.index.features._RULES", {})
    index = open_index(candidates=1)
    for seed in range(12):
        index.add(str(seed), text(seed))
    found = index.search(text(5, words=29), threshold=0, limit=12)
    assert (found[0].id, len(found)) == ("5", 12)


@pytest.mark.parametrize("change", ["mirrored", "cut", "noisy", "letterboxed", "cropped"])
@pytest.mark.parametrize("has_vector", [True, False])
def test_videos_are_proposed_among_many(open_index, tmp_path, change, has_vector):
    pytest.importorskip("av", reason="needs the media extra")
    from .made_videos import changed, fingerprint_of, video

    def made(planes, digest):
        one = fingerprint_of(planes, digest)
        return one if has_vector else replace(one, parts=replace(one.parts, vector=None, model=""))

    index = open_index("video")
    index.add_many((str(seed), made(video(seed), f"{seed:032x}")) for seed in range(30))
    hits = 0
    with contextlib.closing(open_database(tmp_path / "media.sqlite")) as connection:
        for seed in range(0, 30, 3):
            asked = made(changed(video(seed), change), "x")
            rows = Candidates(index.store.path).propose(
                connection, asked, Scope("video", asked.algorithm), FEW
            )
            assert len(rows) <= 2 * FEW
            hits += seed + 1 in rows
    assert hits >= 9
