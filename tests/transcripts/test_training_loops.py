"""Training at the top of a cell, as tutorials write it: `loss` still hangs on the graph of the last batch."""

from __future__ import annotations

import pytest
from daily import daily

from fpcache.testing.sessions import expect
from fpcache.testing.sessions.edits import run_edit_run, run_one_then_other, run_twice

pytestmark = pytest.mark.usefixtures("torch_loaded")

BEGIN = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0);
X = torch.randn(48, 4)
y = (X.sum(1, keepdim=True) > 0).float()
labels = y.squeeze(1).long()
loader = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
criterion = nn.BCEWithLogitsLoss()
# %%
"""
PLAIN = """
for epoch in range(3):
    for xb, yb in loader:
        optimizer.zero_grad()
        pred = model(xb)
        loss = criterion(pred, yb)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
"""
LOOPS = {
    "batches": PLAIN,
    "running loss": """
for epoch in range(2):
    running_loss = 0.0
    for i, data in enumerate(loader, 0):
        inputs, targets = data
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        if i % 2 == 1:
            print(f"[{epoch + 1}, {i + 1:5d}] loss: {running_loss / 2:.3f}")
            running_loss = 0.0
""",
    "by hand": """
w = torch.zeros(4, 1, requires_grad=True); b = torch.zeros(1, requires_grad=True)
for step in range(5):
    loss = ((X @ w + b - y)**2).mean() + 0.1 * (w**2).sum()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad; b -= 0.1 * b.grad
        w.grad.zero_(); b.grad = None
""",
    "losses kept": """
losses = []
for _ in range(3):
    optimizer.zero_grad()
    losses.append(criterion(model(X), y))
    losses[-1].backward()
    optimizer.step()
loss = losses[1]
""",
    "convolution, dropout, normalisation": """
net = nn.Sequential(nn.Unflatten(1, (1, 2, 2)), nn.Conv2d(1, 2, 2, padding=1), nn.BatchNorm2d(2), nn.ReLU(),
                    nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(), nn.Linear(2, 2))
for _ in range(2):
    logits = net(X)
    loss = nn.functional.cross_entropy(logits, labels)
    net.zero_grad(); loss.backward()
    with torch.no_grad():
        for p in net.parameters(): p -= 0.1 * p.grad
        accuracy = (logits.argmax(1) == labels).float().mean()
""",
    "a recurrent net": """
cell = nn.GRU(4, 3, batch_first=True); head = nn.Linear(3, 1)
both = torch.optim.SGD([*cell.parameters(), *head.parameters()], lr=0.1)
for _ in range(2):
    out, h = cell(X.view(6, 8, 4))
    loss = criterion(head(out).view(-1, 1), y)
    both.zero_grad(); loss.backward(); both.step()
del out, h
""",
    "two that compete": """
judge = nn.Linear(1, 1); judged = torch.optim.SGD(judge.parameters(), lr=0.1)
for _ in range(2):
    fake = model(X)
    judged.zero_grad()
    real_loss = criterion(judge(y), torch.ones_like(y)); real_loss.backward()
    fake_loss = criterion(judge(fake.detach()), torch.zeros_like(y)); fake_loss.backward()
    judged.step()
    optimizer.zero_grad()
    loss = criterion(judge(fake), torch.ones_like(y)); loss.backward(); optimizer.step()
""",
    "an own network and a schedule": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 3); self.norm = nn.LayerNorm(3); self.b = nn.Linear(3, 1)
    def forward(self, x):
        return self.b(torch.tanh(self.norm(self.a(x))) + x[:, :3])
net = Net(); optimizer = torch.optim.AdamW(net.parameters()); schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
for epoch in range(2):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    schedule.step()
""",
}  # fmt: skip
MORE = {
    "a view": """
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
for epoch in range(2):
    logits = net(X).squeeze()
    loss = criterion(logits, y.squeeze())
    net.zero_grad(); loss.backward()
# %%
print(logits[:3], logits._base.shape, logits.grad_fn, loss.grad_fn.next_functions[0][0] is logits.grad_fn)
""",
    "tests in inference mode": """
tested = []
for epoch in range(2):
    model.train()
    pred = model(X)
    loss = criterion(pred, y)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    model.eval()
    with torch.inference_mode():
        out = model(X[:9])
        tested.append(criterion(out, y[:9]))
# %%
for epoch in range(1):
    with torch.inference_mode():
        tested.append(out[0] * 2)
# %%
print(out, out.is_inference(), tested)
# %%
out.add_(1)
""",
    "a loop that is run again": PLAIN + "# %%\n" + PLAIN + "# %%\n" + PLAIN.replace("range(3)", "range(1)"),
    "an object that keeps losses": """
class Trainer:
    def __init__(self): self.history, self.last = [], None
    def step(self):
        optimizer.zero_grad(); self.last = criterion(model(X), y); self.last.backward(); optimizer.step()
        self.history.append(self.last)
trainer = Trainer()
# %%
for _ in range(3):
    trainer.step()
# %%
for _ in range(2):
    trainer.step()
loss = trainer.last
# %%
print(trainer.history, loss is trainer.history[-1])
""",
    "parts of one output": """
into, back = nn.Linear(4, 4), nn.Linear(2, 4)
both = torch.optim.Adam([*into.parameters(), *back.parameters()])
for epoch in range(2):
    for xb, _ in loader:
        mu, logvar = into(xb).chunk(2, dim=1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        again = back(z)
        far = nn.functional.mse_loss(again, xb, reduction="sum")
        kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        loss = far + kld
        both.zero_grad(); loss.backward(); both.step()
# %%
print(mu._base is logvar._base, loss, far, kld, z[0])
# %%
torch.autograd.grad(loss, [far])
# %%
torch.autograd.grad(z.sum(), [mu])
""",
    "texts, letter by letter": """
class Letters(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(10, 4); self.rnn = nn.LSTM(4, 8, batch_first=True); self.out = nn.Linear(8, 10)
    def forward(self, x, state=None):
        h, state = self.rnn(self.emb(x), state); return self.out(h), state
rnn = Letters(); adam = torch.optim.Adam(rnn.parameters()); data = torch.randint(0, 10, (4, 9))
for step in range(3):
    loss = nn.functional.cross_entropy(rnn(data[:, :-1])[0].reshape(-1, 10), data[:, 1:].reshape(-1))
    adam.zero_grad(); loss.backward(); adam.step()
# %%
for step in range(2):
    loss = nn.functional.cross_entropy(rnn(data[:, :-1])[0].reshape(-1, 10), data[:, 1:].reshape(-1))
    adam.zero_grad(); loss.backward(); adam.step()
""",
    "a closure, a penalty, a limit": """
lbfgs = torch.optim.LBFGS(model.parameters(), max_iter=3)
def closure():
    lbfgs.zero_grad(); own = criterion(model(X), y); own.backward(); return own
for i in range(2):
    last = lbfgs.step(closure)
for xb, yb in loader:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = model(xb); loss = criterion(out, yb)
    loss = loss + 1e-3 * sum(p.pow(2).sum() for p in model.parameters())
    optimizer.zero_grad(); loss.backward(); optimizer.step()
class Stopping:
    best, bad = None, 0
    def __call__(self, loss):
        if self.best is None or loss < self.best: self.best, self.bad = loss, 0
        else: self.bad += 1
        return self.bad >= 2
stopper = Stopping()
for epoch in range(4):
    loss = criterion(model(X), y)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    if stopper(loss): break
# %%
print(last, out[0], stopper.best, stopper.bad)
""",
    "a loss that is added up": """
total = 0
for xb, yb in loader:
    loss = criterion(model(xb), yb)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    total += loss
# %%
print(total)
# %%
loss.mul_(2)
print(loss)
""",
    "a recurrent net that learns in a function": """
class Tagger(nn.Module):
    def __init__(self):
        super().__init__(); self.net = nn.LSTM(4, 3, batch_first=True, bidirectional=True); self.out = nn.Linear(6, 1)
    def forward(self, x): return self.out(self.net(x)[0])
tagger = Tagger()
def fit(tagger, epochs):
    adam = torch.optim.Adam(tagger.parameters())
    for _ in range(epochs):
        loss = criterion(tagger(X.view(6, 8, 4)).view(-1, 1), y)
        adam.zero_grad(); loss.backward(); adam.step()
    return loss
# %%
loss = fit(tagger, 2)
# %%
loss = fit(tagger, 1)
""",
}
END = """
# %%
print(loss)
# %%
one = loss
[(one.requires_grad, one.is_leaf, one.grad_fn.name(), str(type(one.grad_fn)), hasattr(one.grad_fn, "saved_tensors"), one._is_view())]
# %%
def told(node, met, depth=0):
    if node is None or node in met: return [node and met[node]]
    met[node] = len(met)
    shape = [tuple(m.shape) for m in node._input_metadata]
    leaf = getattr(node, "variable", None)
    own = [n for n, p in (model.named_parameters()) if p is leaf]
    saved = []
    for name in dir(type(node)):
        if name.startswith("_saved_"):
            try: saved.append((name, getattr(node, name)))
            except RuntimeError as error: saved.append((name, str(error)))
    return [(depth, node.name(), shape, own, saved), [told(n, met, depth + 1) + [k] for n, k in node.next_functions]]
told(one.grad_fn, {})
# %%
one.backward()
# %%
(one * 2 + 1).sum().backward()
# %%
torch.autograd.grad(one, list(model.parameters()), allow_unused=True)
# %%
optimizer.zero_grad()
loss = criterion(model(X), y)
loss.backward()
optimizer.step()
# %%
[p.tolist() for p in model.parameters()], [p.grad.tolist() for p in model.parameters()], loss.item(), torch.rand(2)
"""


@pytest.mark.parametrize("loop", daily(LOOPS, 3))
def test_a_loop_is_replayed_and_what_is_left_of_its_graph_looks_the_same(transcript, loop):
    cells = BEGIN + loop + END
    _, warm = run_twice(transcript, cells)
    expect(warm, {"for ": "hit"})


@pytest.mark.parametrize("cells", daily(MORE, 2))
def test_what_hangs_on_a_graph_may_be_anywhere_and_training_goes_on(transcript, cells):
    _, warm = run_twice(transcript, BEGIN + cells + END)
    trained = [row for cell in warm.cells for row in cell.rows if row.name.startswith(("for ", "loss = fit"))]
    assert {row.status for row in trained} == {"hit"}, trained


SMALL = """
import torch
from torch import nn
torch.manual_seed(0);
w = torch.ones(3, requires_grad=True); v = torch.ones(3, requires_grad=True)
X = torch.randn(12, 4)
# %%
"""
HOOKED = {
    "on a step of an input": """
total = w.sum() + v.sum(); total.backward();
# %%
total.grad_fn.register_prehook(lambda g: print("A"));
# %%
for _ in range(2):
    total.backward()
""",
    "on a tensor that is gone": """
def fwd(x):
    h = x**2
    h.register_hook(lambda g: print("A", g))
    return h.sum()
# %%
loss = fwd(w)
loss.backward()
# %%
for _ in range(2):
    try: loss.backward()
    except RuntimeError: pass
""",
    "on what adds to a gradient": """
for _ in range(1):
    loss = (w**2).sum(); loss.backward()
# %%
loss.grad_fn.next_functions[0][0].next_functions[0][0].register_hook(lambda *a: print("A"));
# %%
for _ in range(2):
    other = (w**2).sum(); other.backward()
""",
    "on what adds to a gradient, kept": """
acc = w.expand_as(w).grad_fn.next_functions[0][0]; acc.register_hook(lambda *a: print("A"));
# %%
for _ in range(2):
    (w**2).sum().backward()
""",
    "on what adds to a gradient, before": """
acc = w.expand_as(w).grad_fn.next_functions[0][0]; acc.register_prehook(lambda *a: print("A"));
# %%
for _ in range(2):
    loss = (w**2).sum(); loss.backward()
""",
    "within the loop": """
for _ in range(1):
    loss = (w**2).sum()
    loss.grad_fn.next_functions[0][0].next_functions[0][0].register_hook(lambda *a: print("A"))
    loss.backward()
# %%
(w*2).sum().backward()
""",
}
LATER = {
    "a hook on a tensor that is gone": (
        """
grads = []
def fwd(x):
    h = x**2
    h.register_hook(lambda g: grads.append(g.tolist()))
    return h.sum()
# %%
for _ in range(2):
    loss = fwd(w)
    loss.backward()
""",
        """
# %%
loss.backward()
# %%
grads
""",
    ),
    "a hook on an input's step": (
        """
for _ in range(1):
    loss = (w**2).sum(); loss.backward()
# %%
for _ in range(1):
    loss.grad_fn.register_prehook(lambda g: print("hook", g))
    z = 1
""",
        """
# %%
loss.backward()
""",
    ),
    "the order of steps": (
        """
def objective():
    pen = v.sum()
    return (w**2).mean() + pen
for _ in range(1):
    loss = objective()
    loss.backward(); v.grad = None
""",
        """
# %%
loss.backward()
# %%
v.grad
""",
    ),
    "the order of attributes": (
        """
cell = nn.LSTM(4, 3)
adam = torch.optim.SGD(cell.parameters(), lr=0.1)
# %%
for _ in range(2):
    out = cell(X.view(6, 2, 4))[0]
    loss = (out**2).mean()
    adam.zero_grad(); loss.backward(); adam.step()
""",
        """
# %%
list(vars(cell)), [r() is w for r, w in zip(cell._flat_weight_refs, cell._flat_weights)]
# %%
cell(X.view(6, 2, 4))[0].sum()
""",
    ),
    "another hook before": (
        """
net = nn.Linear(4, 1); handle = net.register_forward_hook(lambda *a: None); handle.remove()
# %%
for _ in range(2):
    pred = net(X); loss = (pred**2).mean(); net.zero_grad(); loss.backward()
""",
        """
# %%
print(loss, pred[:2], pred.grad_fn is loss.grad_fn.next_functions[0][0].next_functions[0][0])
# %%
loss.backward()
""",
    ),
    "what ran before the error": (
        """
def obj():
    h = w**2; pen = v.sum(); r = 1 - h
    return r.sum() + pen
for _ in range(1):
    loss = obj(); loss.backward(); v.grad = None; w.grad = None
""",
        """
# %%
loss.backward()
# %%
print(v.grad, w.grad)
""",
    ),
    "views without gradients of tensors with some": (
        """
net = nn.Linear(4, 1)
for _ in range(1):
    p = net(X); (p**2).mean().backward()
    with torch.no_grad(): z = p.view(-1); q = p[0]
""",
        """
# %%
z._base is p, q._is_view()
# %%
q.mul_(w[0])
# %%
z.add_(1)
# %%
del q, z
""",
    ),
    "views without gradients": (
        """
net = nn.Linear(4, 1)
for _ in range(1):
    with torch.no_grad(): q = X[:3]; flat = net(X).squeeze(); part = flat[:2]
for _ in range(1):
    with torch.inference_mode(): t = X[:2]
""",
        """
# %%
q._is_view(), q._base is X, t._base is X, t.is_inference(), flat._is_view()
# %%
q.mul_(w[0])
# %%
t.mul_(w[0])
# %%
part.mul_(w[0])
# %%
print(X[:2], X.is_leaf, part, q.add_(1))
# %%
del q, t, part, flat
""",
    ),
    "looking into steps": (
        """
net = nn.Linear(4, 1)
for _ in range(2):
    loss = nn.functional.mse_loss(net(X), torch.zeros(12, 1)); net.zero_grad(); loss.backward()
""",
        """
# %%
[hasattr(loss.grad_fn, name) for name in ("__dict__", "saved_tensors", "needs_input_grad", "mark_dirty", "name")]
# %%
loss.grad_fn(torch.ones(()))
# %%
[name for name in dir(loss.grad_fn) if not name.startswith("_raw")]
# %%
loss.grad_fn.__dict__
# %%
loss.grad_fn.needs_input_grad
""",
    ),
}


EDITED = {
    "a step that two inputs share": (
        """
a = (w**2).sum(); a.backward(); b = a + 1
# %%
for _ in range(1):
    g = torch.autograd.grad(b, a, allow_unused=True)[0]
""",
        "b = a + 1",
        "b = torch.tensor(1.0) + [c := (w**2).sum(), c.backward()][0]",
    ),
    "a sum that leads to a leaf": (
        """
a = w.sum(); b = a + 1
# %%
for _ in range(1):
    g = torch.autograd.grad(b, a, allow_unused=True)[0]
""",
        "b = a + 1",
        "b = w.sum() + 1",
    ),
    "the order of two inputs' steps": (
        """
def mk():
    a = v.sum(); b = (w**2).sum(); b.backward()
    return a, b
a, b = mk()
# %%
for _ in range(1):
    try: (a + b).backward()
    except RuntimeError: pass
# %%
v.grad
""",
        "a = v.sum(); b = (w**2).sum(); b.backward()",
        "b = (w**2).sum(); b.backward(); a = v.sum()",
    ),
    "a view made without gradients": (
        """
for _ in range(1):
    with torch.no_grad(): t = X[:2]
# %%
for _ in range(1):
    try: u = t.mul_(w[0]).sum().item()
    except RuntimeError as e: u = "no"
# %%
X.is_leaf
# %%
del t
""",
        "with torch.no_grad(): t = X[:2]",
        "t = X[:2]",
    ),
}


@pytest.mark.parametrize(("cells", "old", "new"), daily(EDITED, 2))
def test_how_tensors_hang_together_counts(transcript, cells, old, new):
    run_edit_run(transcript, SMALL + cells, (old, new))


@pytest.mark.parametrize("cells", daily(HOOKED, 3))
def test_a_hook_that_is_edited_counts(transcript, cells):
    # To look for hooks leaves an empty table of hooks, which only the garbage collector shows.
    run_edit_run(transcript, SMALL + cells, ('"A"', '"B"'), ignore=("acc",))


@pytest.mark.parametrize(("head", "end"), daily(LATER, 3))
def test_what_later_code_sees_of_a_replayed_loop_is_as_after_a_run(transcript, head, end):
    run_one_then_other(transcript, SMALL + head, SMALL + head + end)
