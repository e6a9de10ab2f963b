"""Prints `fpcache/media/audio/vector_scale.py`, measured on the tuning part of a corpus."""

from __future__ import annotations

import argparse
from pathlib import Path
from textwrap import fill

import numpy as np
from corpus import tracks

from fpcache.media.audio import decode
from fpcache.media.audio.bands import band_energies
from fpcache.media.audio.cells import sub_fingerprints
from fpcache.media.audio.vector import raw_features

_PIECE_FRAMES = 150
_HEAD = '''"""Means and spreads of the raw features over pieces of game music; a script prints it."""

from __future__ import annotations

__all__ = ["MEANS", "SPREADS"]
'''


def pieces(path: Path) -> list[np.ndarray]:
    """Return the raw features of a piece of 15 s from every minute."""
    energies = band_energies(decode(path).blocks)
    _, active = sub_fingerprints(energies)
    rows = []
    for start in range(0, len(energies) - _PIECE_FRAMES, 4 * _PIECE_FRAMES):
        chosen = active[start : start + _PIECE_FRAMES]
        if chosen.sum() > _PIECE_FRAMES // 2:
            rows.append(raw_features(energies[start : start + _PIECE_FRAMES][chosen]))
    return rows


def main() -> None:
    """Measure the raw features of pieces, and print their means and spreads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    paths = tracks(parser.parse_args().corpus, held_out=False)
    features = np.array([row for path in paths for row in pieces(path)])
    print(_HEAD)
    for name, values in (("MEANS", features.mean(axis=0)), ("SPREADS", features.std(axis=0))):
        numbers = ", ".join(f"{value:.3g}" for value in values) + ","
        lines = fill(numbers, 100, initial_indent="    ", subsequent_indent="    ")
        print(f"{name} = (\n{lines}\n)  # fmt: skip")


if __name__ == "__main__":
    main()
