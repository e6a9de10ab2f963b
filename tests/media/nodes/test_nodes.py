"""Graphs of media nodes: run, edit, run. What runs for real, and what comes out."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest

from fpcache import fingerprint as exact
from fpcache.errors import MediaError
from fpcache.graph import GraphSchema, SchemaNode
from fpcache.media import (
    Failure,
    MediaFiles,
    MediaFingerprinter,
    MediaItem,
    MediaNames,
    NearDuplicates,
    SimilarityJoin,
    digests,
    fingerprint,
    fingerprint_batch,
    fingerprinting,
    methods,
)
from fpcache.media.nodes import making

from ..conftest import TEXT, encoded, picture

LISTED = ("files", "names")
STARTED = (*LISTED, "others")


def named(groups, names):
    return [[names[place] for place in group] for group in groups]


@pytest.fixture
def folder(tmp_path):
    """A folder with a picture, the same recoded, another one, and two texts."""
    made = tmp_path / "media"
    made.mkdir()
    (made / "a.png").write_bytes(encoded(picture(1)))
    (made / "b.jpg").write_bytes(encoded(picture(1), "JPEG", quality=60))
    (made / "c.png").write_bytes(encoded(picture(2)))
    (made / "d.txt").write_text(TEXT)
    (made / "e.txt").write_text(TEXT.upper())
    other = tmp_path / "others"
    other.mkdir()
    (other / "x.webp").write_bytes(encoded(picture(2), "WEBP"))
    return made


def pipeline(folder, **config) -> GraphSchema:
    which = {"folder": folder}
    made = {"vector": False} | config
    return GraphSchema({
        "files": SchemaNode(uses=MediaFiles, config=which, is_input=True),
        "names": SchemaNode(uses=MediaNames, config=which, is_input=True),
        "others": SchemaNode(uses=MediaFiles, config={"folder": folder.parent / "others"}, is_input=True),
        "made": SchemaNode(needs={"items": "files"}, uses=MediaFingerprinter, config=made),
        "known": SchemaNode(needs={"items": "others"}, uses=MediaFingerprinter, config=made),
        "groups": SchemaNode(needs={"fingerprints": "made"}, uses=NearDuplicates),
        "named": SchemaNode(needs={"groups": "groups", "names": "names"}, uses=named, is_target=True),
        "pairs": SchemaNode(needs={"left": "made", "right": "known"}, uses=SimilarityJoin, is_target=True),
    })  # fmt: skip


def ran(result) -> tuple[str, ...]:
    """Return what ran besides the inputs, which always run."""
    return tuple(name for name in result.executed if name not in STARTED)


def test_the_first_run_runs_everything_and_finds_what_is_the_same(trainer, folder):
    result = trainer.train(pipeline(folder))
    assert ran(result) == ("made", "known", "groups", "named", "pairs")
    assert result.outputs["named"] == [["a.png", "b.jpg"], ["d.txt", "e.txt"]]
    ((left, right, score),) = result.outputs["pairs"]
    assert (left, right) == (2, 0)
    assert 0.5 <= score <= 1


def test_when_nothing_changed_only_inputs_run_and_no_file_is_read_again(trainer, folder, monkeypatch):
    first = trainer.train(pipeline(folder))
    second = trainer.train(pipeline(folder))
    assert second.executed == STARTED
    assert second.outputs == first.outputs


CHANGES = {
    # What happens to the folder → which nodes run.
    "an edited file runs what depends on it": ("edit", ("made", "groups", "pairs")),
    "one edited so that its group goes": ("part", ("made", "groups", "named", "pairs")),
    "a renamed file runs what shows names": ("rename", ("named",)),
    "a touched file runs nothing": ("touch", ()),
    "a folder that moved runs nothing": ("move", ()),
    "a new file runs what depends on it": ("add", ("made", "groups", "named", "pairs")),
    "a file that went runs what depends on it": ("remove", ("made", "groups", "named", "pairs")),
    "a change among the others leaves the rest": ("other", ("known", "pairs")),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_what_changed_runs_and_what_depends_on_it(trainer, folder, change, expected):
    trainer.train(pipeline(folder))
    if change == "edit":
        (folder / "c.png").write_bytes(encoded(picture(5)))
    elif change == "part":
        (folder / "e.txt").write_text("Something else was written here, about trains and their timetables.")
    elif change == "rename":
        (folder / "a.png").rename(folder / "a2.png")
    elif change == "touch":
        os.utime(folder / "a.png", (1, 1))
    elif change == "move":
        folder = folder.rename(folder.parent / "elsewhere")
    elif change == "add":
        shutil.copy(folder / "c.png", folder / "f.png")
    elif change == "remove":
        (folder / "a.png").unlink()
    else:
        (folder.parent / "others" / "x.webp").write_bytes(encoded(picture(8), "WEBP"))
    result = trainer.train(pipeline(folder))
    assert ran(result) == expected
    plain = trainer.train(pipeline(folder), force=True)
    assert result.outputs == plain.outputs, "what was taken from the store is what a run gives"


def test_another_config_runs_what_depends_on_it(trainer, folder):
    trainer.train(pipeline(folder))
    schema = pipeline(folder).with_config("groups", threshold=1.0)
    result = trainer.train(schema)
    assert ran(result) == ("groups", "named")
    assert result.outputs["named"] == [["d.txt", "e.txt"]]


def test_who_decodes_is_config_but_below_it_everything_hits(trainer, folder):
    pytest.importorskip("joblib", reason="needs the media extra")
    trainer.train(pipeline(folder))
    assert ran(trainer.train(pipeline(folder, backend="processes", workers=1))) == ("made", "known")


def test_another_algorithm_runs_everything_again(trainer, folder, monkeypatch):
    trainer.train(pipeline(folder))
    real = methods._method

    def newer(kind):
        how = real(kind)
        return replace(how, algorithm="text-99") if kind == "text" else how

    monkeypatch.setattr(methods, "_method", newer)
    result = trainer.train(pipeline(folder))
    assert ran(result) == ("made", "known", "groups", "pairs"), "the groups came out as before"


def test_another_network_runs_what_it_takes_part_in(trainer, folder, monkeypatch):
    from fpcache.media.devices import Placement

    class Network:
        name, weights_sha256, placement = "net-1", "00", Placement("cpu", "float32")
        together, hashes_too = 16, False

        def vectors(self, pictures):
            from fpcache.media.image.vectors import Vectors

            from ..conftest import np

            rows = np.stack([picture.mean(axis=(0, 1)) for picture in pictures])
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            return Vectors(rows.astype(np.float16), [self.placement] * len(rows))

    pytest.importorskip("torch", reason="needs the media extra")
    monkeypatch.setattr(methods, "_network", lambda *asked: Network)
    monkeypatch.setattr(Network, "vectors", Network().vectors)
    schema = pipeline(folder, vector=None)
    trainer.train(schema, targets=["made"])
    assert ran(trainer.train(schema, targets=["made"])) == ()
    for name, value in {
        "weights_sha256": "01",
        "name": "net-2",
        "placement": Placement("cuda:0", "float16"),
    }.items():
        monkeypatch.setattr(Network, name, value)
        assert ran(trainer.train(schema, targets=["made"])) == ("made",), name
    monkeypatch.setattr(Network, "placement", Placement("cuda:1", "float16"))
    assert ran(trainer.train(schema, targets=["made"])) == (), "the second card gives what the first gives"


def test_known_content_is_not_decoded_again_by_a_node_that_runs(trainer, folder, monkeypatch, own_cache):
    trainer.train(pipeline(folder))
    made = own_cache.stats().misses
    shutil.copy(folder / "c.png", folder / "f.png")
    trainer.train(pipeline(folder))
    assert own_cache.stats().misses == made


def test_one_that_fails_is_raised_or_left_out(trainer, folder, caplog):
    (folder / "b.jpg").write_bytes(b"no picture \x00\xff\x00")
    with pytest.raises(MediaError, match=r"b\.jpg") as caught:
        trainer.train(pipeline(folder))
    assert any("node `made`" in note for note in caught.value.__notes__)
    result = trainer.train(pipeline(folder, on_error="none"))
    assert result.outputs["named"] == [["d.txt", "e.txt"]]
    assert "b.jpg" in caplog.text
    with pytest.raises(MediaError, match="'raise' or 'none'"):
        trainer.train(pipeline(folder, on_error="ignore"))


@pytest.mark.parametrize("what", ["is away", "is another"])
def test_a_file_that_could_not_be_read_in_time_is_no_result(trainer, folder, monkeypatch, what):
    listing = MediaFiles.run

    def lose(self):
        found = listing(self)
        (folder / "b.jpg").rename(folder.parent / "kept")
        if what == "is another":
            (folder / "b.jpg").write_bytes(b"no picture \x00\xff\x00")
        return found

    schema = pipeline(folder, on_error="none")
    monkeypatch.setattr(MediaFiles, "run", lose)
    with pytest.raises(MediaError, match=r"b\.jpg"):
        trainer.train(schema, targets=["made"])
    monkeypatch.setattr(MediaFiles, "run", listing)
    (folder.parent / "kept").replace(folder / "b.jpg")
    made = trainer.train(schema, targets=["made"]).outputs["made"]
    assert made == [fingerprint(path, vector=False) for path in sorted(folder.iterdir())]


def test_one_that_fails_by_chance_is_tried_again_here(trainer, folder, monkeypatch):
    def failing(sources, **options):
        found = fingerprint_batch(sources, **options)
        return [Failure(0, "a.png", MediaError("its worker ended")), *found[1:]]

    monkeypatch.setattr(making, "fingerprint_batch", failing)
    made = trainer.train(pipeline(folder, on_error="none"), targets=["made"]).outputs["made"]
    assert made[0] == fingerprint(folder / "a.png", vector=False)


def test_an_item_is_its_content_and_reads_no_other(tmp_path):
    one, other = tmp_path / "a.txt", tmp_path / "b.txt"
    one.write_text(TEXT)
    other.write_text(TEXT)
    context = None
    config = {**MediaFiles.get_default_config(), "paths": [one, str(other)]}
    first, second = MediaFiles.create(config, context).run()
    assert first == second
    assert exact(first) == exact(second)
    assert exact(first) != exact(MediaItem("0" * 32, str(one)))
    assert first.read() == TEXT.encode()
    one.write_text("another text")
    with pytest.raises(MediaError, match="changed since"):
        first.read()
    node = MediaFingerprinter({**MediaFingerprinter.get_default_config(), "vector": False})
    assert node.run([second]) == [fingerprint(TEXT)]
    with pytest.raises(MediaError, match="changed since"):
        node.run([first])
    one.unlink()
    with pytest.raises(MediaError, match="can't be read"):
        first.read()


def test_files_can_be_listed_in_an_order_of_ones_own(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text(name * 20)
    config = {**MediaFiles.get_default_config(), "paths": [tmp_path / "b", tmp_path / "a"]}
    found = MediaFiles(config).run()
    assert [item.digest for item in found] == [digests.digest_of_bytes(c.encode() * 20) for c in "ba"]
    assert MediaNames(config).run() == [str(tmp_path / "b"), str(tmp_path / "a")]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "either paths= or folder="),
        ({"paths": [], "folder": "x"}, "either paths= or folder="),
        ({"folder": "no/such"}, "no folder 'no/such'"),
        ({"paths": ["no-such.png"]}, "'no-such.png' can't be read"),
        ({"paths": "no-such.png"}, r"paths=\['no-such.png'\]"),
        ({"paths": [os.devnull]}, "is no regular file"),
    ],
)
def test_a_config_that_names_no_files_says_so(config, said):
    with pytest.raises(MediaError, match=said):
        MediaFiles({**MediaFiles.get_default_config(), **config}).run()


def test_fingerprints_that_come_back_are_what_they_were(trainer, folder, own_cache):
    schema = pipeline(folder)
    first = trainer.train(schema, targets=["made"]).outputs["made"]
    again = trainer.train(schema, targets=["made"])
    assert ran(again) == ()
    assert exact(again.outputs["made"]) == exact(first)
    assert again.outputs["made"] == first
    own_cache.clear(stored=True)
    assert fingerprinting.cache is own_cache
    assert exact(trainer.train(schema, targets=["made"], force=True).outputs["made"]) == exact(first)


def test_nodes_in_threads_give_the_same(trainer, folder):
    from fpcache.graph import Threads

    expected = trainer.train(pipeline(folder)).outputs
    beside = replace(trainer, runner=Threads())
    assert set(ran(beside.train(pipeline(folder), force=True))) == {
        "made",
        "known",
        "groups",
        "named",
        "pairs",
    }
    again = beside.train(pipeline(folder))
    assert (ran(again), again.outputs) == ((), expected)


def test_nodes_on_a_cluster_give_the_same(tmp_path, folder, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="needs the dask extra")
    import fpcache
    from fpcache.graph import Dask, GraphTrainer

    monkeypatch.setenv("FPCACHE_DIR", str(tmp_path / "stores"))  # the one that workers open, too
    expected = GraphTrainer(fpcache.output_cache()).train(
        pipeline(folder), targets=["groups", "pairs"], force=True
    )
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        trainer = GraphTrainer(fpcache.output_cache(), runner=Dask(client))
        found = trainer.train(pipeline(folder), targets=["groups", "pairs"], force=True)
        assert set(ran(found)) == {"made", "known", "groups", "pairs"}
        assert found.outputs == expected.outputs
        assert ran(trainer.train(pipeline(folder), targets=["groups", "pairs"])) == ()
