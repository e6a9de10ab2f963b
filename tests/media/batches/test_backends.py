"""Whoever decodes and hashes, results, order and failures are those of threads."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from fpcache.errors import MediaError
from fpcache.media import Failure, afingerprint_batch, fingerprint_batch, fingerprint_each
from fpcache.media.batches import backends, jobs

from ..conftest import TEXT, encoded, np, picture, tune

CUT_OFF = encoded(picture(7))[:300]


def nothing_known(cache):
    cache.clear(stored=True)


def some_of_each(tmp_path):
    """Return items of all sorts, some of which fail."""
    (tmp_path / "a.png").write_bytes(encoded(picture(3)))
    (tmp_path / "long.txt").write_text(TEXT * 20)
    return [
        picture(1), encoded(picture(2), "JPEG"), tmp_path / "a.png", str(tmp_path / "long.txt"), TEXT, b"",
        CUT_OFF, np.asarray(picture(4)), (tune(1), 16000), (tune(2, rate=8000), 8000), lambda: 1,
        io.BytesIO(encoded(picture(5))), "no/such/file.png", encoded(picture(2), "JPEG"),
    ]  # fmt: skip


def told(found):
    return [str(one) if isinstance(one, Failure) else one.to_bytes() for one in found]


def media_threads():
    return [one.name for one in threading.enumerate() if one.name.startswith("media-fingerprints")]


def test_results_are_those_of_threads(backend, tmp_path, own_cache):
    expected = told(fingerprint_batch(some_of_each(tmp_path)))
    nothing_known(own_cache)
    assert told(fingerprint_batch(some_of_each(tmp_path), backend=backend, workers=2)) == expected
    assert not media_threads()


def test_workers_do_the_work_and_the_cache_is_kept_here(backend, monkeypatch, own_cache):
    seen = []
    real = backends.Backend.worked

    def worked(self, content, how, wants_vector):
        seen.append((content.name, real(self, content, how, wants_vector)))
        return seen[-1][1]

    monkeypatch.setattr(backends.Backend, "worked", worked)
    items = [encoded(picture(seed)) for seed in range(6)]
    first = fingerprint_batch(items, backend=backend, workers=2)
    assert len(seen) == len(items)
    assert all(result is not None for _, result in seen)
    assert own_cache.stats().misses == len(items)
    assert fingerprint_batch(items, backend=backend, workers=2) == first
    assert len(seen) == len(items), "what is known is not sent again"
    assert own_cache.stats().in_memory == len(items)


@pytest.mark.parametrize("name", ["processes", "loky"])
def test_video_and_sound_are_the_same_from_other_processes(name, tmp_path, own_cache):
    av = pytest.importorskip("av", reason="needs the media extra")
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for seed in range(40):
            frame = av.VideoFrame.from_image(picture(seed // 8, (160, 120)))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    expected = told(fingerprint_batch([path, (tune(5), 16000)]))
    nothing_known(own_cache)
    assert told(fingerprint_batch([path, (tune(5), 16000)], backend=name, workers=2)) == expected


@pytest.mark.parametrize("name", ["processes", "loky"])
def test_vectors_are_the_same_to_the_bit(name, monkeypatch, own_cache):
    pytest.importorskip("torch", reason="needs the media extra")
    from fpcache.media import methods
    from fpcache.media.image import image_model

    try:
        model = image_model("cpu", download=False)
    except MediaError as error:
        pytest.skip(f"no weights: {error}")
    monkeypatch.setattr(methods, "_network", lambda *asked: model)
    items = [encoded(picture(seed, (500, 375)), "JPEG") for seed in range(20)] + [picture(77)]
    expected = told(fingerprint_batch(items, vector=True))
    nothing_known(own_cache)
    assert told(fingerprint_batch(items, vector=True, backend=name, workers=2)) == expected


def test_a_card_hashes_what_threads_decode_and_workers_hash_their_own(monkeypatch, own_cache):
    """With the CPU in the card's place."""
    torch = pytest.importorskip("torch", reason="needs the media extra")
    from fpcache.media import methods
    from fpcache.media.devices import Placement
    from fpcache.media.image import device_hashes
    from fpcache.media.image.vectors import ImageModel

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.AvgPool2d(32), torch.nn.Conv2d(3, 1280, 1)).eval()
    model = ImageModel(network, Placement("cpu", "float32"))
    monkeypatch.setattr(methods, "_network", lambda *asked: model)
    items = [encoded(picture(seed, (500, 375)), "JPEG") for seed in range(20)] + [picture(77)]
    expected = told(fingerprint_batch(items, vector=True))
    hashed, real = [], device_hashes.hashes_on_devices

    def counting(pictures, placements):
        hashed.extend(pictures)
        return real(pictures, placements)

    monkeypatch.setattr(device_hashes, "hashes_on_devices", counting)
    monkeypatch.setattr(ImageModel, "hashes_too", True)
    for backend, count in (("threads", len(items)), ("processes", 0)):
        nothing_known(own_cache)
        hashed.clear()
        assert told(fingerprint_batch(items, vector=True, backend=backend, workers=2)) == expected
        assert len(hashed) == count


def test_large_files_are_read_by_the_worker_itself(tmp_path, monkeypatch, own_cache):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(picture(1)))
    (expected,) = fingerprint_batch([path])
    nothing_known(own_cache)
    monkeypatch.setattr(backends, "MOST_SENT", 10)
    sent = []
    monkeypatch.setattr(backends, "job_of", lambda *given: sent.append(jobs.job_of(*given)) or sent[-1])
    monkeypatch.chdir(tmp_path)
    assert fingerprint_batch(["a.png"], backend="processes", workers=1) == [expected]
    assert sent[0].content.encoded == path
    assert jobs.work(sent[0]).problem == ""


def test_a_worker_that_has_another_file_there_leaves_it_to_the_sender(tmp_path, own_cache):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(picture(1)))
    from fpcache.media.methods import method
    from fpcache.media.sources import opened

    with opened(path) as content:
        job = jobs.job_of(content, method("image"), False)
    path.write_bytes(encoded(picture(2)))
    assert "not the same file" in jobs.work(job).problem
    path.unlink()
    assert "not the same file" in jobs.work(job).problem


def test_a_worker_with_another_version_leaves_it_to_the_sender(tmp_path):
    from dataclasses import replace

    from fpcache.media.methods import method
    from fpcache.media.sources import opened

    with opened(TEXT) as content:
        job = replace(jobs.job_of(content, method("text"), False), algorithm="text-0")
    assert "text-0" in jobs.work(job).problem


def test_readers_that_only_this_process_has_do_their_part(monkeypatch):
    from PIL import ImageFile

    whole = encoded(picture(9), "JPEG")
    cut = whole[: len(whole) * 2 // 3]
    assert not fingerprint_batch([cut], backend="processes", workers=1)[0]
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    assert fingerprint_batch([cut], backend="processes", workers=1)[0]


def test_the_first_failure_is_raised_where_asked_for(backend):
    items = [encoded(picture(1)), CUT_OFF, encoded(picture(2))]
    with pytest.raises(MediaError, match="can't be decoded") as caught:
        fingerprint_batch(items, backend=backend, workers=2, on_error="raise")
    assert "in item 1 of the batch" in caught.value.__notes__


def test_items_are_drawn_as_there_is_room_and_closing_ends_the_rest(backend):
    drawn = []

    def items():
        for seed in range(1_000_000):
            drawn.append(seed)
            yield encoded(picture(seed, (32, 32)))

    each = fingerprint_each(items(), backend=backend, workers=2)
    for _ in range(3):
        next(each)
    assert len(drawn) < 200
    each.close()
    assert len(drawn) < 200
    assert not media_threads()


def test_an_event_loop_goes_on_and_joblibs_active_backend_holds(backend):
    async def collect():
        ticks, found = 0, []

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticking = asyncio.create_task(tick())
        async for one in afingerprint_batch([encoded(picture(seed)) for seed in range(4)], backend=backend):
            found.append(one)
        ticking.cancel()
        return ticks, found

    ticks, found = asyncio.run(collect())
    assert all(found)
    assert len(found) == 4
    assert ticks > 1


def test_cancelling_ends_the_rest(backend):
    async def first():
        each = afingerprint_batch((encoded(picture(seed)) for seed in range(500)), backend=backend, workers=2)
        one = await anext(each)
        await each.aclose()
        return one

    assert asyncio.run(first()).kind == "image"
    assert not media_threads()


def test_the_active_backend_of_joblib_is_taken(monkeypatch):
    from joblib import parallel_config
    from joblib._parallel_backends import ThreadingBackend

    used = []

    class Noting(ThreadingBackend):
        def submit(self, function, callback=None):
            used.append(self.parallel.n_jobs)
            return super().submit(function, callback)

    with parallel_config(backend=Noting(), n_jobs=3):
        each = fingerprint_each([encoded(picture(seed)) for seed in range(4)], backend="joblib")
    assert len(list(each)) == 4, "it is the one that was active when the batch was asked for"
    assert used
    assert set(used) == {3}


def failing(place, error=OSError):
    """A backend of joblib one of whose methods fails."""
    from joblib._parallel_backends import ThreadingBackend

    def fail(self, *given, **more):
        raise error("the cluster is gone")

    return type("Failing", (ThreadingBackend,), {place: fail})()


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])  # a worker's interrupt comes here, too
def test_a_backend_that_fails_leaves_nobody_waiting(error):
    from joblib import parallel_config

    with parallel_config(backend=failing("submit", error), n_jobs=2):
        found = fingerprint_batch([f"text {n}, of some words" for n in range(30)], backend="joblib")
    assert len(found) == 30
    assert all("the cluster is gone" in str(one) for one in found)
    assert not media_threads()


def test_a_backend_that_does_not_start_says_so():
    from joblib import parallel_config

    with (
        parallel_config(backend=failing("configure"), n_jobs=2),
        pytest.raises(MediaError, match="did not start .*the cluster is gone"),
    ):
        fingerprint_batch([TEXT], backend="joblib")
    assert not media_threads()


def test_workers_are_started_before_the_batch_has_threads():
    """A backend may fork, and a child waits for ever for a lock that a thread held just then."""
    from joblib import parallel_config
    from joblib._parallel_backends import ThreadingBackend

    at_work = []

    class Noting(ThreadingBackend):
        def configure(self, *given, **more):
            at_work.append(media_threads())
            return super().configure(*given, **more)

    with parallel_config(backend=Noting(), n_jobs=2):
        assert fingerprint_batch([TEXT], backend="joblib")[0]
    assert at_work == [[]]


def test_a_backend_that_waits_for_ever_for_what_is_lost_is_refused():
    from joblib import parallel_config

    with pytest.raises(MediaError, match="'multiprocessing' can't be used: it waits for ever .*'loky'"):
        fingerprint_batch([TEXT], backend="multiprocessing")
    with (
        parallel_config(backend="multiprocessing", n_jobs=2),
        pytest.raises(MediaError, match="'multiprocessing' can't be used"),
    ):
        fingerprint_batch([TEXT], backend="joblib")
    with pytest.raises(MediaError) as caught:
        fingerprint_batch([TEXT], backend="unknown")
    assert "multiprocessing" not in str(caught.value), "it is none of those to choose from"


ENDLESS = """
import itertools, sys
from fpcache.media import fingerprint_each
texts = (f"a text of {n} words" * 50 for n in itertools.count())
made = fingerprint_each(texts, backend=sys.argv[1], workers=2)
try:
    for number, one in enumerate(made):
        if number == 5:
            print("begun", flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(
    not hasattr(os, "killpg"), reason="needs groups of processes, as a terminal interrupts them"
)
@pytest.mark.parametrize(
    "name",
    # loky's own workers, interrupted as they start, can take half a minute to end on a busy machine.
    ["threads", "processes", pytest.param("loky", marks=pytest.mark.nightly), "threading", "sequential"],
)
def test_an_interrupt_ends_a_batch_and_its_workers(name, tmp_path):
    environment = {**os.environ, "FPCACHE_DIR": str(tmp_path / "cache")}
    for pause_s in (0.0, 0.03, 0.11):
        script = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, env=environment,
            # Where the tests themselves were started with the signal ignored, so would the script be.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        try:
            assert script.stdout.readline() == "begun\n"
            time.sleep(pause_s)
            told, problems = interrupted(script)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(script.pid, signal.SIGKILL)
        assert told == "interrupted\n", problems
        assert script.returncode == 0


def interrupted(script):
    """Interrupt a script, once more where Python itself ignored that: in a finaliser it can't be raised."""
    os.killpg(script.pid, signal.SIGINT)
    try:
        return script.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(script.pid, signal.SIGINT)
        return script.communicate(timeout=30)


LEFT = """
import itertools, sys
from fpcache.media import fingerprint_each
made = fingerprint_each((f"a text of {n} words" for n in itertools.count()), backend=sys.argv[1], workers=2)
print(next(made).kind)
"""


@pytest.mark.parametrize("name", ["threads", "processes", "loky", "threading", "sequential"])
def test_a_script_ends_that_leaves_a_batch_where_it_was(name, tmp_path):
    environment = {**os.environ, "FPCACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", LEFT, name], capture_output=True, text=True, timeout=60, env=environment
    )
    assert (done.returncode, done.stdout) == (0, "text\n"), done.stderr


def test_dask_without_a_client_says_what_to_do():
    pytest.importorskip("distributed", reason="needs the dask extra")
    with pytest.raises(MediaError, match="create a Dask Client"):
        fingerprint_batch([TEXT], backend="dask")


def test_names_that_are_no_backend_are_told():
    with pytest.raises(MediaError, match=r"there is no backend 'gpu'; .*'processes'.*'loky'"):
        fingerprint_each([TEXT], backend="gpu")
    with pytest.raises(MediaError, match="not 3"):
        fingerprint_each([TEXT], backend=3)


def test_a_bar_is_shown_where_asked_for(capsys):
    pytest.importorskip("tqdm")
    fingerprint_batch([TEXT], progress=True, backend="processes", workers=1)
    assert "1/1" in capsys.readouterr().err
