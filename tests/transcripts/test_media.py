"""Media fingerprints in cached cells: a file that is read is an input, however well it is known already."""

from __future__ import annotations

import io

import pytest

from fpcache.testing.sessions import assert_same, expect

np = pytest.importorskip("numpy", reason="needs the media extra")
Image = pytest.importorskip("PIL.Image", reason="needs the media extra")

SETUP = "import time\nfrom fpcache import media"


def picture(seed):
    small = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(small).resize((64, 48)).save(buffer, "PNG")
    return buffer.getvalue()


CELLS = [
    SETUP,
    "first = media.fingerprint('a.png', vector=False).digest",
    "time.sleep(0.03)\nagain = [one.digest for one in media.fingerprint_batch(['a.png', 'b.png'], vector=False)]",
    "with open('a.png', 'rb') as file:\n    opened = media.fingerprint(file, vector=False).digest",
    "alike = media.similarity('a text of a few words', 'A text, of a few words!').is_match",
    "print(first, again, opened, alike)",
]


def test_a_changed_file_is_seen_and_an_unchanged_one_hits(transcript):
    for files in ({"a.png": picture(1), "b.png": picture(2)}, {"a.png": picture(3), "b.png": picture(2)}):
        transcript.files = files
        plain = transcript.plain(CELLS)
        for _ in range(2):
            run = transcript.run(CELLS)
            assert_same(plain, run)
        expect(run, {"first =": "hit", "again =": "hit", "alike =": "hit"})


def test_what_lies_in_a_file_system_in_memory_is_never_taken_from_a_recording(transcript):
    pytest.importorskip("fsspec", reason="needs the media extra")
    cells = [
        SETUP + "\nimport fsspec",
        "fsspec.filesystem('memory').pipe('/a.png', open('a.png', 'rb').read());",
        "seen = media.fingerprint('memory://a.png', vector=False).digest",
    ]
    transcript.files = {"a.png": picture(1)}
    transcript.run(cells)
    run = transcript.run(cells)
    expect(run, {"seen =": "uncacheable"})


@pytest.mark.parametrize("name", ["FPCACHE_DEVICE", "FPCACHE_IMAGE_WEIGHTS"])
def test_what_the_environment_says_of_media_is_an_input(transcript, name):
    cells = [f"import os\nos.environ[{name!r}] = 'off'", f"said = (os.environ.get({name!r}), 1)"]
    transcript.run(cells)
    cells[0] = cells[0].replace("off", "cpu")
    assert_same(transcript.plain(cells), transcript.run(cells))


@pytest.mark.parametrize("backend", ["processes", "loky", "threading"])
def test_a_batch_in_other_processes_is_cached_like_any_other_code(transcript, backend):
    pytest.importorskip("joblib", reason="needs the media extra")
    cells = [
        SETUP,
        "found = media.fingerprint_batch(['a.png', open('b.png', 'rb').read(), 'a text of a few words', 'no.png'],\n"
        f"                               backend={backend!r}, workers=2, vector=False)\n"
        "time.sleep(0.03)",
        "told = [getattr(one, 'digest', str(one)) for one in found]\nprint(told)",
    ]
    transcript.files = {"a.png": picture(1), "b.png": picture(2)}
    plain = transcript.plain(cells)
    cold = transcript.run(cells)
    warm = transcript.run(cells)
    assert_same(plain, cold)
    assert_same(plain, warm)
    expect(cold, {"found =": "miss"})
    expect(warm, {"found =": "hit"})
    transcript.files = {"a.png": picture(3), "b.png": picture(2)}
    changed = transcript.run(cells)
    assert_same(transcript.plain(cells), changed)
    expect(changed, {"found =": "miss: `a.png` changed on disk"})
    expect(transcript.run(cells), {"found =": "hit"})


def test_a_large_file_that_a_worker_reads_itself_is_an_input(transcript):
    pytest.importorskip("joblib", reason="needs the media extra")
    cells = [
        SETUP + "\nfrom fpcache.media.batches import backends\nbackends.MOST_SENT = 100",
        "found = media.fingerprint_batch(['a.png'], backend='processes', workers=1, vector=False)\ntime.sleep(0.03)",
    ]
    for seed in (1, 2):
        transcript.files = {"a.png": picture(seed)}
        plain = transcript.plain(cells)
        for _ in range(2):
            run = transcript.run(cells)
            assert_same(plain, run)
        expect(run, {"found =": "hit"})


def test_what_a_cluster_did_is_never_taken_from_a_recording(transcript):
    pytest.importorskip("distributed", reason="needs the dask extra")
    cells = [
        SETUP + "\nfrom distributed import Client",
        "client = Client(n_workers=1, threads_per_worker=1, dashboard_address=None)",
        "found = media.fingerprint_batch(['a.png'], backend='dask', vector=False)\ntime.sleep(0.03)",
        "told = [one.digest for one in found]\nclient.close()",
    ]
    transcript.files = {"a.png": picture(1)}
    for _ in range(2):
        run = transcript.run(cells)
        expect(run, {"found =": "uncacheable"})
    assert run.value("told") == transcript.plain(cells).value("told")
