"""A scheduler of PyTorch puts a function with a weak reference into its optimizer; training goes on after hits."""

from __future__ import annotations

import pytest
from daily import daily

from fpcache.testing.sessions import expect
from fpcache.testing.sessions.edits import run_edit_run, run_twice

pytestmark = pytest.mark.usefixtures("torch_loaded")

BEGIN = """
import torch
from torch.optim import lr_scheduler as schedules
torch.manual_seed(0);
x = torch.ones(8, 2)
def make(schedule):
    net = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
    return net, optimizer, schedule(optimizer)
def train(net, optimizer, schedule, epochs):
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = net(x).pow(2).sum(); loss.backward(); optimizer.step()
        schedule.step(loss) if type(schedule) is schedules.ReduceLROnPlateau else schedule.step()
        losses.append(loss.item())
    return losses
def pretrain(schedule, epochs):
    made = make(schedule)
    return *made, train(*made, epochs)
"""
END = """
# %%
more = train(net, optimizer, schedule, 3)
# %%
for _ in range(2):
    optimizer.zero_grad(); net(x).sum().backward(); optimizer.step()
# %%
(losses, more, schedule.state_dict(), optimizer.param_groups[0]["lr"], optimizer._opt_called,
 [p.tolist() for p in net.parameters()], schedule.optimizer is optimizer)
"""
SCHEDULES = {
    "steps": "lambda o: schedules.StepLR(o, 2)",
    "one after the other": "lambda o: schedules.SequentialLR(o, [schedules.ConstantLR(o), schedules.ExponentialLR(o, .9)], [2])",
    "a function": "lambda o: schedules.LambdaLR(o, lambda epoch: 0.9**epoch)",
    "one cycle": "lambda o: schedules.OneCycleLR(o, 0.1, total_steps=50)",
    "cosine": "lambda o: schedules.CosineAnnealingLR(o, 5)",
    "all together": "lambda o: schedules.ChainedScheduler([schedules.ConstantLR(o), schedules.ExponentialLR(o, .9)])",
    "averaged": "lambda o: torch.optim.swa_utils.SWALR(o, 0.01)",
}


@pytest.mark.parametrize("schedule", daily(SCHEDULES, 2))
def test_training_with_a_schedule_hits_and_goes_on(transcript, schedule):
    made = f"net, optimizer, schedule = make({schedule})\n# %%\nlosses = train(net, optimizer, schedule, 4)"
    _, warm = run_twice(transcript, BEGIN + "# %%\n" + made + END)
    expect(warm, {"losses = train": "hit", "more = train": "hit", "for _ in": "hit"})


@pytest.mark.parametrize("schedule", daily(SCHEDULES, 1))
def test_what_was_trained_in_the_statement_that_made_it_goes_on(transcript, schedule):
    made = f"net, optimizer, schedule, losses = pretrain({schedule}, 4)"
    _, warm = run_twice(transcript, BEGIN + "# %%\n" + made + END)
    expect(warm, {"net, optimizer": "hit", "more = train": "hit", "for _ in": "hit"})


def test_a_real_run_goes_on_from_what_a_hit_gave(transcript):
    made = "net, optimizer, schedule, losses = pretrain(lambda o: schedules.StepLR(o, 2), 4)"
    _, warm = run_edit_run(transcript, BEGIN + "# %%\n" + made + END, ("schedule, 3)", "schedule, 5)"))
    expect(warm, {"net, optimizer": "hit", "more = train": "miss"})


def test_a_schedule_that_wraps_the_step_counts(transcript):
    made = "net, optimizer, schedule = make(lambda o: schedules.StepLR(o, 2))\n# %%\nlosses = train(net, optimizer, schedule, 4)"
    plain = BEGIN.replace("schedule(optimizer)", "schedules.ReduceLROnPlateau(optimizer)")
    end = END.replace(" optimizer._opt_called,", "")
    _, warm = run_edit_run(
        transcript,
        plain + "# %%\n" + made + end,
        ("schedules.ReduceLROnPlateau(optimizer)", "schedule(optimizer)"),
    )
    expect(warm, {"losses = train": "miss"})


@pytest.mark.parametrize(
    "change",
    [
        "optimizer.step = lambda: None",
        "optimizer.register_step_post_hook(lambda *_: calls.append(1));",
        "optimizer.step = types.MethodType(lambda self: calls.append(self), optimizer)",
    ],
)
def test_what_stands_in_for_step_counts(transcript, change):
    first = """
    import torch, types
    torch.manual_seed(0);
    calls = []
    net = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    def train(net, optimizer, epochs):
        for _ in range(epochs):
            optimizer.zero_grad(); net(torch.ones(8, 2)).sum().backward(); optimizer.step()
        return epochs
    # %%
    None
    # %%
    done = train(net, optimizer, 3)
    # %%
    [p.tolist() for p in net.parameters()], len(calls)
    """
    _, warm = run_edit_run(transcript, first, ("None", change))
    assert not any("hit" in row.status for row in warm.rows() if row.name.startswith("done ="))


def test_other_weak_references_are_refused(transcript):
    _, warm = run_twice(
        transcript,
        BEGIN
        + """
# %%
import weakref
net, optimizer, schedule = make(lambda o: schedules.StepLR(o, 2))
optimizer.reference = weakref.ref(net); step = optimizer.step; box = [optimizer]
def last():
    box.clear()
    return 1
# %%
losses = train(net, optimizer, schedule, 4)
# %%
del optimizer, schedule
# %%
n = last()
# %%
try:
    step()
except AttributeError as error:
    told = type(error).__name__
# %%
told
""",
    )
    expect(warm, {"losses = train": "uncacheable", "n = last()": "uncacheable"})


HOOKS = """
import torch
torch.manual_seed(0);
calls = []
def first(*_): calls.append("first")
def second(*_): calls.append("second")
def make():
    net = torch.nn.Linear(2, 1); optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    {0}(first)
    return net, optimizer
# %%
net, optimizer = make()
# %%
handle = {0}(second); before = 0
# %%
net(torch.ones(1, 2)).sum().backward(); optimizer.step()
# %%
calls, handle.id
"""


@pytest.mark.parametrize("register", ["optimizer.register_step_post_hook", "net.register_forward_hook"])
def test_a_hook_that_is_registered_after_a_hit_is_another(transcript, register):
    _, warm = run_edit_run(transcript, HOOKS.format(register), ("before = 0", "before = 1"))
    expect(warm, {"net, optimizer": "hit"})
    # What was counted on before it changes which numbers it gives.
    more = ("calls = []", "calls = []; torch.nn.Identity().register_forward_hook(print)")
    _, warm = run_edit_run(transcript, HOOKS.format(register), more)
    expect(warm, {"net, optimizer": "miss: number of `hooks`"})


OWN_CLASS = """
import torch
from collections import defaultdict
torch.manual_seed(0);
class Ahead(torch.optim.Optimizer):
    __slots__ = ("way",)
    def __init__(self, inner):
        self.inner, self.n, self.way = inner, 0, [1]
        self.param_groups, self.state = inner.param_groups, defaultdict(dict)
    def zero_grad(self):
        self.inner.zero_grad()
    def step(self, closure=None):
        self.n += 1; self.way.append(self.n)
        return self.inner.step(closure)
def make():
    net = torch.nn.Linear(2, 1); inner = torch.optim.SGD(net.parameters(), lr=0.01)
    return net, Ahead(inner), torch.optim.lr_scheduler.StepLR(inner, 2)
def train(net, optimizer, schedule):
    for _ in range(3):
        optimizer.zero_grad(); net(torch.ones(1, 2)).sum().backward(); optimizer.step(); schedule.step()
    return optimizer.n
"""


def test_an_optimizer_of_ones_own_is_as_it_was_made(transcript):
    _, warm = run_twice(
        transcript,
        OWN_CLASS
        + """
# %%
net, optimizer, schedule = make()
# %%
n = train(net, optimizer, schedule)
# %%
for _ in range(2): m = train(net, optimizer, schedule)
# %%
n, m, optimizer.way, hasattr(Ahead.step, "hooked"), list(vars(optimizer)), [p.tolist() for p in net.parameters()]
""",
    )
    expect(warm, {"n = train": "hit", "for _ in": "hit"})


def test_every_attribute_of_an_optimizer_counts(transcript):
    first = """
    import torch
    torch.manual_seed(0);
    net = torch.nn.Linear(2, 1); optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    def use(optimizer): return optimizer.use_hooks, optimizer._patch_level
    def mark(optimizer): optimizer._warned_twice = True; optimizer.no_hooks = 0; return 1
    def add(optimizer): optimizer.epoch_hooks.append(print); return len(optimizer.epoch_hooks)
    def make():
        made = torch.optim.SGD(net.parameters(), lr=0.1); made.epoch_hooks = []
        return made
    # %%
    optimizer.use_hooks = False; optimizer._patch_level = 1
    # %%
    used = use(optimizer)
    # %%
    marked = mark(optimizer)
    # %%
    other = make()
    # %%
    mine = other.epoch_hooks
    # %%
    n = add(other)
    # %%
    used, vars(optimizer).keys(), optimizer.no_hooks, len(mine), mine is other.epoch_hooks
    """
    _, warm = run_edit_run(transcript, first, ("use_hooks = False", "use_hooks = None"))
    expect(warm, {"used =": "miss", "other = make": "hit", "n = add": "hit"})


def test_a_schedule_that_is_put_on_an_optimizer_hits(transcript):
    _, warm = run_twice(
        transcript,
        BEGIN
        + """
def fit(net, optimizer, epochs):
    schedule = schedules.OneCycleLR(optimizer, 0.1, total_steps=50)
    return train(net, optimizer, schedule, epochs), schedule
# %%
net, optimizer, _ = make(lambda o: None)
# %%
losses, schedule = fit(net, optimizer, 3)
# %%
schedule = schedules.CyclicLR(optimizer, 0.1, 0.5, scale_fn=lambda n: 0.9**n)
"""
        + END,
    )
    expect(warm, {"losses, schedule": "hit", "schedule = schedules.Cyclic": "hit", "more = train": "hit"})
