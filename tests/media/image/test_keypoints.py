import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("PIL")

from fpcache.media.image.borders import inner_window  # noqa: E402
from fpcache.media.image.keypoints import find_keypoints, patch_frequencies  # noqa: E402
from fpcache.media.image.matching import agreement  # noqa: E402

pytestmark = pytest.mark.media


def luma(scene, seed: int, size: tuple[int, int] = (320, 320)) -> np.ndarray:
    return np.asarray(scene(seed, size).convert("L"))


def test_the_bits_of_a_patch_are_closed_under_transposition() -> None:
    pairs = patch_frequencies()
    assert len(set(pairs)) == 128
    assert {(across, down) for down, across in pairs} == set(pairs)
    for index, (down, across) in enumerate(pairs):
        assert (down % 2, across % 2) == divmod(index // 32, 2)


def test_places_lie_within_the_picture_and_are_deterministic(scene) -> None:
    plane = luma(scene, 0, (400, 200))
    found, again = find_keypoints([plane, plane.copy()])
    assert (found.places == again.places).all()
    assert (found.patches == again.patches).all()
    assert 60 <= len(found.places) <= 226
    half_width, half_height = 256 * 2**0.5 / 2 * 16, 256 / 2**0.5 / 2 * 16
    assert (abs(found.places[:, 0]) <= half_width).all()
    assert (abs(found.places[:, 1]) <= half_height).all()


def test_a_mirrored_picture_has_the_mirrored_places(scene) -> None:
    plane = luma(scene, 1)
    a, b = find_keypoints([plane, np.ascontiguousarray(plane[:, ::-1])])
    mirrored = {(-x, y, level) for x, y, level in a.places.tolist()}
    shared = mirrored & {tuple(place) for place in b.places.tolist()}
    assert len(shared) > 0.8 * len(a.places)


def test_without_places_nothing_agrees() -> None:
    flat, other = find_keypoints([np.full((50, 50), 9, np.uint8), np.zeros((50, 50), np.uint8)])
    assert len(flat.places) == 0
    assert agreement(flat, other).count == 0
    assert find_keypoints([]) == []


def test_a_repeated_texture_is_no_agreement_with_another(scene) -> None:
    y, x = np.mgrid[0:300, 0:300]
    squares = ((x // 20 + y // 20) % 2 * 255).astype(np.uint8)
    grid, other = find_keypoints([squares, luma(scene, 2)])
    assert agreement(grid, other).count <= 5


@pytest.mark.parametrize("shape", [(2, 2), (2, 100), (100, 2), (17, 1000)])
def test_odd_shapes_are_no_problem(shape) -> None:
    plane = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    (found,) = find_keypoints([plane])
    assert len(found.places) == len(found.patches)


def test_a_frame_and_a_letterbox_are_taken_off() -> None:
    plane = np.random.default_rng(0).integers(0, 256, (100, 200), np.uint8)
    framed = np.pad(plane, ((20, 30), (15, 0)), constant_values=250)
    rows, columns = inner_window(framed)
    assert (rows.start, rows.stop, columns.start, columns.stop) == (20, 120, 15, 215)


def test_a_picture_without_borders_and_a_plain_one_stay_whole() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 90), np.uint8)
    for plane in (noise, np.zeros_like(noise)):
        rows, columns = inner_window(plane)
        assert plane[rows, columns].shape == plane.shape
