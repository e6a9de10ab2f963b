import io
import struct
import zlib

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("PIL")

from PIL import Image, ImageOps  # noqa: E402

from fpcache.errors import MediaError  # noqa: E402
from fpcache.media.image import decode_image, decode_images  # noqa: E402

pytestmark = pytest.mark.media


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(abs(a.astype(int) - b.astype(int)).mean())


def test_a_large_jpeg_is_decoded_small_but_its_facts_are_of_the_original(scene, encoded) -> None:
    decoded = decode_image(encoded(scene(0, (1920, 1080)), quality=90))
    assert decoded.luma.shape == (270, 480)
    assert decoded.rgb.shape == (270, 480, 3)
    facts = {"width": 1920, "height": 1080, "mode": "RGB", "format": "JPEG", "orientation": 1, "frames": 1}
    assert {name: decoded.metadata[name] for name in facts} == facts
    assert decoded.metadata["has_alpha"] is False


def test_scaled_decoding_looks_like_decoding_and_then_scaling(scene, encoded) -> None:
    data = encoded(scene(1, (1920, 1080)), quality=92)
    full = Image.open(io.BytesIO(data)).reduce(4)
    decoded = decode_image(data)
    assert difference(decoded.luma, np.asarray(full.convert("L"))) < 1.5
    assert difference(decoded.rgb, np.asarray(full)) < 2.5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(scene, encoded, orientation) -> None:
    upright = scene(2, (480, 320))
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode_image(encoded(stored, quality=95, exif=exif))
    assert (decoded.metadata["width"], decoded.metadata["height"]) == (480, 320)
    assert decoded.metadata["orientation"] == orientation
    assert difference(decoded.luma, np.asarray(upright.convert("L"))) < 4


def test_transparency_lies_over_white(encoded) -> None:
    image = Image.new("RGBA", (300, 300), (255, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 150, 300))
    decoded = decode_image(encoded(image, "PNG"))
    assert decoded.metadata["has_alpha"] is True
    assert decoded.luma[:, 160:].min() == 255
    assert decoded.luma[:, :140].max() == 0


@pytest.mark.parametrize("colours", [(255, 255, 255), (0, 0, 0)])
def test_a_palette_with_a_transparent_colour_lies_over_white(encoded, colours) -> None:
    image = Image.new("P", (300, 300), 0)
    image.putpalette([*colours, 10, 20, 30])
    decoded = decode_image(encoded(image, "PNG", transparency=0))
    assert decoded.luma.min() == 255


def test_of_an_animation_the_first_frame_counts(scene, encoded) -> None:
    first, second = scene(3, (320, 240)), scene(4, (320, 240))
    data = encoded(first, "GIF", save_all=True, append_images=[second, first])
    decoded = decode_image(data)
    assert decoded.metadata["frames"] == 3
    assert difference(decoded.luma, np.asarray(first.convert("L"))) < 12
    assert difference(decoded.luma, np.asarray(second.convert("L"))) > 20


MODES = ["L", "1", "P", "CMYK", "LA", "RGBA", "I;16", "I", "F", "YCbCr", "HSV", "LAB"]


@pytest.mark.parametrize("mode", MODES)
def test_every_pixel_mode_gives_the_same_picture(scene, mode) -> None:
    grey = ImageOps.autocontrast(scene(5, (320, 240)).convert("L"))
    if mode in ("I;16", "I"):
        image = Image.fromarray(np.asarray(grey).astype(np.uint16 if mode == "I;16" else np.int32) * 257)
    elif mode == "LAB":
        pytest.importorskip("PIL.ImageCms")
        image = Image.merge("LAB", [grey, *[Image.new("L", grey.size, 128)] * 2])
    else:
        image = grey.convert("RGB").convert(mode) if mode != "F" else grey.convert("F")
    decoded = decode_image(image)
    assert decoded.metadata["mode"] == image.mode
    # Of blocks, as modes of few colours are dithered.
    blocks = Image.fromarray(decoded.luma).reduce(8)
    assert difference(np.asarray(blocks), np.asarray(grey.reduce(8))) < (30 if mode == "LAB" else 5)


def test_cmyk_jpeg_is_read(scene, encoded) -> None:
    image = scene(6, (640, 480))
    decoded = decode_image(encoded(image.convert("CMYK"), quality=95))
    assert decoded.metadata["mode"] == "CMYK"
    assert difference(decoded.luma, np.asarray(image.convert("L").reduce(2))) < 8


@pytest.mark.parametrize(
    ("pixels", "shape"),
    [
        (np.full((40, 60), 7, np.uint8), (40, 60)),
        (np.full((40, 60), 7 << 8, np.uint16), (40, 60)),
        (np.full((40, 60, 3), 7, np.uint8), (40, 60)),
        (np.full((900, 1200, 3), 7, np.uint8)[:, ::2], (450, 300)),
    ],
)
def test_arrays_are_pictures_too(pixels, shape) -> None:
    decoded = decode_image(pixels)
    assert decoded.luma.shape == shape
    assert (decoded.luma == 7).all()


def test_the_callers_image_is_left_as_it_was(scene) -> None:
    image = scene(7)
    before = image.tobytes(), image.size
    decode_image(image)
    assert (image.tobytes(), image.size) == before


def bomb() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"", "empty"),
        (b"not an image at all", "can't be decoded"),
        (b"\x89PNG\r\n\x1a\n", "can't be decoded"),
        ("no/such/file.jpg", "no/such/file.jpg"),
        (bomb(), "pixels"),
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros((4, 4), np.float64), "float64"),
        (np.zeros((2, 4000), np.uint8), "line"),
        (12, "int"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bad_input_is_refused_and_says_what_is_wrong(source, said) -> None:
    with pytest.raises(MediaError, match=said):
        decode_image(source)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_refused(scene, encoded, kind, share) -> None:
    data = encoded(scene(8), kind)
    with pytest.raises(MediaError, match="decoded"):
        decode_image(data[: int(len(data) * share)])


def test_damage_never_raises_anything_else(scene, encoded) -> None:
    random = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF"):
        data = bytearray(encoded(scene(9, (120, 90)), kind))
        for _ in range(60):
            damaged = bytearray(data)
            for place in random.integers(0, len(data), 6):
                damaged[place] = random.integers(0, 256)
            try:
                decode_image(bytes(damaged))
            except MediaError:
                continue


def test_in_a_batch_one_bad_item_spoils_no_other(scene, encoded) -> None:
    good = encoded(scene(10, (320, 240)))
    found = list(decode_images([good, b"bad", good], workers=2))
    assert isinstance(found[1], MediaError)
    assert (found[0].luma == found[2].luma).all()


def test_a_grey_jpeg_and_one_of_several_pictures_are_read_small_too(scene, encoded) -> None:
    image = scene(11, (1920, 1080))
    grey = decode_image(encoded(image.convert("L"), quality=90))
    several = decode_image(encoded(image, "MPO", quality=90, save_all=True, append_images=[scene(12)]))
    assert (grey.metadata["mode"], several.metadata["frames"]) == ("L", 2)
    assert grey.luma.shape == several.luma.shape == (270, 480)
    assert difference(grey.luma, several.luma) < 1.5


def test_a_file_is_read_from_its_path(scene, encoded, tmp_path) -> None:
    path = tmp_path / "a picture.png"
    path.write_bytes(encoded(scene(13), "PNG"))
    for source in (path, str(path)):
        assert (decode_image(source).luma == decode_image(path.read_bytes()).luma).all()
