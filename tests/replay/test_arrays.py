"""NumPy arrays come back with their memory shared as it was."""

from __future__ import annotations

import mmap

import pytest
from round_trips import round_trip, stored

from fpcache.errors import UncacheableError
from fpcache.replay import array_codec
from fpcache.replay.codec import dump, load

numpy = pytest.importorskip("numpy")

ARRAYS = {
    "empty": numpy.empty((0, 3)),
    "scalar array": numpy.array(3.5),
    "fortran": numpy.asfortranarray(numpy.arange(12.0).reshape(3, 4)),
    "permuted owner": numpy.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).copy(order="K"),
    "byte-swapped": numpy.arange(5, dtype=">i4"),
    "dates": numpy.array(["2020-01-01", "NaT"], "datetime64[D]"),
    "structured": numpy.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]),
    "structured with objects": numpy.array([(1, [2])], [("a", "i4"), ("b", object)]),
    "text": numpy.array(["a", "bcd"]),
    "no bytes": numpy.array([b"", b""]),
    "bools": numpy.array([True, False]),
    "large": numpy.arange(100_000.0),
    "void": numpy.zeros(2, "V5"),
    "matrix": numpy.arange(4).reshape(2, 2).view(numpy.matrix),
    "record array": numpy.rec.array([(1, 2.0)], names="a,b"),
    "half": numpy.arange(3, dtype=numpy.float16),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_content_layout_and_type_are_kept(name):
    array = ARRAYS[name]
    restored = round_trip(array)
    assert type(restored) is type(array)
    assert (restored.dtype, restored.shape) == (array.dtype, array.shape)
    assert restored.strides == array.strides
    assert restored.tolist() == array.tolist()


def test_an_owner_is_restored_as_an_owner_that_can_be_resized():
    array = numpy.zeros(20_000)
    restored = round_trip(array)
    assert restored.flags.owndata
    restored.resize(30_000, refcheck=False)
    assert restored.shape == (30_000,)


@pytest.mark.parametrize("view", [numpy.s_[1:3], numpy.s_[::-1], numpy.s_[:, 1], numpy.s_[::2, ::-2]])
def test_a_view_stays_a_view_of_its_owner(view):
    owner = numpy.arange(12.0).reshape(3, 4).copy()
    one, other = round_trip((owner, owner[view]))
    one[:] = -one
    assert (other == one[view]).all()
    assert other.base is one


def test_a_view_written_before_its_owner_shares_with_it():
    owner = numpy.arange(6)
    view, whole = round_trip((owner[2:4], owner))
    view[0] = 77
    assert whole[2] == 77


def test_views_of_one_hidden_owner_share_with_each_other():
    hidden = numpy.arange(10)
    one, other = round_trip((hidden[:6], hidden[4:]))
    one[5] = 99
    assert other[1] == 99


def test_a_view_of_an_input_is_a_view_of_that_input_after_a_replay():
    recorded, live = numpy.arange(10), numpy.arange(10)
    dumped = dump(recorded[2:5], nodes=[recorded], namespace={})
    view = load(dumped.stream, stored(dumped), nodes=[live], namespace={})
    live[2] = 50
    assert view[0] == 50
    assert view.base is live


def test_a_view_within_an_input_that_is_itself_a_view():
    base = numpy.arange(20)
    recorded = base[4:16:2]
    live = numpy.arange(20)[4:16:2]
    dumped = dump(recorded[1:3], nodes=[recorded], namespace={})
    view = load(dumped.stream, nodes=[live], namespace={})
    live[1] = -1
    assert view[0] == -1


def test_a_view_of_an_input_with_another_layout_is_refused_at_the_replay():
    recorded = numpy.arange(20)[::2]
    dumped = dump(recorded[1:3], nodes=[recorded], namespace={})
    with pytest.raises(UncacheableError, match="another way"):
        load(dumped.stream, nodes=[recorded.copy()], namespace={})


def test_a_reinterpreting_view_keeps_its_dtype():
    owner = numpy.arange(4, dtype="i8")
    one, other = round_trip((owner, owner.view("f4")))
    one[0] = 1
    assert other.dtype == numpy.dtype("f4")
    assert other.view("i8")[0] == 1


def test_a_sliding_window_still_slides_over_its_owner():
    owner = numpy.arange(6)
    one, windows = round_trip((owner, numpy.lib.stride_tricks.sliding_window_view(owner, 3)))
    one[2] = 100
    assert windows[:, :].tolist() == numpy.lib.stride_tricks.sliding_window_view(one, 3).tolist()


def test_object_arrays_keep_cycles_views_and_inputs():
    shared: list[int] = []
    owner = numpy.array([shared, None, 3], object)
    owner[1] = owner
    one, view = round_trip((owner, owner[::-1]), [shared])
    assert one[0] is shared
    assert one[1] is one
    one[2] = "new"
    assert view[0] == "new"


def test_a_small_view_of_a_large_temporary_is_stored_alone():
    large = numpy.zeros(1_000_000)
    assert dump(large[:5], nodes=(), namespace={}).size_bytes < 2000
    assert dump((large[:5], large), nodes=(), namespace={}).size_bytes > 8_000_000
    one, other = round_trip((large[:5], large[3:8]))
    one[4] = 1
    assert other[1] == 1


def test_masked_arrays_keep_mask_fill_value_and_shared_data():
    plain = numpy.arange(4.0)
    masked = numpy.ma.masked_array(plain, mask=[0, 1, 0, 0], fill_value=-9, copy=False)
    one, other = round_trip((plain, masked))
    assert other.mask.tolist() == [False, True, False, False]
    assert other.fill_value == -9
    one[0] = 70
    assert other[0] == 70
    assert other[1] is numpy.ma.masked


def test_readonly_flags_are_kept_for_owner_and_view():
    owner = numpy.arange(4)
    early = owner[1:]
    owner.flags.writeable = False
    late = owner[1:]
    one, writeable, readonly = round_trip((owner, early, late))
    assert [one.flags.writeable, writeable.flags.writeable, readonly.flags.writeable] == [False, True, False]
    writeable[0] = 9
    assert one[1] == 9


def test_an_array_over_a_bytearray_still_lies_on_it():
    memory = bytearray(b"abcdef")
    data, array = round_trip((memory, numpy.frombuffer(memory, "u1")[2:]))
    data[2] = 0
    assert array[0] == 0


def test_an_array_over_a_ctypes_block_is_refused():
    ctypes = pytest.importorskip("ctypes")
    with pytest.raises(UncacheableError, match="lies on the memory"):
        dump(numpy.frombuffer((ctypes.c_char * 4)(), "u1"), nodes=(), namespace={})


def test_an_array_over_bytes_is_read_only_and_equal():
    array = numpy.frombuffer(b"abcd", "u1")
    one, other = round_trip((array, numpy.frombuffer(b"abcd", "u1")))
    assert one.tolist() == [97, 98, 99, 100]
    assert not other.flags.writeable


def test_an_array_mapped_onto_a_file_is_refused(tmp_path):
    mapped = numpy.memmap(tmp_path / "m", "u1", "w+", shape=(10,))
    for value in (mapped, mapped[2:4], numpy.asarray(mapped)):
        with pytest.raises(UncacheableError, match=r"`result\['m'\]` is an array mapped onto a file"):
            dump({"m": value}, nodes=(), namespace={})


def test_an_array_over_a_map_of_the_users_is_refused(tmp_path):
    (tmp_path / "m").write_bytes(b"x" * 100)
    with (tmp_path / "m").open("r+b") as file, pytest.raises(UncacheableError, match="mmap"):
        dump(numpy.frombuffer(mmap.mmap(file.fileno(), 0), "u1"), nodes=(), namespace={})


def test_random_generators_that_share_a_bit_generator_still_share_it():
    generator = numpy.random.default_rng(1)
    other = numpy.random.Generator(generator.bit_generator)
    one, two = round_trip((generator, other))
    assert one.bit_generator is two.bit_generator
    assert one.random() != two.random()
    assert numpy.random.default_rng(1).random() == round_trip(generator).random()


def test_the_global_random_state_stays_the_global_one():
    state = numpy.random.mtrand._rand
    assert round_trip([state])[0] is state


@pytest.fixture
def small_limit(monkeypatch):
    monkeypatch.setattr(array_codec, "OWNED_BYTES", 100_000)


def _mapped(tmp_path, dumped):
    """Map each buffer from a file, privately, as the store does."""
    maps = []
    for index, buffer in enumerate(dumped.buffers):
        (tmp_path / f"blob-{index}").write_bytes(buffer)
        with (tmp_path / f"blob-{index}").open("rb") as file:
            maps.append(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)))
    return maps


def test_a_large_array_lies_on_the_private_map_and_never_writes_the_file(small_limit, tmp_path):
    array = numpy.arange(50_000.0)
    dumped = dump(array, nodes=(), namespace={})
    maps = _mapped(tmp_path, dumped)
    blob = (tmp_path / "blob-0").read_bytes()
    restored = load(dumped.stream, maps, nodes=(), namespace={})
    assert type(restored) is numpy.ndarray
    assert numpy.shares_memory(restored, numpy.frombuffer(maps[0], "u1"))
    restored[:] = 7
    assert (tmp_path / "blob-0").read_bytes() == blob
    (tmp_path / "blob-0").unlink()
    assert restored.sum() == 350_000


def test_a_large_array_over_a_read_only_buffer_is_copied_to_stay_writable(small_limit):
    dumped = dump(numpy.arange(50_000.0), nodes=(), namespace={})
    restored = load(dumped.stream, [bytes(dumped.buffers[0])], nodes=(), namespace={})
    restored[0] = 1
    assert restored.flags.owndata


def test_views_of_a_restored_large_array_are_stored_as_views_again(small_limit, tmp_path):
    dumped = dump(numpy.arange(50_000.0), nodes=(), namespace={})
    mapped = load(dumped.stream, _mapped(tmp_path, dumped), nodes=(), namespace={})
    as_input = dump(mapped[5:8], nodes=[mapped], namespace={})
    view = load(as_input.stream, nodes=[mapped], namespace={})
    mapped[5] = -3
    assert view[0] == -3
    one, other = round_trip((mapped, mapped[5:8]))
    one[6] = -4
    assert other[1] == -4


def test_buffers_start_at_64_kib():
    assert dump(numpy.zeros(8191), nodes=(), namespace={}).buffers == ()
    assert len(dump(numpy.zeros(8192), nodes=(), namespace={}).buffers) == 1


def test_an_array_of_the_notebook_that_is_no_input_is_referred_to_and_reported():
    table, number = numpy.arange(3), numpy.int64(5)
    dumped = dump([table, number], nodes=(), namespace={"table": table, "number": number})
    assert dumped.names == ("table",)
    assert load(dumped.stream, nodes=(), namespace={"table": table})[0] is table
