"""What draws random numbers begins anew: going on in the middle would give what no whole run gives."""

from __future__ import annotations

import random
import warnings

import pytest

from fpcache.artifacts import ArtifactsWarning, DatasetState, generate

STATE = DatasetState("numbers", "fp1-0")


pytestmark = pytest.mark.usefixtures("own_base")


class Stop:
    """Stops a run at an item, the first time."""

    def __init__(self, at):
        self.at = at

    def __call__(self, n):
        if n == self.at:
            raise RuntimeError("the machine stopped")


def global_state(stop):
    random.seed(1)

    def items(start):
        for n in range(start, 10):
            stop(n)
            yield n, random.random()

    return items


def captured(rng):
    def made(stop):
        def items(start, rng=rng):
            for n in range(start, 10):
                stop(n)
                yield n, rng.random()

        return items

    return made


def in_an_object(stop):
    held = {"a": [random.Random(3)]}

    def items(start):
        for n in range(start, 10):
            stop(n)
            yield n, held["a"][0].random()

    return items


def by_its_method(stop):
    draw = random.Random(3).random

    def items(start):
        for n in range(start, 10):
            stop(n)
            yield n, draw()

    return items


def made_within(stop):
    def items(start):
        rng = random.Random(3)
        for n in range(start, 10):
            stop(n)
            yield n, rng.random()

    return items


def numpys(stop):
    return captured(pytest.importorskip("numpy").random.default_rng(0))(stop)


def numpys_old(stop):
    return captured(pytest.importorskip("numpy").random.RandomState(0))(stop)


def torchs(stop):
    torch = pytest.importorskip("torch")
    generator = torch.Generator().manual_seed(0)

    def items(start):
        for n in range(start, 10):
            stop(n)
            yield n, float(torch.rand(1, generator=generator))

    return items


def pythons(stop):
    return captured(random.Random(3))(stop)


@pytest.mark.parametrize(
    "make",
    [global_state, pythons, numpys, numpys_old, torchs, in_an_object, by_its_method, made_within],
    ids=lambda make: make.__name__,
)
def test_what_draws_random_numbers_gives_after_a_stop_what_a_whole_run_gives(make) -> None:
    whole = list(make(Stop(None))(0))
    with pytest.raises(RuntimeError, match="stopped"):
        generate(STATE, "m", make(Stop(8)), chunk_items=3, ignore=["stop"])
    with pytest.warns(ArtifactsWarning, match=r"8 items .* generated again.*draws random numbers"):
        again = generate(STATE, "m", make(Stop(None)), chunk_items=3, ignore=["stop"])
    assert (again.how, list(again)) == ("generated", whole)


@pytest.mark.parametrize(
    ("make", "ignored"), [(global_state, "random state"), (made_within, "random state"), (pythons, "rng")]
)
def test_it_goes_on_where_the_user_says_that_no_item_depends_on_what_was_drawn(make, ignored) -> None:
    with pytest.raises(RuntimeError, match="stopped"):
        generate(STATE, "m", make(Stop(8)), chunk_items=3, ignore=["stop", ignored])
    with warnings.catch_warnings():
        warnings.simplefilter("error", ArtifactsWarning)
        again = generate(STATE, "m", make(Stop(None)), chunk_items=3, ignore=["stop", ignored])
    assert (again.how, again.generated) == ("resumed", 2)


def test_what_gives_nothing_to_go_through_is_named() -> None:
    def nothing():
        return None

    with pytest.raises(TypeError, match=r"nothing gave a NoneType.*yield the items"):
        generate(STATE, "m", nothing)
