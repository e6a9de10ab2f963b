"""Hashes as PyTorch makes them, on the CPU here: bit for bit those that NumPy makes."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("PIL")
torch = pytest.importorskip("torch", reason="needs PyTorch")

from fpcache.media.devices import Placement  # noqa: E402
from fpcache.media.image import luma_hashes  # noqa: E402
from fpcache.media.image.device_hashes import hashes_on_devices  # noqa: E402
from fpcache.media.image.keypoints import keypoints_of_pyramids, pyramid  # noqa: E402
from fpcache.media.image.tensor_hashes import keypoint_tensors, luma_hash_tensor  # noqa: E402

pytestmark = pytest.mark.media

DEVICES = [
    "cpu",
    pytest.param(
        "cuda:0",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
        ],
    ),
]


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def scenes(scene):
    """Pictures of several kinds: of one shape, of others, plain, long, regular, tiny."""
    found = [np.asarray(scene(seed, (320, 240)).convert("L")) for seed in range(6)]
    found += [np.asarray(scene(9, size).convert("L")) for size in ((240, 320), (900, 90), (300, 299))]
    regular = np.kron(np.indices((12, 16)).sum(axis=0) % 2, np.full((20, 20), 200)).astype(np.uint8)
    return [*found, np.full((240, 320), 7, np.uint8), regular, noise(1, 240, 320), noise(2, 3, 5)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", [(7, 64, 64), (1, 33, 50), (3, 2, 2), (2, 480, 270)])
def test_whole_pictures_have_the_same_hashes(device, shape):
    frames = noise(3, *shape)
    frames[0] = frames[0] // 200  # nearly plain: many coefficients close to 0
    found = luma_hash_tensor(torch.from_numpy(frames).to(device))
    assert (found.cpu().numpy() == luma_hashes(frames)).all()


@pytest.mark.parametrize("device", DEVICES)
def test_places_and_their_patches_are_the_same(device, scene):
    for plane in scenes(scene):
        levels = pyramid(plane)
        (expected,) = keypoints_of_pyramids([levels])
        owners, places, patches = keypoint_tensors([torch.tensor(one[None]).to(device) for one in levels])
        assert not owners.any()
        assert (places.cpu().numpy().tolist(), patches.cpu().numpy().tolist()) == (
            expected.places.tolist(),
            expected.patches.tolist(),
        )


@pytest.mark.parametrize("devices", [["cpu"], ["cpu:0", "cpu:1"], *DEVICES[1:]])
def test_pictures_of_all_shapes_come_back_in_order_each_with_its_own(devices, scene):
    named = [devices] if isinstance(devices, str) else devices
    planes = scenes(scene)
    given = [(noise(seed, 2, 64, 64), pyramid(plane)) for seed, plane in enumerate(planes)]
    found = hashes_on_devices(given, [Placement(device, "float32") for device in named])
    expected = keypoints_of_pyramids([levels for _, levels in given])
    for (whole, _), keypoints, own in zip(given, expected, found, strict=True):
        assert (own["global"] == luma_hashes(whole)).all()
        for name, array in (("places", keypoints.places), ("patches", keypoints.patches)):
            assert own[name].dtype == array.dtype
            assert (own[name].shape, own[name].tolist()) == (array.shape, array.tolist())


def test_a_card_without_memory_leaves_hashing_to_the_cpu(scene, monkeypatch):
    from fpcache.media.image import device_hashes

    begin = device_hashes._begin

    def full(pictures, placement):
        if placement.kind == "cuda":
            raise torch.cuda.OutOfMemoryError("full")
        return begin(pictures, placement)

    monkeypatch.setattr(device_hashes, "_begin", full)
    levels = pyramid(np.asarray(scene(0).convert("L")))
    with pytest.warns(UserWarning, match="going on with the CPU"):
        (found,) = hashes_on_devices([(noise(1, 2, 64, 64), levels)], [Placement("cuda:0", "float16")])
    assert (found["places"] == keypoints_of_pyramids([levels])[0].places).all()


def test_parts_hashed_by_a_model_are_those_hashed_one_by_one(scene, monkeypatch):
    """What is done where a model's device hashes too, with the CPU in the card's place."""
    from fpcache.media.image import decode_image, image_parts_many
    from fpcache.media.image.vectors import ImageModel
    from fpcache.media.models.mobilenet_v2 import MobileNetV2

    model = ImageModel(MobileNetV2().eval(), Placement("cpu", "float32"))
    decoded = [
        decode_image(scene(seed, size)) for seed, size in enumerate([(300, 200), (200, 300), (300, 200)])
    ]
    expected = image_parts_many(decoded, model)
    monkeypatch.setattr(ImageModel, "hashes_too", True)
    for one, other in zip(image_parts_many(decoded, model), expected, strict=True):
        assert one.hashes.keys() == other.hashes.keys()
        for name, array in one.hashes.items():
            assert (array == other.hashes[name]).all()
