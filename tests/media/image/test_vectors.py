import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch", reason="vectors need PyTorch")
pytest.importorskip("PIL")

from fpcache.errors import MediaError  # noqa: E402
from fpcache.media.devices import CPU, Placement, choose_placements  # noqa: E402
from fpcache.media.image import decode_image, image_model, image_parts, image_parts_many  # noqa: E402
from fpcache.media.image.vectors import ImageModel  # noqa: E402
from fpcache.media.models.folding import folded  # noqa: E402
from fpcache.media.models.mobilenet_v2 import MobileNetV2, load_mobilenet_v2  # noqa: E402
from fpcache.media.weights import MOBILENET_V2, find_weights, load_weights  # noqa: E402

pytestmark = pytest.mark.media

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


@pytest.fixture(scope="module")
def untrained() -> ImageModel:
    torch.manual_seed(0)
    return ImageModel(MobileNetV2().eval(), Placement("cpu", "float32"))


@pytest.fixture
def no_weights_around(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("FPCACHE_IMAGE_WEIGHTS", raising=False)


def published(content: bytes, url: str = "http://127.0.0.1:9/none"):
    return replace(MOBILENET_V2, sha256=hashlib.sha256(content).hexdigest(), url=url, packages=())


def test_the_network_has_the_published_shape() -> None:
    model = MobileNetV2().eval()
    assert sum(parameter.numel() for parameter in model.parameters()) == 2_223_872
    with torch.inference_mode():
        assert model(torch.zeros(1, 3, 224, 160)).shape == (1, 1280, 7, 5)


def test_the_classifier_of_a_published_state_is_left_out_and_a_wrong_state_refused() -> None:
    state = MobileNetV2().state_dict()
    load_mobilenet_v2({**state, "classifier.1.weight": torch.zeros(3)})
    del state["features.0.0.weight"]
    with pytest.raises(RuntimeError, match=r"features.0.0.weight"):
        load_mobilenet_v2(state)


def test_vectors_are_unit_float16_and_alike_in_any_batch(untrained, scene) -> None:
    pictures = [np.asarray(scene(seed, (100 + seed, 90))) for seed in range(5)]
    together = untrained.vectors(pictures, batch_size=2).vectors
    assert together.shape == (5, 1280)
    assert together.dtype == np.float16
    assert np.linalg.norm(together.astype(float), axis=1) == pytest.approx(1, abs=1e-3)
    alone = np.concatenate([untrained.vectors([picture]).vectors for picture in pictures])
    assert abs(together.astype(float) - alone.astype(float)).max() < 1e-3


def test_parts_say_what_made_the_vector_and_hashes_do_not_depend_on_it(untrained, scene) -> None:
    decoded = decode_image(scene(0))
    with_vector, without = image_parts(decoded, untrained), image_parts(decoded)
    assert (with_vector.model, with_vector.device, with_vector.dtype) == (untrained.name, "cpu", "float32")
    assert without.vector is None
    for name, array in without.hashes.items():
        assert (with_vector.hashes[name] == array).all()


def test_published_weights_see_a_mirrored_picture_as_alike(scene) -> None:
    try:
        model = image_model("cpu", download=False)
    except MediaError as missing:
        pytest.skip(str(missing))
    image = scene(0)
    pictures = [np.asarray(image), np.asarray(image)[:, ::-1], np.asarray(scene(1))]
    own, mirrored, other = model.vectors(pictures).vectors.astype(float)
    assert own @ mirrored > 0.9
    assert own @ other < own @ mirrored


def test_weights_are_taken_from_the_path_given_first(tmp_path, monkeypatch) -> None:
    content = b"weights"
    for name in ("given", "named"):
        (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("FPCACHE_IMAGE_WEIGHTS", str(tmp_path / "named"))
    assert find_weights(published(content), tmp_path / "given") == tmp_path / "given"
    assert find_weights(published(content)) == tmp_path / "named"


def test_other_content_at_a_named_path_is_refused(tmp_path, monkeypatch) -> None:
    (tmp_path / "named").write_bytes(b"something else")
    monkeypatch.setenv("FPCACHE_IMAGE_WEIGHTS", str(tmp_path / "named"))
    with pytest.raises(MediaError, match="SHA-256"):
        find_weights(published(b"weights"))
    with pytest.raises(MediaError, match="are not at"):
        find_weights(published(b"weights"), tmp_path / "nowhere")


def test_other_content_in_the_hub_cache_is_passed_over(tmp_path, no_weights_around) -> None:
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / MOBILENET_V2.file_name).write_bytes(b"something else")
    with pytest.raises(MediaError, match="are not on this machine"):
        find_weights(published(b"weights"), download=False)
    (folder / MOBILENET_V2.file_name).write_bytes(b"weights")
    assert find_weights(published(b"weights"), download=False).parent == folder


def test_an_installed_package_is_a_source(tmp_path, monkeypatch, no_weights_around) -> None:
    package = tmp_path / "some_weights"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    (package / "a.pth").write_bytes(b"weights")
    monkeypatch.syspath_prepend(tmp_path)
    wanted = replace(published(b"weights"), packages=(("absent_package", "x"), ("some_weights", "a.pth")))
    assert find_weights(wanted, download=False) == package / "a.pth"


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"weights")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}/file"
        served.shutdown()


def test_a_download_is_checked_kept_and_tells_its_progress(server, tmp_path, no_weights_around) -> None:
    told = []
    found = find_weights(published(b"weights", server), on_progress=lambda *step: told.append(step))
    assert found.read_bytes() == b"weights"
    assert told == [(7, 7)]
    assert find_weights(published(b"weights"), download=False) == found


def test_a_download_that_is_not_what_was_published_is_not_kept(server, tmp_path, no_weights_around) -> None:
    with pytest.raises(MediaError, match="SHA-256"):
        find_weights(published(b"other", server))
    assert list((tmp_path / "torch" / "hub" / "checkpoints").iterdir()) == []


def test_without_a_network_the_error_says_where_to_get_them(no_weights_around) -> None:
    with pytest.raises(MediaError, match="FPCACHE_IMAGE_WEIGHTS"):
        find_weights(published(b"weights"))


def test_a_file_of_weights_that_holds_code_is_not_run(tmp_path) -> None:
    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit",))

    path = tmp_path / "trap.pth"
    torch.save(Trap(), path)
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        load_weights(published(path.read_bytes()), path)


def test_folding_normalisations_leaves_the_vectors_as_they_are() -> None:
    torch.manual_seed(0)
    network = MobileNetV2()
    with torch.no_grad():
        network(torch.randn(8, 3, 64, 64) * 2 + 1)
    network.eval()
    images = torch.randn(2, 3, 96, 64)
    slim = folded(network)
    assert torch.nn.BatchNorm2d not in {type(module) for module in slim.modules()}
    assert torch.nn.BatchNorm2d in {type(module) for module in network.modules()}
    with torch.inference_mode():
        expected, found = network(images), slim(images)
    assert float(expected.std()) > 0
    assert float((found - expected).abs().max()) < 1e-3 * float(expected.abs().max())


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_stays_close_to_single(scene, dtype) -> None:
    torch.manual_seed(0)
    network = MobileNetV2().eval()
    pictures = [np.asarray(scene(seed, (90, 80))) for seed in range(3)]
    single, half = (
        ImageModel(network, Placement("cpu", kind)).vectors(pictures) for kind in ("float32", dtype)
    )
    assert {one.dtype for one in half.placements} == {dtype}
    assert ((single.vectors.astype(float) * half.vectors.astype(float)).sum(axis=1) > 0.98).all()


STAND_INS = [Placement("cpu:0", "float32"), Placement("cpu:1", "float32")]


def test_devices_that_share_a_batch_give_what_one_gives(scene) -> None:
    torch.manual_seed(0)
    network = MobileNetV2().eval()
    pictures = [np.asarray(scene(seed, (90, 80))) for seed in range(9)]
    alone = ImageModel(network, STAND_INS[0]).vectors(pictures).vectors
    shared = ImageModel(network, *STAND_INS).vectors(pictures, batch_size=2)
    assert {one.device for one in shared.placements} <= {"cpu:0", "cpu:1"}
    cosines = (shared.vectors.astype(float) * alone.astype(float)).sum(axis=1)
    assert cosines.min() > 0.999
    assert ImageModel(network, *STAND_INS).together == 2 * ImageModel(network, STAND_INS[0]).together


def test_a_model_may_be_asked_from_several_threads(untrained, scene) -> None:
    pictures = [np.asarray(scene(seed, (90, 80))) for seed in range(4)]
    expected = [untrained.vectors([picture]).vectors for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda picture: untrained.vectors([picture]).vectors, pictures * 3))
    for one, other in zip(found, expected * 3, strict=True):
        assert (one == other).all()


def test_each_part_says_which_device_made_it(scene) -> None:
    torch.manual_seed(0)
    model = ImageModel(MobileNetV2().eval(), *STAND_INS)
    parts = image_parts_many([decode_image(scene(seed, (90, 80))) for seed in range(6)], model)
    assert {one.device for one in parts} <= {"cpu:0", "cpu:1"}
    assert all(one.vector is not None for one in parts)


@pytest.mark.gpu
@needs_gpu
def test_cuda_gives_the_vectors_of_the_cpu_and_the_very_same_hashes(scene) -> None:
    torch.manual_seed(0)
    state = MobileNetV2().state_dict()
    on_cpu, on_cuda = (
        ImageModel(load_mobilenet_v2(state), *placements)
        for placements in ([CPU], choose_placements("cuda:0"))
    )
    decoded = [decode_image(scene(seed, (300 + seed % 3, 200))) for seed in range(40)]
    for a, b in zip(image_parts_many(decoded, on_cpu), image_parts_many(decoded, on_cuda), strict=True):
        assert (b.device, b.dtype) == ("cuda:0", "float16")
        assert float(a.vector.astype(float) @ b.vector.astype(float)) > 0.999
        assert a.hashes.keys() == b.hashes.keys()
        for name, array in a.hashes.items():
            assert (b.hashes[name] == array).all()


@pytest.mark.gpu
@needs_gpu
def test_batches_on_a_card_come_back_in_order_while_others_are_on_their_way(scene) -> None:
    torch.manual_seed(0)
    model = ImageModel(MobileNetV2().eval(), *choose_placements("cuda:0"))
    pictures = [np.asarray(scene(seed % 7, (90, 80))) for seed in range(64)]
    in_few, in_many = (model.vectors(pictures, batch_size=size).vectors for size in (64, 3))
    assert ((in_few.astype(float) * in_many.astype(float)).sum(axis=1) > 0.999).all()


@pytest.mark.gpu
@needs_gpu
def test_a_full_card_leaves_the_work_to_the_cpu(scene) -> None:
    torch.manual_seed(0)
    model = ImageModel(MobileNetV2().eval(), *choose_placements("cuda:0"))
    pictures = [np.asarray(scene(seed, (90, 80))) for seed in range(5)]
    expected = model.vectors(pictures).vectors
    torch.cuda.empty_cache()
    free_bytes, all_bytes = torch.cuda.mem_get_info(0)
    limit = (torch.cuda.memory_reserved(0) + (1 << 20)) / all_bytes
    assert free_bytes > 0
    torch.cuda.set_per_process_memory_fraction(limit, 0)
    try:
        with pytest.warns(UserWarning, match="going on with the CPU"):
            found = model.vectors(pictures)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, 0)
    assert {one.device for one in found.placements} == {"cpu"}
    assert ((found.vectors.astype(float) * expected.astype(float)).sum(axis=1) > 0.999).all()
