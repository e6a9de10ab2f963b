"""What precision, memory layout, folding, compiling and threads bring to image vectors on this CPU.

``python tests/benchmarks/media/devices.py [--corpus DIR]`` prints a table for `docs/media-measured.md`. Ways
take turns, so that what else the machine does falls on all of them; images a second are also given per second
of CPU time. With the corpus of `image/corpus.py` it tells what each way does to the vectors: the cosine to
those of the first way, and how many changed copies are found where one in a thousand unrelated pairs is, by
the vector alone and by the whole decision.
"""

from __future__ import annotations

import argparse
import copy
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent / "image"))

from scoring import Scores, threshold_at, true_positive_rate

from fpcache.media.image import decode_image, image_parts
from fpcache.media.image.comparing import Evidence, evidence, score
from fpcache.media.image.vectors import image_model, network_input
from fpcache.media.models.folding import folded
from fpcache.media.records import Parts

_BATCH = 32
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_LARGEST_SIDE = 640
_UNRELATED = 20
_CHANGES = (
    "JPEG quality 10", "eighth size", "crop to 50 % of area", "crop to 30 % of area", "rotation 10°", "blur",
    "noise", "greyscale", "three emoji", "in a screenshot",
)  # fmt: skip

Network = Callable[[torch.Tensor], torch.Tensor]


@dataclass(slots=True)
class Way:
    """One way to run the network, and how it went."""

    name: str
    network: Network
    dtype: torch.dtype = torch.float32
    layout: torch.memory_format = torch.channels_last
    threads: int = os.cpu_count() or 1
    prepared_s: float = 0.0
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def vectors(self, squares: np.ndarray) -> np.ndarray:
        """Return unit vectors, as `fpcache.media.image.networks` makes them."""
        torch.set_num_threads(self.threads)
        with torch.inference_mode():
            images = torch.from_numpy(squares).permute(0, 3, 1, 2).float()
            mean, deviation = (torch.tensor(three)[:, None, None] for three in (_MEAN, _DEVIATION))
            images = ((images / 255 - mean) / deviation).to(self.dtype)
            found = self.network(images.contiguous(memory_format=self.layout)).float()
            means = found.clamp(min=1e-6).pow(3).mean(dim=(2, 3)).pow(1 / 3)
            return torch.nn.functional.normalize(means, dim=1).to(torch.float16).numpy()

    def timed(self, squares: np.ndarray) -> None:
        """Run once more, and note how long it took."""
        wall, cpu = time.perf_counter(), time.process_time()
        self.vectors(squares)
        self.wall_s.append(time.perf_counter() - wall)
        self.cpu_s.append(time.process_time() - cpu)


def ways(base: torch.nn.Module, calibration: np.ndarray, compiles: bool) -> Iterator[Way]:
    """Yield the ways there are on this machine; channels last but for one and INT8."""
    last = torch.channels_last

    def laid(network: torch.nn.Module, dtype: torch.dtype = torch.float32) -> torch.nn.Module:
        return copy.deepcopy(network).to(dtype=dtype, memory_format=last)

    yield Way("FP32", laid(base))
    yield Way("FP32, one thread", laid(base), threads=1)
    yield Way("FP32, channels first", copy.deepcopy(base), layout=torch.contiguous_format)
    yield Way("FP32, normalisation folded", laid(folded(base)))
    yield Way("BF16", laid(base, torch.bfloat16), torch.bfloat16)
    yield Way("BF16, normalisation folded", laid(folded(base), torch.bfloat16), torch.bfloat16)
    yield from _optional("TorchScript, frozen and fused", lambda: _scripted(laid(folded(base))))
    if compiles:
        yield from _optional("torch.compile, FP32", lambda: torch.compile(laid(base)))
        yield from _optional("torch.compile, frozen, FP32", lambda: _frozen(laid(base)))
    yield from _optional("INT8, static", lambda: _quantised(base, calibration), torch.contiguous_format)


def _optional(name: str, make: Callable[[], Any], layout: torch.memory_format = torch.channels_last) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            began = time.perf_counter()
            way = Way(name, make(), layout=layout)
            way.vectors(np.zeros((_BATCH, 224, 224, 3), np.uint8))
            way.prepared_s = time.perf_counter() - began
        yield way
    except Exception as error:
        print(f"{name}: not here ({type(error).__name__}: {str(error).splitlines()[0][:150]})")


def _scripted(network: torch.nn.Module) -> Any:
    example = torch.zeros(_BATCH, 3, 224, 224).contiguous(memory_format=torch.channels_last)
    return torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(network.eval(), example)))


def _frozen(network: torch.nn.Module) -> Any:
    import torch._inductor.config as inductor

    inductor.freezing = True
    return torch.compile(network)


def _quantised(network: torch.nn.Module, calibration: np.ndarray) -> Any:
    """Return the network in whole numbers of 8 bits, their ranges taken from some pictures."""
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    images = torch.from_numpy(calibration).permute(0, 3, 1, 2).float() / 255
    mean, deviation = (torch.tensor(three)[:, None, None] for three in (_MEAN, _DEVIATION))
    watched = prepare_fx(copy.deepcopy(network).eval(), get_default_qconfig_mapping("x86"), (images[:1],))
    with torch.inference_mode():
        for start in range(0, len(images), _BATCH):
            watched((images[start : start + _BATCH] - mean) / deviation)
    return convert_fx(watched)


def made_up(count: int) -> np.ndarray:
    """Return squares with content on several scales, uint8, shape (count, 224, 224, 3)."""
    found = []
    for seed in range(count):
        small = np.random.default_rng(seed).integers(0, 255, (7, 9, 3), dtype=np.uint8)
        found.append(np.asarray(Image.fromarray(small).resize((224, 224), Image.Resampling.BICUBIC)))
    return np.stack(found)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Pictures and changed copies of them, as networks take them, and what else two of them have in common.

    Attributes
    ----------
    originals, copies : ndarray of uint8
        Of shape (n, 224, 224, 3) and (changes, n, 224, 224, 3).
    pairs : ndarray of int64, shape (m, 3)
        Change, picture that is changed, and original: each with its own and with some others.
    seen : sequence of Evidence
        Of these pairs, without vectors.
    """

    originals: np.ndarray
    copies: np.ndarray
    pairs: np.ndarray
    seen: Sequence[Evidence]


def corpus(folder: Path, most: int) -> Corpus:
    """Return some held-out pictures of the corpus."""
    from corpus import gather, split
    from transforms import TRANSFORMS

    originals, copies = [], []
    for seed, picture in enumerate(split(gather(folder))[1][:most]):
        with Image.open(picture.path) as opened:
            image = opened.convert("RGBA").convert("RGB")
        image.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
        originals.append(_looked_at(image))
        changed = (TRANSFORMS[name](image, np.random.default_rng(seed)) for name in _CHANGES)
        copies.append([_looked_at(one) for one in changed])
    count, random = len(originals), np.random.default_rng(0)
    others = (np.arange(count)[:, None] + random.integers(1, count, (count, _UNRELATED))) % count
    pairs = np.array([(c, i, j) for c in range(len(_CHANGES)) for i in range(count) for j in (i, *others[i])])
    seen = [evidence(copies[i][c][1], originals[j][1]) for c, i, j in pairs]
    squares = np.stack([[one for one, _ in each] for each in copies])
    return Corpus(np.stack([one for one, _ in originals]), squares.swapaxes(0, 1), pairs, seen)


def _looked_at(image: object) -> tuple[np.ndarray, Parts]:
    decoded = decode_image(image)
    return network_input(decoded.rgb), image_parts(decoded)


def quality(way: Way, known: Corpus) -> tuple[np.ndarray, float, float]:
    """Return the originals' vectors, and the shares of copies found by the vector and by the decision."""
    own = in_batches(way, known.originals)
    table = np.stack([in_batches(way, each).astype(float) @ own.astype(float).T for each in known.copies])
    by_vector = true_positive_rate(Scores(way.name, table)).mean()
    cosines = table[tuple(known.pairs.T)]
    scores = np.array(
        [score(replace(one, cosine=float(c))) for one, c in zip(known.seen, cosines, strict=True)]
    )
    is_own = known.pairs[:, 1] == known.pairs[:, 2]
    by_all = (scores[is_own] > threshold_at(scores[~is_own])).mean()
    return own, float(by_vector), float(by_all)


def in_batches(way: Way, squares: np.ndarray) -> np.ndarray:
    """Return the vectors of many squares."""
    starts = range(0, len(squares), _BATCH)
    return np.concatenate([way.vectors(squares[start : start + _BATCH]) for start in starts])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=None, help="the folder that image/corpus.py filled")
    parser.add_argument("--pictures", type=int, default=100, help="how many of its pictures")
    parser.add_argument("--rounds", type=int, default=7, help="how often each way is timed")
    parser.add_argument(
        "--no-compile", action="store_true", help="leave torch.compile out, which needs a C++ compiler"
    )
    parser.add_argument(
        "--ways", default="", help="a regular expression: only ways whose names it is found in"
    )
    options = parser.parse_args()
    model = image_model("cpu")
    squares = made_up(_BATCH)
    known = None if options.corpus is None else corpus(options.corpus, options.pictures)
    calibration = squares if known is None else known.originals[::2]
    made = ways(model.network, calibration, not options.no_compile)
    found = [way for way in made if re.search(options.ways, way.name)]
    for _ in range(options.rounds + 1):
        for way in found:
            way.timed(squares)
    told = [row(way, known, found[0]) for way in found]
    print(
        f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, torch {torch.__version__}, "
        f"batches of {_BATCH}"
    )
    print("| way | images/s | per CPU second | prepared in | least cosine | TPR, vector | TPR, all |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(told))


def row(way: Way, known: Corpus | None, first: Way) -> str:
    """Return a line of the table."""
    wall, cpu = (_BATCH / float(np.median(times[1:])) for times in (way.wall_s, way.cpu_s))
    line = f"| {way.name} | {wall:.0f} | {cpu:.0f} | {way.prepared_s:.0f} s |"
    if known is None:
        return line + " | | |"
    own, by_vector, by_all = quality(way, known)
    cosines = (own.astype(float) * in_batches(first, known.originals).astype(float)).sum(axis=1)
    return line + f" {cosines.min():.4f} | {by_vector:.3f} | {by_all:.4f} |"


if __name__ == "__main__":
    main()
