"""How NumPy's arrays and random generators are changed in place."""

from __future__ import annotations

from typing import Any

from fpcache.replay.mutations import Kind

__all__ = ["ARRAY", "BIT_GENERATOR", "GENERATOR", "RANDOM_STATE"]


def _content(node: Any) -> tuple[Any, bool]:
    import numpy

    return node.view(numpy.ndarray).copy(order="K"), node.flags.writeable


def _put(node: Any, content: tuple[Any, bool]) -> None:
    import numpy

    values, writeable = content
    if node.flags.writeable or not _is_same(node, values):
        if not node.flags.writeable:  # NumPy refuses to say so again of a view of what was locked
            node.flags.writeable = True
        node.view(numpy.ndarray)[...] = values
    if node.flags.writeable != writeable:
        node.flags.writeable = writeable


def _obstacle(node: Any, content: tuple[Any, bool]) -> str | None:
    values = content[0]
    if (node.shape, node.dtype) != (values.shape, values.dtype):
        return "changes its shape or dtype in place"
    if node.flags.writeable == content[1] and (content[1] or _is_same(node, values)):
        return None
    return None if _can_unlock(node) else "is an array that can't be written to"


def _is_same(node: Any, values: Any) -> bool:
    """Tell whether nothing needs to be written, bit for bit."""
    import numpy

    if node.dtype.hasobject:
        return all(one is other for one, other in zip(node.flat, values.flat, strict=True))
    return bool(node.view(numpy.ndarray).tobytes() == values.tobytes())


def _can_unlock(node: Any) -> bool:
    """Tell whether an array may be made writeable, leaving it as it is."""
    if node.flags.writeable:
        return True
    try:
        node.flags.writeable = True
    except ValueError:
        return False
    node.flags.writeable = False
    return True


def _bit_generator_content(node: Any) -> tuple[Any, Any]:
    seeds = getattr(node, "seed_seq", None)
    return node.state, getattr(seeds, "n_children_spawned", None)


def _put_bit_generator(node: Any, content: tuple[Any, Any]) -> None:
    node.state = content[0]


def _bit_generator_obstacle(node: Any, content: tuple[Any, Any]) -> str | None:
    if type(node).__name__ != content[0].get("bit_generator"):
        return "is another bit generator"
    if _bit_generator_content(node)[1] != content[1]:
        return "has spawned other generators, which can't be set in place"
    return None


def _put_random_state(node: Any, content: Any) -> None:
    node.set_state(content)


def _random_state_obstacle(node: Any, content: Any) -> str | None:
    is_same = node.get_state(legacy=False)["bit_generator"] == content["bit_generator"]
    return None if is_same else "is another bit generator"


ARRAY = Kind(_content, _put, _obstacle)
BIT_GENERATOR = Kind(_bit_generator_content, _put_bit_generator, _bit_generator_obstacle)
GENERATOR = Kind(
    lambda node: _bit_generator_content(node.bit_generator),
    lambda node, content: _put_bit_generator(node.bit_generator, content),
    lambda node, content: _bit_generator_obstacle(node.bit_generator, content),
)
RANDOM_STATE = Kind(lambda node: node.get_state(legacy=False), _put_random_state, _random_state_obstacle)
