"""Modules that are handed on as values, and so may be drawn from under any name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import FunctionType, ModuleType

from fpcache.fingerprints import Reading
from fpcache.fingerprints.code_objects import code_facts, names_in
from fpcache.fingerprints.registry import dotted_name
from fpcache.hf.captures import TakenApart, variables_of

__all__ = ["drawn_as_values"]

_TORCH_METHODS = frozenset(
    {
        "uniform_", "normal_", "random_", "bernoulli_", "exponential_", "cauchy_", "geometric_",
        "log_normal_", "dropout", "dropout_", "sample", "rsample", "init", "distributions", "Linear",
        "reset_parameters", "bernoulli", "multinomial", "binomial", "poisson", "randperm", "random_split",
        "gumbel_softmax", "rrelu", "rrelu_", "svd_lowrank", "pca_lowrank", "DataLoader", "alpha_dropout",
        "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "Bilinear", "Dropout",
        "AdaptiveLogSoftmaxWithLoss", "scaled_dot_product_attention", "fractional_max_pool2d",
        "fractional_max_pool3d", "RandomSampler", "SubsetRandomSampler", "WeightedRandomSampler",
    }
)  # fmt: skip
_SAMPLERS = frozenset(
    f"torch.utils.data.sampler.{name}"
    for name in ("RandomSampler", "SubsetRandomSampler", "WeightedRandomSampler")
)
_DRAWING_LAYERS = frozenset({"RReLU", "FractionalMaxPool2d", "FractionalMaxPool3d"})
_DRAWN = frozenset({"random", "numpy.random", "torch"})


def drawn_as_values(reading: Reading, leaves: Iterable[object], taken: TakenApart) -> Iterator[str]:
    """Yield ``"random.*"`` and the like for each generator module that is a value, or drawn from by method.

    Parameters
    ----------
    reading : Reading
        Of the code.
    leaves : iterable of object
        What its values hold.
    taken : TakenApart
        The callable.
    """
    brought = [one.value for one in taken.brought.values() if one.how != "closure"]
    for value in (*leaves, *brought, *_named_whole(reading.functions, taken)):
        if isinstance(value, ModuleType) and value.__name__ in _DRAWN:
            yield f"{value.__name__}.*"
    if "torch" in reading.packages:
        names = (names_in(function.__code__) for function in reading.functions)
        if any(found & _TORCH_METHODS for found in names) or any(map(_draws, reading.nodes)):
            yield "torch.*"


def _draws(value: object) -> bool:
    """Return whether an object of torch draws from the global state when it is used."""
    names = frozenset(map(dotted_name, type(value).__mro__))
    if names & _SAMPLERS:
        return getattr(value, "generator", None) is None
    if "torch.nn.modules.module.Module" not in names or not getattr(value, "training", False):
        return False
    shares = (getattr(value, name, 0) for name in ("p", "dropout"))
    is_dropping = any(isinstance(share, float) and share > 0 for share in shares)
    return is_dropping or any(name.rpartition(".")[2] in _DRAWING_LAYERS for name in names)


def _named_whole(functions: Iterable[FunctionType], taken: TakenApart) -> Iterator[object]:
    """Yield the values of variables that code uses without taking an attribute of them."""
    for function in functions:
        held = variables_of(function, taken)
        facts = code_facts(function.__code__)
        yield from (held.get(use.variable) for use in facts.free if not use.attributes)
        for use in facts.uses:
            if not use.attributes and not use.is_import:
                yield function.__globals__.get(use.head)
