"""A broken cache costs time and a warning, and nothing else: the code runs, the session goes on."""

from __future__ import annotations

import os
import sqlite3

import pytest

from fpcache.testing.sessions import Transcript, assert_same, expect, run_all

CELLS = """
    data = [n * n for n in range(5)]
    # %%
    total = sum(data)
    print("total", total)
    # %%
    data.append(total); last = data[-1]
"""
BOTH = pytest.mark.parametrize("mode", ["auto", "explicit"])


def cache_of(transcript):
    return transcript.place / "cache"


def blobs_of(transcript):
    return sorted(path for path in (cache_of(transcript) / "blobs").rglob("*") if path.is_file())


def warnings_in(run):
    texts = [cell.stream() + cell.stream("stderr") for cell in run.cells]
    shown = [output["data"] for cell in run.cells for output in cell.outputs if output["kind"] == "display"]
    texts += [str(data.get("text/plain", "")) for data in shown]  # below a cell in a kernel
    return [line for text in texts for line in text.splitlines() if "fpcache: warning" in line]


def check_plain_session(transcript, mode, environment=None, warned=True):
    """Check that cells run as without fpcache, with one warning where fpcache was asked for."""
    given = {"environment": environment or {}, "mode": mode, "options": ""}
    run = transcript.run(CELLS, **given)
    told = warnings_in(run)
    if mode == "auto":
        assert_same(transcript.plain(CELLS), run, faults=False)
        assert told == []
    else:
        assert_same(transcript.plain(CELLS), run, mask=r"fpcache: .*\n?", faults=False)
        assert len(told) == (1 if warned else 0), told
    return run, told


@BOTH
def test_a_cache_directory_that_is_a_file_is_told_once_and_the_code_runs(transcript, mode):
    place = transcript.place / "taken"
    place.write_text("mine")
    _, told = check_plain_session(transcript, mode, {"FPCACHE_DIR": str(place)})
    assert mode == "auto" or str(place) in told[0]
    assert place.read_text() == "mine"


@BOTH
def test_a_cache_directory_below_a_file_is_told_once_and_the_code_runs(transcript, mode):
    place = transcript.place / "taken"
    place.write_text("mine")
    check_plain_session(transcript, mode, {"FPCACHE_DIR": str(place / "cache")})


@BOTH
def test_an_unwritable_cache_directory_is_told_once_and_the_code_runs(transcript, mode):
    # /proc takes no files, not even from root.
    check_plain_session(transcript, mode, {"FPCACHE_DIR": "/proc/fpcache"})


@BOTH
def test_an_index_that_is_no_database_is_told_once_and_left_alone(transcript, mode):
    cache_of(transcript).mkdir(mode=0o700)
    index = cache_of(transcript) / "index.sqlite"
    index.write_bytes(b"this is no database, but somebody's file\n" * 100)
    before = index.read_bytes()
    _, told = check_plain_session(transcript, mode)
    assert mode == "auto" or "index.sqlite" in told[0]
    assert index.read_bytes() == before


@BOTH
def test_an_index_of_another_program_is_told_once_and_left_alone(transcript, mode):
    cache_of(transcript).mkdir(mode=0o700)
    index = cache_of(transcript) / "index.sqlite"
    with sqlite3.connect(index) as connection:
        connection.execute("CREATE TABLE entries (mine TEXT)")
        connection.execute("INSERT INTO entries VALUES ('kept')")
    connection.close()
    check_plain_session(transcript, mode)
    with sqlite3.connect(index) as connection:
        assert connection.execute("SELECT mine FROM entries").fetchall() == [("kept",)]
    connection.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a file system that can be full")
@BOTH
def test_a_full_disk_is_told_once_and_the_code_runs(transcript, mode):
    fill = """
import errno, os, fpcache.store.blobs as blobs
def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")
blobs.Blobs.write = full
"""
    from fpcache.testing.sessions import Do

    given = {"mode": mode, "options": ""}
    run = transcript.run([Do(fill), *CELLS.replace("    ", "").split("# %%\n")], **given)
    if mode == "auto":
        assert_same(transcript.plain(CELLS), run, faults=False)
    else:
        assert len(warnings_in(run)) == 1
        assert "is full" in warnings_in(run)[0]
    expect(transcript.run(CELLS, mode=mode), {"data = ": "miss", "total": "miss"})


@BOTH
def test_truncated_and_changed_blobs_run_the_code_again(transcript, mode):
    plain = transcript.plain(CELLS)
    for damage in (
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: bytes([data[0] ^ 1]) + data[1:],
    ):
        transcript.run(CELLS, mode=mode)
        for blob in blobs_of(transcript):
            blob.chmod(0o600)
            blob.write_bytes(damage(blob.read_bytes()) if blob.stat().st_size else b"x")
        run = transcript.run(CELLS, mode=mode)
        assert_same(plain, run, faults=False)
        expect(run, {"data = ": "miss: damaged"})
        healed = transcript.run(CELLS, mode=mode)
        expect(healed, {"data = ": "hit", "total": "hit", "last": "hit"})
        assert_same(plain, healed, faults=False)


def test_lost_blobs_run_the_code_again(transcript):
    transcript.run(CELLS)
    for blob in blobs_of(transcript):
        blob.unlink()
    run = transcript.run(CELLS)
    assert_same(transcript.plain(CELLS), run, faults=False)
    expect(transcript.run(CELLS), {"data = ": "hit", "total": "hit", "last": "hit"})


def test_a_row_that_was_tampered_with_is_never_unpickled(transcript):
    import pickle

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {transcript.place / 'pwned'}",)

    transcript.run(CELLS)
    for blob in blobs_of(transcript):
        blob.chmod(0o600)
        blob.write_bytes(pickle.dumps(Evil()))
    with sqlite3.connect(cache_of(transcript) / "index.sqlite") as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(entries)")]
        connection.execute(f"UPDATE entries SET duration_s = duration_s + 1 WHERE {columns[0]} IS NOT NULL")
    connection.close()
    run = transcript.run(CELLS)
    assert_same(transcript.plain(CELLS), run, faults=False)
    expect(run, {"data = ": "miss", "total": "miss"})
    assert not (transcript.place / "pwned").exists()


def test_entries_of_another_key_are_ignored(transcript):
    transcript.run(CELLS)
    (transcript.place / "key").unlink()
    run = transcript.run(CELLS)
    expect(run, {"data = ": "miss", "total": "miss"})
    assert_same(transcript.plain(CELLS), run, faults=False)


@BOTH
def test_switched_off_by_the_environment_nothing_is_stored(transcript, mode):
    run, _ = check_plain_session(transcript, mode, {"FPCACHE_DISABLE": "1"}, warned=False)
    assert [*run.rows()] == []
    assert not cache_of(transcript).exists()


def test_two_kernels_at_once_share_a_cache(transcript):
    job = transcript.job(CELLS)
    runs = run_all([job] * 4, at_once=2)
    plain = transcript.plain(CELLS)
    for run in runs:
        run.surroundings["directory"] = plain.surroundings["directory"]  # each had one of its own
        assert_same(plain, run, faults=False)
    expect(transcript.run(CELLS), {"data = ": "hit", "total": "hit", "last": "hit"})


def test_the_cache_is_private_to_the_user(transcript):
    transcript.run(CELLS)
    found = [cache_of(transcript), *cache_of(transcript).rglob("*")]
    assert {path.name for path in found if path.stat().st_mode & 0o077} == set()


@BOTH
def test_a_cache_that_vanishes_in_mid_session_is_no_error(transcript, mode):
    from fpcache.testing.sessions import Do

    cells = [
        "a = [1]",
        Do("import os, shutil; shutil.rmtree(os.environ['FPCACHE_DIR'])"),
        "b = a + [2]",
        "c = len(b)",
    ]
    run = transcript.run(cells, mode=mode)
    assert_same(transcript.plain(cells), run, faults=False)


def test_a_broken_cache_is_named_by_the_status_magic(transcript):
    place = transcript.place / "taken"
    place.write_text("mine")
    run = transcript.run(
        ["a = [1]", "%fpcache", "%fpcache ls", "b = a + [2]"], environment={"FPCACHE_DIR": str(place)}
    )
    assert run.value("b") == ["list", 1, 2]
    shown = "".join(
        output.get("text", "") + str(output.get("value", "")) for cell in run.cells for output in cell.outputs
    )
    assert str(place) in shown


@pytest.mark.kernel
def test_a_broken_cache_in_a_real_kernel_shows_one_warning(tmp_path):
    pytest.importorskip("jupyter_client")
    (tmp_path / "taken").write_text("mine")
    transcript = Transcript(
        tmp_path, mode="explicit", settings={"environment": {"FPCACHE_DIR": str(tmp_path / "taken")}}
    )
    run = transcript.run(CELLS, options="", kernel=True)
    assert len(warnings_in(run)) == 1
    assert run.value("last") == 30
