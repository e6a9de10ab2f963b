"""The states of what a run changed in place, for a replay to put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fpcache.errors import UncacheableError
from fpcache.fingerprints.records import Root
from fpcache.replay import mutations
from fpcache.session import fixed, memoised, moved

if TYPE_CHECKING:
    from fpcache.session.executing import Trace

__all__ = ["states"]


def states(trace: Trace, mutated: tuple[Root, ...]) -> list[tuple[int, mutations.State]]:
    """Return the state of every node below a changed root, to be put back in place."""
    ranks = {id(node): index for index, node in enumerate(trace.reading.nodes)}
    wanted = sorted({ranks[id(node)] for root in mutated if root.walk for node in root.walk.nodes})
    found, filled = [], memoised.filled(trace, trace.reading.nodes)
    for rank in wanted:
        node = trace.reading.nodes[rank]
        if rank in filled:
            continue
        if rank not in trace.fixed:
            found.append((rank, mutations.state_of(node, trace.kinds[rank], _moved(trace, rank))))
        elif type(node) is not trace.kinds[rank] or not fixed.is_as_before(node, trace.fixed[rank]):
            names = ", ".join(root.label for root in mutated)
            reason = mutations.can_transplant(node)
            raise UncacheableError(
                f"changes {names} in place, a part of which {reason}; make what is changed where it is used"
            )
    return found


def _moved(trace: Trace, rank: int) -> tuple[Any, bool] | None:
    """Return what `state_of` wants to know of a tensor that lies elsewhere now."""
    before = trace.moved.get(rank)
    return None if before is None else (before, moved.is_written(trace.reading, rank, before))
