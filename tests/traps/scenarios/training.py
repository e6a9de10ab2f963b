"""Traps 116, 121–123, 125, 132: models, tensors and workers."""

from __future__ import annotations

from .trap import Trap

__all__ = ["TRAINING"]

TORCH, SKLEARN = ("torch",), ("sklearn",)
MODEL = """import torch
torch.manual_seed(0)
x, y = torch.randn(8, 3), torch.randn(8, 1)
m = torch.nn.Linear(3, 1)
opt = torch.optim.Adam(m.parameters(), lr=0.1)
def step():
    opt.zero_grad()
    loss = torch.nn.functional.mse_loss(m(x), y)
    loss.backward()
    opt.step()
    return loss.item()
# %%
out = [step() for _ in range(3)]
# %%
before = m.weight.detach().clone()
# %%
after = step()
# %%
moved = bool((m.weight != before).any())
"""
WORKERS = "from joblib import Parallel, delayed\ndef size(n): return len(open(f'part{n}.txt').read())\n# %%\nout = Parallel(n_jobs=2)(delayed(size)(n) for n in range(2))"
SPLIT = """import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
X = np.arange(40.0).reshape(20, 2); y = np.arange(20) % 2
# %%
X_train, X_test, y_train, y_test = train_test_split(X, y)
# %%
def fit(X, y): return LogisticRegression().fit(X, y)
# %%
out = fit(X_train, y_train)
# %%
consistent = len(X_train), out.n_features_in_, bool((out.predict(X_train[:1]) == LogisticRegression().fit(X_train, y_train).predict(X_train[:1])).all())
"""
SEARCH = """import random, numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC
random.seed(0); np.random.seed(0)
X, y = load_iris(return_X_y=True)
# %%
out = GridSearchCV(SVC(), {'C': [0.1, 1]}, n_jobs=2, cv=2).fit(X, y)
# %%
best = out.best_params_, round(out.best_score_, 6)
"""

TRAINING = (
    Trap(116, "a training cell hits, then one more live step moves the model", "E", MODEL, [("after = step()", "after = step() + 0")], auto="hit", needs=TORCH),
    Trap(121, "torch.save inside a cached statement", "E",
         "import torch\ndef f():\n    torch.save({'w': torch.ones(2)}, 'w.pt')\n    return 1\n# %%\nout = f()\n# %%\nlast = torch.load('w.pt')", auto="hit", needs=TORCH),
    Trap(121, "to_parquet inside a cached statement", "E",
         "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\ndef f(df):\n    df.to_parquet('a.parquet')\n    return len(df)\n# %%\nout = f(df)\n# %%\nlast = pd.read_parquet('a.parquet')",
         auto="hit", needs=("numpy", "pandas", "pyarrow")),
    Trap(121, "polars' write_csv inside a cached statement", "E",
         "import polars as pl\ndf = pl.DataFrame({'a': [1, 2]})\ndef f(df):\n    df.write_csv('a.csv')\n    return df.height\n# %%\nout = f(df)\n# %%\nlast = open('a.csv').read()",
         auto="hit", needs=("polars",)),
    Trap(122, "files read by joblib workers changed", "R", WORKERS, files={"part0.txt": "x", "part1.txt": "xx"}, changed_files={"part0.txt": "x", "part1.txt": "xxx"},
         reason="`part1.txt` changed on disk", needs=("joblib",), slow=False),
    Trap(122, "files read by joblib workers unchanged", "H", WORKERS, files={"part0.txt": "x", "part1.txt": "xx"}, needs=("joblib",), slow=False),
    Trap(123, "loss.backward() as a cached statement", "E",
         "import torch\nw = torch.tensor([1.0, 2.0], requires_grad=True)\nheld = [w]\n# %%\nloss = (w * w).sum()\nloss.backward()\n# %%\nlast = w.grad.tolist(), held[0].grad is w.grad",
         call="loss.backward()", needs=TORCH),
    Trap(123, "a whole backward pass in one call", "E",
         "import torch\nw = torch.tensor([1.0, 2.0], requires_grad=True)\ndef f():\n    loss = (w * w).sum()\n    loss.backward()\n    return loss.item()\n# %%\n"
         "out = f()\n# %%\nlast = w.grad.tolist()", auto="hit", needs=TORCH),
    Trap(125, "an unseeded cheap split, then a long fit: the second kernel hits, consistently", "H", SPLIT, needs=SKLEARN,
         ignore=("X_train", "X_test", "y_train", "y_test", "out", "(shared memory)"), states=False, before=('%config FPCache.unseeded = "replay"',)),
    Trap(132, "GridSearchCV(n_jobs=2)", "H", SEARCH, needs=SKLEARN, ignore=("out",), slow=False),
)  # fmt: skip
