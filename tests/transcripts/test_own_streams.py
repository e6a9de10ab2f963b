"""What is printed to a stream of the user's own is written piece by piece, as he may count the pieces."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import assert_same, expect

OWN = """
    import sys
    pieces, kernels = [], sys.{name}
    class Tee:
        def write(self, text):
            pieces.append(text)
            return kernels.write(text)
        def flush(self): kernels.flush()
"""
USE = """
    # %%
    sys.{name} = Tee()
    # %%
    for n in range(3): print(n, file=sys.{name})
    # %%
    total = sum(range(9))
    # %%
    sys.{name} = kernels
    # %%
    print(len(pieces), pieces)
"""


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_what_goes_to_a_stream_of_the_users_own_is_printed_each_time(transcript, name):
    cells = (OWN + USE).format(name=name)
    plain = transcript.plain(cells)
    for _ in range(2):
        run = transcript.run(cells)
        assert_same(plain, run)
    expect(run, {"for n in range(3)": f"uncacheable: prints to your own `sys.{name}`", "total =": "hit"})


def test_what_was_printed_to_the_kernels_stream_is_not_replayed_to_another(transcript):
    cells = (OWN + USE).format(name="stdout")
    before = cells.replace("sys.stdout = Tee()", "sys.stdout = kernels")
    assert_same(transcript.plain(before), transcript.run(before))
    run = transcript.run(cells)
    assert_same(transcript.plain(cells), run)
    expect(run, {"for n in range(3)": "uncacheable"})


def test_what_goes_to_a_librarys_stream_hits(transcript):
    cells = """
        import io, sys
        kernels, sys.stdout = sys.stdout, io.StringIO()
        # %%
        for n in range(3): print(n)
        # %%
        text, sys.stdout = sys.stdout.getvalue(), kernels
    """
    assert_same(transcript.plain(cells), transcript.run(cells))
    run = transcript.run(cells)
    assert_same(transcript.plain(cells), run)
    expect(run, {"for n in range(3)": "hit"})
