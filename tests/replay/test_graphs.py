"""What `backward` left of a graph is stored; a graph that something can still go through is not."""

from __future__ import annotations

import copy
import pickle

import pytest
from round_trips import round_trip

from fpcache.errors import UncacheableError, UnfingerprintableValueError
from fpcache.fingerprints import fingerprint
from fpcache.fingerprints.used_up_graphs import SUMS
from fpcache.fingerprints.used_up_graphs import VIEWS as VIEW_STEPS
from fpcache.replay.codec import dump, load
from fpcache.replay.graph_operations import OPERATIONS

torch = pytest.importorskip("torch")


def leaf(*values: float):
    return torch.tensor(values or (1.0, 2.0), requires_grad=True)


def used(weight, power: float = 2.0):
    """Return a middle and a loss whose graph was gone through."""
    middle = weight**power
    loss = (middle * middle).sum()
    loss.backward()
    return middle, loss


def names(tensor) -> list[str]:
    found, waiting = [], [tensor.grad_fn]
    while waiting:
        node = waiting.pop(0)
        found.append(node.name())
        waiting += [below for below, _ in node.next_functions if below is not None]
    return found


def said(call) -> str:
    with pytest.raises(RuntimeError) as caught:
        call()
    assert not [
        entry for entry in caught.traceback if entry.path.name in ("graph_codec.py", "stand_in_steps.py")
    ]
    return str(caught.value)


def test_steps_leaf_and_sharing_come_back():
    weight = leaf()
    middle, loss = used(weight)
    again, restored_middle, restored = round_trip((weight, middle, loss))
    assert (
        names(restored)
        == names(loss)
        == [
            "SumBackward0",
            "MulBackward0",
            "PowBackward0",
            "PowBackward0",
            *["torch::autograd::AccumulateGrad"] * 2,
        ]
    )
    ((product, _),) = restored.grad_fn.next_functions
    assert all(step is restored_middle.grad_fn for step, _ in product.next_functions)
    assert restored_middle.grad_fn.next_functions[0][0].variable is again
    assert (restored.item(), restored.requires_grad, restored.is_leaf) == (loss.item(), True, False)
    assert repr(restored) == repr(loss)
    assert fingerprint((again, restored_middle, restored)) == fingerprint((weight, middle, loss))


@pytest.mark.parametrize("is_loss_first", [True, False])
def test_the_order_of_tensors_does_not_matter(is_loss_first):
    weight = leaf()
    middle, loss = used(weight)
    pair = (loss, middle) if is_loss_first else (middle, loss)
    made = dict(
        zip(("loss", "middle") if is_loss_first else ("middle", "loss"), round_trip(pair), strict=True)
    )
    assert made["loss"].grad_fn.next_functions[0][0].next_functions[0][0] is made["middle"].grad_fn


@pytest.mark.parametrize(
    "ask",
    [
        lambda weight, middle, loss: loss.backward(),
        lambda weight, middle, loss: middle.sum().backward(),
        lambda weight, middle, loss: (loss + 1).backward(),
        lambda weight, middle, loss: torch.autograd.grad(loss, [weight]),
        lambda weight, middle, loss: torch.autograd.grad(loss, [middle]),
        lambda weight, middle, loss: middle.grad_fn._saved_self,
        lambda weight, middle, loss: copy.deepcopy(loss),
        lambda weight, middle, loss: loss.requires_grad_(False),
        lambda weight, middle, loss: loss.backward(torch.ones(3)),
        lambda weight, middle, loss: middle.backward(),
        lambda weight, middle, loss: loss.numpy(),
    ],
)
def test_errors_are_pytorchs_and_leave_gradients_as_they_are(ask):
    weight = leaf()
    before = (weight, *used(weight))
    after = round_trip(before)
    assert said(lambda: ask(*after)) == said(lambda: ask(*before))
    assert torch.equal(after[0].grad, before[0].grad)


def test_numbers_that_steps_saved_come_back():
    weight = leaf()
    _, loss = used(weight, 3.0)
    power = round_trip((weight, loss))[1].grad_fn.next_functions[0][0].next_functions[0][0]
    assert power._saved_exponent == 3.0
    assert not hasattr(power, "saved_tensors")
    assert not hasattr(power, "_saved_other")


def test_what_is_done_to_it_goes_on_as_with_the_first():
    weight = leaf()
    before = (weight, *used(weight))
    for weight, middle, loss in (before, round_trip(before)):
        loss.mul_(2)
        assert loss.grad_fn.name() == "MulBackward0"
        assert pickle.loads(pickle.dumps(middle.detach())).tolist() == [1.0, 4.0]
        assert loss.detach().item() == 34.0
        (weight * 3).sum().backward()
        assert weight.grad.tolist() == [7.0, 35.0]


@pytest.mark.parametrize("name", ["mean", "sum", "neg"])
def test_what_saves_nothing_can_be_gone_through_between_two_tensors(name):
    weight = leaf()
    squares = weight**2
    end = getattr(squares, name)()
    end.sum().backward()
    before = (weight, squares, end)
    after = round_trip(before)
    one, other = (torch.autograd.grad(made[2].sum(), [made[1]])[0] for made in (before, after))
    assert torch.equal(one, other)
    assert said(lambda: torch.autograd.grad(after[2].sum(), [after[0]])) == said(
        lambda: before[2].sum().backward()
    )


VIEWS = {
    "view": lambda x: x.view(2, 12),
    "flatten": lambda x: x.flatten(),
    "squeeze": lambda x: x[:, :1].squeeze(),
    "squeeze one": lambda x: x[:, :1].squeeze(-1),
    "squeeze two": lambda x: x[:1, :1].squeeze((0, 1)),
    "unsqueeze": lambda x: x.unsqueeze(-1),
    "t": lambda x: x.t(),
    "T": lambda x: x.T,
    "transpose": lambda x: x.transpose(0, -1),
    "select": lambda x: x[:, -1],
    "slice": lambda x: x[1:, ::2],
    "chunk": lambda x: x.chunk(2, dim=1)[1],
    "split": lambda x: x.split([2, 4], dim=1)[1],
    "unbind": lambda x: x.unbind(1)[2],
    "expand": lambda x: x[:, :1].expand(4, 5),
    "alias": lambda x: x[...],
}


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("is_base_kept", [True, False])
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_view_is_one_of_what_it_was_one_of(view, is_base_kept, is_first):
    weight = torch.arange(24.0).reshape(4, 6).requires_grad_()
    base = torch.exp(weight / 10)
    seen = view(base)
    loss = (seen**2).sum() + (base**3).sum()
    loss.backward()
    before = {"weight": weight, "base": base, "seen": seen, "detached": seen.detach(), "loss": loss}
    if not is_base_kept:
        del before["base"]
    names_in_order = sorted(before, reverse=is_first)
    after = round_trip({name: before[name] for name in names_in_order})
    assert fingerprint([after[name] for name in before]) == fingerprint(list(before.values()))
    restored = after["seen"]
    assert restored._is_view()
    assert (restored.stride(), restored.grad_fn.name(), restored.output_nr) == (
        seen.stride(),
        seen.grad_fn.name(),
        seen.output_nr,
    )
    assert names(restored) == names(seen)
    (square, _), _ = after["loss"].grad_fn.next_functions
    assert square.next_functions[0][0].next_functions[0][0] is restored.grad_fn
    if is_base_kept:
        assert restored._base is after["base"]
    for made in (before, after):
        with torch.no_grad():
            made["seen"]._base.mul_(2)
        assert torch.equal(made["detached"], made["seen"])
        assert said(lambda made=made: made["seen"].sum().backward())
    assert torch.equal(after["seen"], before["seen"])
    assert torch.equal(after["weight"].grad, before["weight"].grad)


def test_each_operation_is_known_by_the_type_of_its_step():
    assert set(OPERATIONS) == SUMS | VIEW_STEPS


def test_deep_graphs_come_back():
    weight = x = leaf()
    for _ in range(3000):
        x = x * 1.0001
    x.sum().backward()
    again, restored = round_trip((weight, x))
    assert len(names(restored)) == 3001
    assert fingerprint((again, restored)) == fingerprint((weight, x))


def live_pairs():
    weight = leaf()
    middle = weight**2
    yield "not gone through", middle
    kept = (weight**2).sum()
    kept.backward(retain_graph=True)
    yield "gone through and kept", kept
    yield "nothing saved", leaf().clone()
    yield "a sum of leaves", leaf() + leaf(3.0)
    error = leaf() * torch.ones(2) + leaf(0.5) - torch.tensor([1.0, 2.0])
    (error**2).mean().backward()
    yield "a bias", error
    square = (torch.ones(2, 2) * weight) ** 2
    square.sum().backward()
    yield "a view of another kind", square.diagonal()
    yield "a view of a leaf", leaf().view(2, 1)
    _, scaled = used(weight)
    yield "saved beside", scaled * torch.tensor(2.0)
    noted = weight**2
    noted.retain_grad()
    noted.sum().backward()
    yield "retains its gradient", noted

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 2

    own = Own.apply(weight**2).sum()
    own.backward()
    yield "a step of one's own", own

    class Marked(torch.Tensor):
        pass

    yield "of a class of one's own", used(weight)[0].as_subclass(Marked)
    yield "sparse", used(weight)[0].to_sparse()
    with torch.autograd.set_detect_anomaly(True):
        watched = (weight**2).sum()
        watched.backward()
    yield "watched", watched
    frozen = leaf()
    _, end = used(frozen)
    frozen.requires_grad_(False)
    yield "a leaf that was frozen", (frozen, end)
    squares = weight**2
    copied = squares.clone()
    copied.sum().backward()
    yield "two with nothing freed between", (squares, copied)


@pytest.mark.parametrize(
    ("name", "value"), list(live_pairs()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_what_can_still_be_gone_through_is_not_stored(name, value):
    with pytest.raises(UncacheableError, match="gradient graph"):
        dump({"loss": value}, nodes=(), namespace={})
    if name not in ("a leaf that was frozen", "two with nothing freed between"):
        with pytest.raises(UnfingerprintableValueError, match="grad_fn"):
            fingerprint(value)


def test_a_graph_that_goes_on_into_an_inputs_is_not_stored():
    weight = leaf()
    middle, loss = used(weight)
    with pytest.raises(UncacheableError, match="goes on into that of an input"):
        dump(loss + 1, nodes=[weight, loss], namespace={})
    with pytest.raises(UncacheableError, match="goes on into that of an input"):
        dump(loss, nodes=[weight, middle], namespace={})


def test_a_leaf_that_needs_no_gradient_at_the_replay_ends_it():
    weight, live = leaf(), leaf()
    _, loss = used(weight)
    dumped = dump(loss, nodes=[weight], namespace={})
    live.requires_grad_(False)
    with pytest.raises(UncacheableError, match="requires no gradient now"):
        load(dumped.stream, dumped.buffers, nodes=[live], namespace={})


def test_what_the_graph_looks_like_counts():
    def seen(power, *, is_same_leaf=True):
        weight, other = leaf(), leaf()
        _, loss = used(weight, power)
        return fingerprint((weight if is_same_leaf else other, loss))

    told = [seen(1.0), seen(2.0), seen(2.0, is_same_leaf=False)]
    assert len({*told, fingerprint((leaf(), used(leaf())[1].detach().requires_grad_()))}) == 4


@pytest.mark.parametrize("is_enabled", [True, False])
def test_a_replay_asks_neither_for_gradients_nor_where_tensors_are_made(is_enabled):
    weight = leaf()
    made = (weight, *used(weight))
    dumped = dump(made, nodes=(), namespace={})
    with torch.set_grad_enabled(is_enabled), torch.device("meta"):
        restored = load(dumped.stream, dumped.buffers, nodes=(), namespace={})[2]
    assert (names(restored), restored.device.type, restored.item()) == (names(made[2]), "cpu", 17.0)
    with torch.inference_mode():
        assert load(dumped.stream, dumped.buffers, nodes=(), namespace={})[2].grad_fn is not None
