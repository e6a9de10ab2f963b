"""Ways of batches to a device and of results back, which leave the processor free for what comes next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Staging"]


class Staging:
    """What one device is sent and gives back.

    A card's batches lie in pinned memory, and are copied in a stream of their own: the next one is on its way
    while the last is computed. PyTorch's allocator of pinned memory uses a piece again only when the copies
    from and to it are done. To the CPU nothing is copied.

    Parameters
    ----------
    device : str
        As torch names it, with a card's number: ``"cpu"``, ``"cuda:0"``.
    """

    def __init__(self, device: str) -> None:
        import torch

        self._device = device
        self._copying = torch.cuda.Stream(device) if device != "cpu" else None

    def current(self) -> AbstractContextManager[object]:
        """Have this thread allocate and launch on the device."""
        import torch

        return nullcontext() if self._copying is None else torch.cuda.device(self._device)

    def sent(self, arrays: Sequence[NDArray[np.uint8]]) -> Any:
        """Return arrays of one shape as one tensor on the device, which may not have arrived yet.

        What is computed of it in the thread's present stream waits for it.
        """
        import numpy as np
        import torch

        if self._copying is None:
            return torch.from_numpy(np.stack(arrays))
        here = torch.empty((len(arrays), *arrays[0].shape), dtype=torch.uint8, pin_memory=True)
        np.stack(arrays, out=here.numpy())
        computing = torch.cuda.current_stream(self._device)
        with torch.cuda.stream(self._copying):
            there = here.to(self._device, non_blocking=True)
        computing.wait_stream(self._copying)
        there.record_stream(computing)  # else its memory could be given away before it was read
        return there

    def fetched(self, computed: Any) -> Callable[[], NDArray[Any]]:
        """Begin to bring a tensor back; what is returned waits for it."""
        import numpy as np
        import torch

        if self._copying is None:
            return lambda: np.asarray(computed.numpy())
        here = torch.empty(computed.shape, dtype=computed.dtype, pin_memory=True)
        here.copy_(computed, non_blocking=True)
        arrived = torch.cuda.Event()
        arrived.record(torch.cuda.current_stream(self._device))

        def wait() -> NDArray[Any]:
            arrived.synchronize()
            return np.asarray(here.numpy())

        return wait
