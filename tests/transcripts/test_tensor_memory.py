"""A tensor that is given other memory lies on other memory after a hit, too; what lay beside it stays there."""

from __future__ import annotations

import pytest

from fpcache.testing.sessions import expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice

pytestmark = pytest.mark.usefixtures("torch_loaded")

BEGIN = """
import torch
torch.manual_seed(0);
n = torch.nn.Linear(1, 2)
with torch.no_grad(): n.bias.fill_(7.); n.weight.fill_(3.)
t = torch.arange(4.0).reshape(2, 2)
z = torch.full((2,), 2.0)
ema = {k: torch.ones_like(p) for k, p in n.named_parameters()}
def use(model, values):
    for k, p in model.named_parameters(): p.data = values[k]
def write_and_move(p):
    p.data.add_(1.); p.data = torch.zeros(2)
def keep_and_move(p):
    old = p.data
    p.data = torch.zeros(2)
    return old, p.data
def swap(p, q):
    p.data, q.data = q.data, p.data
def clones(m):
    for p in m.parameters(): p.data = p.data.clone()
    return 1
m = torch.nn.Linear(1, 2)
with torch.no_grad(): m.bias.fill_(0.); m.weight.fill_(0.)
# %%
state = n.state_dict(); array = n.bias.detach().numpy(); data = n.bias.data; flat = t.view(4); shown = t.numpy()
# %%
"""
END = """
# %%
with torch.no_grad():
    n.bias.add_(1.); n.weight.mul_(2)
    m.bias.add_(5.)
    t[0, 1] = 9; z[0] = 8
state["bias"].sub_(2)
# %%
(n.bias.dtype, n.bias.tolist(), n.weight.tolist(), m.bias.tolist(), t.tolist(), z.tolist(), array.tolist(),
 data.tolist(), flat.tolist(), shown.tolist(), {k: v.tolist() for k, v in state.items()},
 {k: v.tolist() for k, v in ema.items()}, n.bias.requires_grad, t.shape, t.stride())
"""
MOVES = {
    "data of a parameter": "n.bias.data = torch.zeros(2)",
    "data of a tensor": "t.data = torch.zeros(2, 2)",
    "equal data": "n.bias.data = n.bias.data.clone()",
    "equal data beside another effect": "done = clones(n)",
    "another's data": "n.bias.data = m.bias.data",
    "an input": "n.bias.data = z",
    "a window": "n.bias.data = t[1]",
    "in a function": "use(n, ema)",
    "there and back": "use(n, ema); use(n, state)",
    "set_": "t.set_(torch.zeros(2, 2));",
    "set_ to an input": "t.set_(z);",
    "swapped data": "swap(n.bias, m.bias)",
    "swapped tensors": "torch.utils.swap_tensors(n.bias, m.bias)",
    "another dtype": "n.half();",
    "another dtype by name": "n.bias.data = n.bias.data.double()",
    "to": "n.to(torch.float64);",
    "vector": "torch.nn.utils.vector_to_parameters(torch.ones(4), n.parameters())",
    "written before": "write_and_move(n.bias)",
    "the old kept": "old = keep_and_move(n.bias); old[0].mul_(2); old[1].add_(3)",
    "transposed in place": "t.t_();",
    "unsqueezed in place": "t.unsqueeze_(0);",
    "flattened": "t.data = t.data.view(4)",
    "as another dtype": "n.bias.data = n.bias.data.view(torch.int32).float()",
    "gradient": "n.bias.grad = torch.ones(2); n.half();",
    "own data": "n.bias.data.add_(1.); n.bias.data = n.bias.data",
    "a copy": "n.load_state_dict(m.state_dict());",
    "assigned": "n.load_state_dict(m.state_dict(), assign=True);",
}


@pytest.mark.parametrize("part", range(3))
def test_what_lay_on_the_old_memory_keeps_it_and_the_new_is_shared(transcript, part):
    moves = list(MOVES.values())[part::3]
    _, warm = run_twice(transcript, "\n# %%\n".join(BEGIN + move + END for move in moves))
    expect(warm, {move.partition(";")[0][:36]: "hit" for move in moves})


@pytest.mark.parametrize("move", ["use(n, ema)", "write_and_move(n.bias)", "n.bias.data = torch.zeros(2)"])
def test_what_came_to_hold_the_old_memory_since_the_recording_keeps_it(transcript, move):
    place = "array = n.bias.detach().numpy(); data"
    first = BEGIN.replace(place, "array = z.numpy(); data")
    edit = ("array = z.numpy(); data", place)
    _, warm = run_edit_run(transcript, first + move + END, edit)
    expect(warm, {move: "hit"})


def test_less_of_the_same_memory(transcript):
    moves = ["z.resize_(1);", "z.data = z.data[:1]", "z.squeeze_(0);", "z.data = z.data[1:]"]
    cells = (
        f"z = torch.ones(2)\n# %%\nv = z.view(2)\n# %%\n{move}\n# %%\nz.add_(1.)\n# %%\nz.tolist(), v.tolist()"
        for move in moves
    )
    _, warm = run_twice(transcript, "\n# %%\n".join(["import torch", *cells]))
    expect(warm, {move.rstrip(";"): "hit" for move in moves if "squeeze" not in move})
    expect(warm, {"z.add_": "hit"})


def test_a_storage_that_is_changed_itself_is_not_replayed(transcript):
    moves = [
        "z.resize_(9).fill_(1);",
        "v.resize_(2).fill_(5);",
        "z.share_memory_();",
        "z.untyped_storage().resize_(80);",
    ]
    cells = (
        f"z = torch.ones(2); v = z[:1]\n# %%\n{move}\n# %%\nz.tolist(), v.tolist(), z.shape" for move in moves
    )
    _, warm = run_twice(transcript, "\n# %%\n".join(["import torch", *cells]))
    expect(warm, {move.partition("(")[0]: "uncacheable" for move in moves})


def test_a_moved_tensor_moves_on(transcript):
    _, warm = run_twice(
        transcript,
        """
        import torch
        torch.manual_seed(0);
        net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
        for p in net.parameters(): p.data = torch.ones_like(p)
        x = torch.ones(3, 2)
        def step():
            optimizer.zero_grad()
            net(x).sum().backward()
            optimizer.step()
        # %%
        saved = {k: v for k, v in net.state_dict().items()}
        # %%
        step()
        # %%
        net.double(); x = x.double()
        # %%
        step()
        # %%
        {k: v.tolist() for k, v in saved.items()}, [p.tolist() for p in net.parameters()], [
            p.grad.dtype for p in net.parameters()], optimizer.param_groups[0]["params"][0] is net[0].weight
    """,
    )
    expect(warm, {"net.double()": "hit", "step()": "hit"})


def test_a_repeated_tensor_follows_what_it_repeats(transcript):
    _, warm = run_twice(
        transcript,
        """
        import torch
        b = torch.ones(1); e = b.expand(3)
        # %%
        b.add_(e.sum()); total = e.sum()
        # %%
        b.tolist(), e.tolist(), e.stride(), total.item()
    """,
    )
    expect(warm, {"b.add_": "hit"})
