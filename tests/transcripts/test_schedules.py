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
