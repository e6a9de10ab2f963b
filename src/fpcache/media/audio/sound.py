"""Decoded sound: a stream of mono blocks, and what was noticed of its level on the way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fpcache.errors import MediaError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["RATE_HZ", "SILENT_PEAK", "Levels", "Sound"]

RATE_HZ = 8000
SILENT_PEAK = 1e-4
_CLIPPED = 0.999
_QUIETEST_DBFS = -120.0


@dataclass(slots=True)
class Levels:
    """Peak, power and clipping of the samples seen so far, in all channels at their own rate.

    Attributes
    ----------
    samples : int
        Samples per channel.
    peak : float
        Largest magnitude; 1 is full scale.
    power : float
        Sum over samples of the channels' mean square.
    clipped : int
        Samples, over all channels, that stand at full scale next to another one that does.
    """

    samples: int = 0
    peak: float = 0.0
    power: float = 0.0
    clipped: int = 0

    def add(self, block: np.ndarray, name: str) -> None:
        """Take account of a block of float32 samples, shape (channels, n).

        Raises
        ------
        MediaError
            If a sample is not a finite number.
        """
        import numpy as np

        power = float(np.vdot(block, block)) / len(block)
        if not math.isfinite(power) and not np.isfinite(block).all():
            raise MediaError(
                f"{name}: NaN or infinity among samples {self.samples} to {self.samples + block.shape[1]}; "
                "replace them, such as with numpy.nan_to_num"
            )
        self.samples += block.shape[1]
        self.power += power
        highest, lowest = float(block.max()), float(block.min())
        self.peak = max(self.peak, highest, -lowest)
        if highest >= _CLIPPED or lowest <= -_CLIPPED:
            full = np.abs(block) >= _CLIPPED
            self.clipped += int(np.count_nonzero(full[:, 1:] & full[:, :-1]))

    def loudness_dbfs(self) -> float:
        """Return the root mean square in dB of full scale, to 0.1 dB."""
        return decibels(math.sqrt(self.power / self.samples)) if self.samples else _QUIETEST_DBFS

    def peak_dbfs(self) -> float:
        """Return the peak in dB of full scale, to 0.1 dB."""
        return decibels(self.peak)


def decibels(amplitude: float) -> float:
    """Return an amplitude in dB of full scale, to 0.1 dB, -120 at the least.

    Examples
    --------
    >>> decibels(0.5), decibels(0.0)
    (-6.0, -120.0)
    """
    return max(_QUIETEST_DBFS, round(20.0 * math.log10(max(amplitude, 1e-12)), 1))


@dataclass(slots=True, eq=False)
class Sound:
    """Sound that is being decoded; it can be read once.

    Attributes
    ----------
    blocks : iterator of ndarray
        Mono float32 samples at `RATE_HZ`, shape (n,), n at most some hundred thousand.
    name : str
        For messages: the file's name, or what it was made from.
    codec : str
        Such as ``"mp3"``; empty for given samples.
    sample_rate, channels : int
        Of the source, in hertz and as a number.
    levels : Levels
        Complete once `blocks` is used up, as is `duration_s`.
    duration_s : float
        Seconds.
    was_read : bool
        Whether reading `blocks` has begun.
    """

    blocks: Iterator[np.ndarray]
    name: str
    codec: str
    sample_rate: int
    channels: int
    levels: Levels = field(default_factory=Levels)
    duration_s: float = 0.0
    was_read: bool = False
