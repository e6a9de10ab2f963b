"""The global state of torch counts for code that draws from it by any of torch's ways."""

from __future__ import annotations

import pytest

from .asking import holding, report, taken

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional
PROBS = torch.full((4,), 0.5)


def by_methods():
    yield PROBS.bernoulli()


def by_multinomial():
    yield PROBS.multinomial(3)


def by_binomial():
    yield torch.binomial(PROBS, PROBS)


def by_low_rank():
    yield torch.svd_lowrank(torch.ones(4, 4))


def by_gumbel():
    yield F.gumbel_softmax(PROBS)


def by_rrelu():
    yield F.rrelu(PROBS, training=True)


def by_bilinear():
    yield nn.Bilinear(2, 2, 2)


def by_adaptive():
    yield nn.AdaptiveLogSoftmaxWithLoss(4, 4, [2])


def by_loader():
    yield from torch.utils.data.DataLoader([1, 2, 3], shuffle=True)


def by_split():
    yield torch.utils.data.random_split([1, 2, 3], [1, 2])


def using(model):
    def rows():
        yield model(PROBS)

    return rows


DRAWING = {
    **{
        one.__name__: one
        for one in (by_methods, by_multinomial, by_binomial, by_low_rank, by_gumbel, by_rrelu)
    },
    **{one.__name__: one for one in (by_bilinear, by_adaptive, by_loader, by_split)},
    "a layer": using(nn.Dropout(0.5)),
    "a layer in layers": using(nn.Sequential(nn.Identity(), nn.Sequential(nn.Dropout(0.1)))),
    "a layer of another kind": using(nn.RReLU()),
    "layers with a share": using(nn.LSTM(4, 4, num_layers=2, dropout=0.5)),
    "a loader": holding(torch.utils.data.DataLoader([1, 2, 3], shuffle=True)),
}
QUIET = {
    "a layer at rest": using(nn.Sequential(nn.Dropout(0.5)).eval()),
    "a share of nothing": using(nn.Dropout(0.0)),
    "layers that draw nothing": using(nn.Sequential(nn.ReLU(), nn.BatchNorm1d(4))),
    "a loader in order": holding(torch.utils.data.DataLoader([1, 2, 3])),
}


@pytest.mark.parametrize("how", DRAWING)
def test_the_state_counts_where_it_is_drawn_from(how) -> None:
    rows = DRAWING[how]
    with torch.random.fork_rng():
        torch.manual_seed(1)
        first = report(rows)
        torch.manual_seed(2)
        assert report(rows).fingerprint != first.fingerprint
    assert taken(first, "random state") == {"torch"}


@pytest.mark.parametrize("how", QUIET)
def test_the_state_does_not_count_where_nothing_is_drawn(how) -> None:
    assert not taken(report(QUIET[how]), "random state")
