"""The log holds what remains visible of a component's outputs, in order."""

from __future__ import annotations

import pytest

from fpcache.errors import CorruptEntryError, UncacheableError
from fpcache.replay.outputs import Clear, Display, OutputLog, Result, Stream


def log(*outputs):
    return list(OutputLog(outputs))


def shown(text, **more):
    return Display({"text/plain": text}, **more)


def test_adjacent_writes_to_one_stream_are_joined_and_order_is_kept():
    outputs = [Stream("stdout", "a"), Stream("stdout", "b"), Stream("stderr", "c"), Stream("stdout", "d")]
    assert log(*outputs) == [Stream("stdout", "ab"), *outputs[2:]]


def test_a_display_between_writes_keeps_them_apart():
    outputs = [Stream("stdout", "a"), shown("x"), Stream("stdout", "b")]
    assert log(*outputs) == outputs


def test_empty_writes_leave_nothing():
    assert log(Stream("stdout", "")) == []


def test_an_update_is_folded_into_every_display_with_its_id():
    outputs = [shown("1", display_id="i"), Stream("stdout", "s"), shown("1", display_id="i")]
    assert log(*outputs, shown("2", display_id="i", update=True)) == [
        shown("2", display_id="i"),
        outputs[1],
        shown("2", display_id="i"),
    ]


def test_an_update_of_an_earlier_cells_display_stays_and_only_the_last_one():
    updates = [shown("1", display_id="i", update=True), shown("2", display_id="i", update=True)]
    assert log(*updates) == [updates[1]]


def test_clearing_drops_what_came_before_and_stays_for_earlier_components():
    assert log(shown("a"), Clear(), shown("b")) == [Clear(), shown("b")]


def test_clearing_with_wait_takes_effect_with_the_next_output():
    assert log(shown("a"), Clear(wait=True)) == [shown("a"), Clear(wait=True)]
    assert log(shown("a"), Clear(wait=True), Clear(wait=True), shown("b")) == [Clear(wait=True), shown("b")]


def test_an_update_is_no_output_a_waiting_clear_waits_for():
    outputs = [shown("a", display_id="i"), Clear(wait=True), shown("b", display_id="i", update=True)]
    assert log(*outputs) == [shown("b", display_id="i"), Clear(wait=True)]


def test_progress_in_a_loop_leaves_the_last_frame_only():
    frames = [output for n in range(5) for output in (Clear(wait=True), Stream("stdout", str(n)))]
    assert log(*frames) == [Clear(wait=True), Stream("stdout", "4")]


def test_views_of_live_widgets_are_dropped_and_their_text_stays():
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}
    assert log(Display({**widget, "text/plain": "bar"}), Display(widget)) == [shown("bar")]
    assert log(Result({**widget, "text/plain": "bar"})) == [Result({"text/plain": "bar"})]


def test_the_sinks_methods_record_in_order():
    outputs = OutputLog()
    outputs.stream("stdout", "a")
    outputs.display({"text/plain": "x"}, {}, "i", False)
    outputs.result({"text/plain": "1"}, {"m": 1})
    assert outputs.outputs == (
        Stream("stdout", "a"),
        shown("x", display_id="i"),
        Result({"text/plain": "1"}, {"m": 1}),
    )
    outputs.clear(False)
    assert list(outputs) == [Clear()]


def test_everything_survives_bytes():
    outputs = OutputLog(
        [
            Clear(wait=True),
            Stream("stderr", "tail \ud800 é"),
            Display(
                {"image/png": b"\x89PNG\0", "application/json": {"a": [1, None, "base64"]}}, {"width": 3}, "i"
            ),
            Display({"text/plain": "u"}, {}, "other", update=True),
            Result({"text/plain": "1", "text/html": "<b>1</b>"}, {"text/html": {"isolated": True}}),
        ]
    )
    assert OutputLog.from_bytes(outputs.to_bytes()).outputs == outputs.outputs


def test_a_restored_log_is_not_folded_again():
    outputs = OutputLog([shown("a"), Clear(wait=True)])
    assert list(OutputLog.from_bytes(outputs.to_bytes())) == list(outputs)


def test_data_that_json_cannot_hold_is_uncacheable():
    with pytest.raises(UncacheableError, match="displays"):
        OutputLog([Display({"application/json": object()})]).to_bytes()


@pytest.mark.parametrize("data", [b"", b"{}x", b'[{"kind": "what"}]', b'[{"kind": "stream"}]', b"[1]"])
def test_damaged_bytes_are_corrupt(data):
    with pytest.raises(CorruptEntryError):
        OutputLog.from_bytes(data)
