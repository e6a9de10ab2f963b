"""Descriptions of the values of libraries; none is imported for that."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from .texts import ADDRESS, digest, name_of, shortened

_MOST_STEPS = 500


def is_scalar(value: object) -> bool:
    """Return whether a value is one of NumPy's that can't change, so that its identity doesn't count."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.generic, numpy.dtype))


def ndarray(describer: Any, value: Any, path: str) -> object:
    """Describe an array: class, dtype, shape, flags, elements, and whose memory it shows."""
    import numpy as np

    kind = [
        name_of(type(value)),
        str(value.dtype.descr if value.dtype.names else value.dtype),
        list(value.shape),
    ]
    flags = value.flags
    shown = [flags.c_contiguous, flags.f_contiguous, flags.writeable, flags.owndata]
    parts: list[object] = [*kind, shown, list(value.strides), _base(describer, value)]
    if value.dtype.hasobject:
        parts.append(
            [describer.value(item, f"{path}.flat[{n}]") for n, item in enumerate(value.ravel().tolist())]
        )
    else:
        parts.append(digest(np.ascontiguousarray(value).tobytes()))
        parts.append(shortened(ADDRESS.sub("", repr(value.ravel()[:6].tolist()))))
    if value.size and value.nbytes:
        byte_bounds = getattr(np.lib, "array_utils", np).byte_bounds
        describer.spans.append((*byte_bounds(value), path))
    if isinstance(value, np.ma.MaskedArray):
        parts.append(["mask", ndarray(describer, np.ma.getmaskarray(value).copy(), f"{path}.mask")])
        describer.spans.pop()
    return parts


def _base(describer: Any, value: Any) -> object:
    """Say below which array of the notebook's a view lies, else how large what it lies on is."""
    if id(value.base) in describer.met:
        return ["again", describer.met[id(value.base)][0]]
    return ["on", getattr(value.base, "nbytes", None)]


def tensor(describer: Any, value: Any, path: str) -> object:
    """Describe a tensor: class, dtype, device, elements, gradient."""
    import torch

    if value.is_meta:  # it has no content
        return [
            name_of(type(value)),
            str(value.dtype),
            "meta",
            list(value.shape),
            list(value.stride()),
            value.requires_grad,
        ]
    if value.layout is not torch.strided:
        return [name_of(type(value)), str(value.layout), tensor(describer, value.to_dense(), path)]
    plain = value.detach().cpu().contiguous()
    data = plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    if value.numel():
        start = value.detach().data_ptr()
        last = sum((size - 1) * abs(step) for size, step in zip(value.shape, value.stride(), strict=True))
        describer.spans.append((start, start + (last + 1) * value.element_size(), path))
    return [
        name_of(type(value)), str(value.dtype), str(value.device), list(value.shape),
        list(value.stride()),
        ["requires grad", value.requires_grad, "leaf", value.is_leaf], digest(data),
        shortened(repr(plain.reshape(-1)[:6].tolist())),
        ["grad", describer.value(value.grad if value.is_leaf else None, f"{path}.grad")],
        *([["graph", value.output_nr, value._is_view(), *steps(value.grad_fn)]] if value.grad_fn else []),
    ]  # fmt: skip


def steps(root: Any) -> list[object]:
    """Describe a gradient graph: each step's type, and the numbers of those it leads to."""
    nodes = [root]
    numbers = {root: 0}
    found: list[object] = []
    while len(found) < min(len(nodes), _MOST_STEPS):
        node = nodes[len(found)]
        below = [one for one, _ in node.next_functions]
        for one in below:
            if one is not None and one not in numbers:
                numbers[one] = len(nodes)
                nodes.append(one)
        found.append([node.name(), *(None if one is None else numbers[one] for one in below)])
    return found


def index(describer: Any, value: Any, path: str) -> object:
    """Describe an index: names and values."""
    return [
        name_of(type(value)),
        describer.value(list(value.names), f"{path}.names"),
        column(describer, value, path),
    ]


def column(describer: Any, value: Any, path: str) -> object:
    """Describe the values of a series, an index or a frame's column."""
    kind = str(value.dtype)
    if kind == "category":
        categories = column(
            describer, value.cat.categories if hasattr(value, "cat") else value.categories, path
        )
        codes = (value.cat.codes if hasattr(value, "cat") else value.codes).tolist()
        ordered = value.cat.ordered if hasattr(value, "cat") else value.ordered
        return [kind, categories, digest(repr(codes).encode()), ordered]
    values = value.tolist()
    if kind == "object":
        return [kind, *[describer.value(item, f"{path}[{n}]") for n, item in enumerate(values)]]
    return [
        kind,
        getattr(value, "freqstr", None),
        digest(repr(values).encode()),
        shortened(repr(values[:6])),
    ]


def series(describer: Any, value: Any, path: str) -> object:
    """Describe a series: name, values, index, attributes."""
    return [
        name_of(type(value)), describer.value(value.name, f"{path}.name"), column(describer, value, path),
        ["index", index(describer, value.index, f"{path}.index")],
        ["attrs", *describer.pairs(value.attrs, f"{path}.attrs")],
    ]  # fmt: skip


def frame(describer: Any, value: Any, path: str) -> object:
    """Describe a frame: columns, index, values, attributes."""
    columns = [column(describer, value.iloc[:, n], f"{path}.iloc[:, {n}]") for n in range(value.shape[1])]
    return [
        name_of(type(value)), ["columns", index(describer, value.columns, f"{path}.columns")],
        ["index", index(describer, value.index, f"{path}.index")], *columns,
        ["attrs", *describer.pairs(value.attrs, f"{path}.attrs")],
    ]  # fmt: skip


def _figure(describer: Any, value: Any, path: str) -> object:
    axes = [
        [a.get_title(), a.get_xlabel(), len(a.lines), len(a.patches), len(a.collections),
         *[digest(repr([list(map(float, data)) for data in line.get_data(orig=False)]).encode())
           for line in a.lines]]
        for a in value.axes
    ]  # fmt: skip
    return ["figure", [float(size) for size in value.get_size_inches()], axes]


def of_library(name: str, *classes: str) -> Callable[[object], bool]:
    """Return a test for instances of a library's classes; the library is not imported."""

    def test(value: object) -> bool:
        module = sys.modules.get(name)
        kinds = tuple(
            kind for kind in (getattr(module, path, None) for path in classes) if isinstance(kind, type)
        )
        return module is not None and bool(kinds) and isinstance(value, kinds)

    return test


NODES: list[tuple[Callable[[object], bool], Callable[[Any, Any, str], object]]] = [
    (of_library("traitlets", "HasTraits"), lambda d, v, p: ["traits", name_of(type(v))]),
    (of_library("IPython.display", "DisplayHandle"), lambda d, v, p: ["display handle"]),
    (of_library("numpy", "ndarray"), ndarray),
    (of_library("numpy", "generic"),
     lambda d, v, p: ["numpy scalar", str(v.dtype), digest(v.tobytes()), shortened(repr(v))]),
    (of_library("numpy", "dtype"), lambda d, v, p: ["dtype", repr(v)]),
    (of_library("numpy.random", "Generator"),
     lambda d, v, p: ["Generator", digest(repr(v.bit_generator.state).encode())]),
    (of_library("numpy.random", "RandomState"),
     lambda d, v, p: ["RandomState", digest(repr(v.get_state(legacy=False)).encode())]),
    (of_library("torch", "Tensor"), tensor),
    (of_library("torch", "dtype", "device", "Size"), lambda d, v, p: ["torch", repr(v)]),
    (of_library("torch", "Generator"),
     lambda d, v, p: ["torch.Generator", digest(bytes(v.get_state().tolist()))]),
    (of_library("pandas", "DataFrame"), frame),
    (of_library("pandas", "Series"), series),
    (of_library("pandas", "Index"), index),
    (of_library("pandas", "CategoricalDtype"),
     lambda d, v, p: ["dtype", d.value(v.categories, f"{p}.categories"), v.ordered]),
    # Not by its attributes: pandas keeps there what was asked of it.
    (of_library("pandas", "StringDtype"), lambda d, v, p: ["dtype", repr(v), v.storage, repr(v.na_value)]),
    (of_library("pandas", "Timestamp", "Timedelta", "Period", "Interval"),
     lambda d, v, p: [name_of(type(v)), repr(v)]),
    (of_library("polars", "DataFrame"),
     lambda d, v, p: ["polars", repr(dict(v.schema)), digest(repr(v.rows()).encode()), v.height]),
    (of_library("polars", "Series"),
     lambda d, v, p: ["polars", v.name, repr(v.dtype), digest(repr(v.to_list()).encode())]),
    (of_library("pyarrow", "Table", "RecordBatch"),
     lambda d, v, p: ["arrow", str(v.schema), digest(repr(v.to_pydict()).encode())]),
    (of_library("pyarrow", "Array", "ChunkedArray"),
     lambda d, v, p: ["arrow", str(v.type), digest(repr(v.to_pylist()).encode())]),
    (of_library("PIL.Image", "Image"),
     lambda d, v, p: ["image", v.mode, list(v.size), digest(v.tobytes()), repr(sorted(v.info))]),
    (of_library("matplotlib.figure", "Figure"), _figure),
    (of_library("matplotlib.container", "Container"),
     lambda d, v, p: ["container", name_of(type(v)), *d.items(v, p)]),
    (of_library("matplotlib.artist", "Artist"), lambda d, v, p: ["artist", name_of(type(v))]),
]  # fmt: skip
