import subprocess
import sys
from dataclasses import replace

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("PIL")

from PIL import Image, ImageFilter, ImageOps  # noqa: E402

from fpcache.errors import MediaError  # noqa: E402
from fpcache.media import MediaFingerprint, Parts  # noqa: E402
from fpcache.media.image import THRESHOLD, compare, decode_image, image_parts, image_parts_many  # noqa: E402
from fpcache.media.image.comparing import compare_many, reach  # noqa: E402

pytestmark = pytest.mark.media


def parts_of(image: Image.Image) -> Parts:
    return image_parts(decode_image(image))


@pytest.fixture(scope="module")
def originals(scene) -> list[Parts]:
    return [parts_of(scene(seed)) for seed in range(8)]


def screenshot(image: Image.Image) -> Image.Image:
    page = Image.new("RGB", (1100, 800), (240, 240, 245))
    page.paste((50, 60, 70), (0, 0, 1100, 60))
    page.paste(image, (300, 150))
    return page


CHANGES = {
    "JPEG": lambda image, encoded: decode_image(encoded(image, quality=15)),
    "half size": lambda image, encoded: decode_image(image.reduce(2)),
    "squeezed": lambda image, encoded: decode_image(image.resize((480, 480))),
    "mirrored": lambda image, encoded: decode_image(ImageOps.mirror(image)),
    "quarter turn": lambda image, encoded: decode_image(image.transpose(Image.Transpose.ROTATE_90)),
    "other quarter turn": lambda image, encoded: decode_image(image.transpose(Image.Transpose.ROTATE_270)),
    "half turn": lambda image, encoded: decode_image(image.transpose(Image.Transpose.ROTATE_180)),
    "diagonal": lambda image, encoded: decode_image(image.transpose(Image.Transpose.TRANSPOSE)),
    "half of the area": lambda image, encoded: decode_image(image.crop((120, 70, 570, 410))),
    "rotated by 10°": lambda image, encoded: decode_image(image.rotate(10)),
    "letterbox": lambda image, encoded: decode_image(ImageOps.expand(image, (0, 90), 0)),
    "in a screenshot": lambda image, encoded: decode_image(screenshot(image)),
    "grey": lambda image, encoded: decode_image(ImageOps.grayscale(image)),
    "blurred": lambda image, encoded: decode_image(image.filter(ImageFilter.GaussianBlur(15))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_matches_its_original_without_any_vector(scene, encoded, originals, change) -> None:
    found = [
        compare(image_parts(CHANGES[change](scene(seed), encoded)), originals[seed]).is_match
        for seed in range(4)
    ]
    assert sum(found) == 4


def test_unrelated_pictures_do_not_match(originals) -> None:
    scores = [compare(a, b).score for a in originals for b in originals if a is not b]
    assert max(scores) < THRESHOLD


def test_a_picture_matches_itself_with_all_evidence(originals) -> None:
    same = compare(originals[0], originals[0])
    assert same.score > 0.99
    assert same.evidence["differing_bits"] == 0
    assert same.evidence["orientation"] == "as is"


def test_the_score_is_the_same_either_way_round(scene, originals) -> None:
    turned = parts_of(scene(0).rotate(8))
    assert compare(turned, originals[0]).score == compare(originals[0], turned).score


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        (Image.Transpose.FLIP_LEFT_RIGHT, "mirrored left-right"),
        (Image.Transpose.FLIP_TOP_BOTTOM, "mirrored top-bottom"),
        (Image.Transpose.ROTATE_180, "half turn"),
        (Image.Transpose.TRANSPOSE, "mirrored at the main diagonal"),
        (Image.Transpose.ROTATE_90, "quarter turn to the left"),
        (Image.Transpose.ROTATE_270, "quarter turn to the right"),
        (Image.Transpose.TRANSVERSE, "mirrored at the other diagonal"),
    ],
)
def test_the_evidence_names_how_the_second_picture_is_turned(scene, originals, turn, said) -> None:
    turned = parts_of(scene(1).transpose(turn))
    assert compare(originals[1], turned).evidence["orientation"] == said


def test_the_evidence_tells_scale_and_turn(scene, originals) -> None:
    cropped = parts_of(scene(2).crop((0, 0, 320, 240)))
    assert compare(originals[2], cropped).evidence["scale"] == pytest.approx(2, rel=0.05)
    turned = parts_of(scene(2).rotate(10))
    assert abs(compare(originals[2], turned).evidence["turn_deg"]) == pytest.approx(10, abs=1.5)


@pytest.mark.parametrize("plain", [0, 128, 255])
def test_plain_and_tiny_pictures_are_fingerprinted_and_match_no_scene(originals, plain) -> None:
    flat = parts_of(Image.new("RGB", (500, 300), (plain,) * 3))
    tiny = parts_of(Image.new("RGB", (2, 2), (plain,) * 3))
    for parts in (flat, tiny):
        assert not any(compare(parts, original).is_match for original in originals)


def test_a_batch_gives_what_single_calls_give(scene) -> None:
    images = [decode_image(scene(seed, size)) for seed, size in enumerate([(300, 200), (200, 300), (64, 64)])]
    for together, image in zip(image_parts_many(images), images, strict=True):
        alone = image_parts(image)
        for name, array in alone.hashes.items():
            assert (together.hashes[name] == array).all()
    assert image_parts_many([]) == []


def test_the_stored_fingerprint_compares_as_the_fresh_one(scene, originals) -> None:
    kept = MediaFingerprint("image", "00", "image-1", originals[3])
    read = MediaFingerprint.from_bytes(kept.to_bytes())
    changed = parts_of(scene(3).rotate(5))
    assert compare(read.parts, changed) == compare(originals[3], changed)


def test_hashes_of_another_kind_are_refused(originals) -> None:
    with pytest.raises(MediaError, match="image"):
        compare(originals[0], Parts({"chroma": np.zeros(3, np.uint8)}))


def test_importing_the_room_imports_no_heavy_library() -> None:
    code = (
        "import sys; import fpcache.media.image as room; room.THRESHOLD; import fpcache.media.weights;"
        "print([n for n in ('numpy', 'torch', 'PIL', 'scipy') if n in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def pictures_near_and_far(scene, originals) -> list[Parts]:
    """Some that are alike, some that are not, and some in between; half of them with a vector."""
    changed = [
        scene(0).resize((200, 150)),
        scene(1).rotate(12),
        scene(0).crop((100, 100, 400, 300)),
        scene(2).filter(ImageFilter.GaussianBlur(9)),
    ]
    parts = [*originals, *map(parts_of, changed)]
    random = np.random.default_rng(3)
    vectors = random.standard_normal((len(parts), 8)) + 1
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    seen = [replace(one, vector=own, model="m") for one, own in zip(parts, vectors, strict=True)]
    return parts + seen


@pytest.mark.parametrize("least", [0.0, 1e-6, 0.02, 0.5, 0.99, 1.0])
def test_one_with_many_is_each_with_each_and_leaves_out_only_what_is_below(scene, originals, least) -> None:
    parts = pictures_near_and_far(scene, originals)
    left_out = 0
    for one in parts[::3]:
        each = [compare(one, other) for other in parts]
        many = compare_many(one, parts, least)
        for alone, told in zip(each, many, strict=True):
            assert told == alone if told is not None else alone.score < least
        left_out += many.count(None)
    assert (left_out > 0) == (0 < least < 1)


@pytest.mark.parametrize("least", [1e-6, 0.5, 0.99])
def test_whether_a_score_is_reached_is_told_as_the_score_tells_it(scene, originals, least) -> None:
    parts = pictures_near_and_far(scene, originals)
    asked = []

    def is_worth_it(other, wanted):
        asked.append(wanted)
        return True

    for one in parts[::3]:
        expected = [compare(one, other).score >= least for other in parts]
        assert reach(one, parts, least, is_worth_it) == expected
        assert not any(reach(one, [other], least, lambda *_: False)[0] > is_one
                       for other, is_one in zip(parts, expected, strict=True))  # fmt: skip
    assert 0 < len(asked) < len(parts[::3]) * len(parts)
    assert all(0 < wanted <= 56 for wanted in asked)


def test_one_with_none_is_nothing(originals) -> None:
    assert compare_many(originals[0], [], 0.5) == []
