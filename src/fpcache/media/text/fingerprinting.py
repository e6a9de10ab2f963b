"""From a text, whole or in pieces, to all that comparing needs, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from fpcache.errors import MediaError
from fpcache.media.records import Parts
from fpcache.media.text.characters import code_points
from fpcache.media.text.facts import Counts
from fpcache.media.text.shingles import letters_of, shingles, word_hashes
from fpcache.media.text.sketch import Sketch, Sketcher

__all__ = ["SHORT_SYMBOLS", "Vectorizer", "parts_of_text", "sketch_in"]

Vectorizer = Callable[[str], Any]

PASSAGE_SYMBOLS = 12
PIECE_SYMBOLS = 4
SHORT_SYMBOLS = 256
_LEAST, _ONE_IN, _MOST = 2048, 32, 1 << 17
_WORDS_KEPT = 1024
_BLOCK_CHARACTERS = 1 << 18
_OPENING_CHARACTERS = 20_000


class _Reader:
    """Takes in a text block by block; holds no more of it than a block, and its opening."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.opening = ""
        self._passages = Sketcher(_LEAST, _ONE_IN, _MOST)
        self._words = Sketcher(_WORDS_KEPT, 1 << 63, _WORDS_KEPT)
        self._last = np.zeros(0, np.uint64)
        self._beginning = np.zeros(0, np.uint64)

    def add(self, block: str) -> None:
        """Take in a block; it ends where a word does."""
        self.opening = self.opening or block[:_OPENING_CHARACTERS]
        codes = code_points(block)
        letters = letters_of(codes)
        self.counts.add(block, codes, letters.word_starts.size)
        self._words.add(word_hashes(letters))
        symbols = np.concatenate([self._last, letters.symbols])
        self._passages.add(shingles(symbols, PASSAGE_SYMBOLS))
        self._last = symbols[max(0, symbols.size - PASSAGE_SYMBOLS + 1) :]
        if self._beginning.size <= SHORT_SYMBOLS:
            self._beginning = np.concatenate([self._beginning, letters.symbols[: SHORT_SYMBOLS + 1]])

    def hashes(self) -> dict[str, np.ndarray]:
        """Return all sketches as arrays; the one of small pieces for short texts only.

        Raises
        ------
        MediaError
            If no block held a letter, a digit or an emoji.
        """
        if not self.counts.characters:
            raise MediaError("the text is empty: nothing to fingerprint; check where it was read from")
        if not self._beginning.size:
            raise MediaError(
                f"the text of {self.counts.characters} characters holds no letter, digit or emoji, and white "
                "space and punctuation are not compared; check where it was read from"
            )
        if self._beginning.size < PASSAGE_SYMBOLS:
            self._passages.add(_whole(self._beginning, PASSAGE_SYMBOLS))
        sketches = {"passages": self._passages.result(), "words": self._words.result()}
        if self._beginning.size <= SHORT_SYMBOLS:
            pieces = Sketcher(SHORT_SYMBOLS, 1, SHORT_SYMBOLS)
            pieces.add(_whole(self._beginning, PIECE_SYMBOLS))
            sketches["pieces"] = pieces.result()
        return {key: array for name, sketch in sketches.items() for key, array in _arrays(name, sketch)}


def _whole(symbols: np.ndarray, length: int) -> np.ndarray:
    """Return the shingles of a short text, at least one."""
    return shingles(np.pad(symbols, (0, max(0, length - symbols.size))), length)


def _arrays(name: str, sketch: Sketch) -> Iterator[tuple[str, np.ndarray]]:
    yield name, sketch.values
    yield f"{name}_limit", np.array([sketch.limit], np.uint64)


def sketch_in(parts: Parts, name: str) -> Sketch:
    """Return a sketch that `parts_of_text` stored: "passages", "words" or "pieces" (of a long text none).

    Raises
    ------
    MediaError
        If the parts are not those of a text.
    """
    if not {"passages", "words"} <= parts.hashes.keys():
        raise MediaError("these parts are not those of a text; compare what parts_of_text gave")
    if name not in parts.hashes:
        return Sketcher(1, 1, 1).result()
    return Sketch(parts.hashes[name], int(parts.hashes[f"{name}_limit"][0]))


def parts_of_text(text: str | Iterable[str], *, vector: Vectorizer | None = None, model: str = "") -> Parts:
    """Return what finds a text again after it was changed, shortened, or taken into another.

    Letters, digits and emoji count, without case, accents, width or presentation form; white space and
    punctuation do not. Any language will do, with spaces between its words or without.

    Parameters
    ----------
    text : str or iterable of str
        The text, or its pieces in order (as `read_text` gives them): how it is cut makes no difference.
    vector : callable, optional
        Gets the first 20,000 characters and returns a vector of numbers, such as a sentence model's
        ``encode``. It is kept with the fingerprint and shown as evidence, and decides nothing.
    model : str
        Name and version of what `vector` runs; needed with it.

    Returns
    -------
    Parts
        ``passages``: a sample of the runs of twelve letters, for resemblance and containment: all of a short
        text, the 2048 smallest hashes of a longer one, one in 32 of a long one, at most 131,072.
        ``words``: the 1024 smallest hashes of words. ``pieces``, of at most 256 letters: all runs of four.
        Each with its ``_limit``, below which it is complete. Metadata: ``characters`` (code points),
        ``words`` (None where words are not set apart by spaces), ``lines``, ``script`` and ``language``
        (guesses; may be "unknown").

    Raises
    ------
    MediaError
        If the text is empty, holds nothing but white space and punctuation, or is no text; if `vector` gives
        no vector.

    References
    ----------
    Broder 1997 (resemblance and containment of documents by smallest hashes of shingles); Irber et al. 2022
    (FracMinHash: containment by a fixed fraction of all hashes).

    Examples
    --------
    >>> parts_of_text("Ein Text, der kurz ist.").metadata["words"]
    5
    """
    reader = _Reader()
    for block in _blocks(_pieces(text)):
        reader.add(block)
    hashes = reader.hashes()
    metadata = reader.counts.metadata(reader.opening)
    if vector is None:
        return Parts(hashes, metadata, dtype="uint64")
    return Parts(hashes, metadata, _unit(vector, reader.opening, model), model, dtype="uint64")


def _unit(vector: Vectorizer, opening: str, model: str) -> np.ndarray:
    if not model:
        raise MediaError("vector= needs model=, its name and version: only vectors of one model compare")
    values = np.asarray(vector(opening), np.float32)
    length = float(np.linalg.norm(values)) if values.ndim == 1 and values.size else 0.0
    if not (length > 0 and np.isfinite(length)):
        raise MediaError(f"vector= of '{model}' gave no vector: shape {values.shape}, length {length}")
    return (values / np.float32(length)).astype(np.float16)


def _pieces(text: str | Iterable[str]) -> Iterator[str]:
    if isinstance(text, str):
        yield text
        return
    if isinstance(text, (bytes, bytearray, memoryview)) or not isinstance(text, Iterable):
        raise MediaError(f"a text is a str or its pieces, not {type(text).__name__}; read_text decodes bytes")
    for piece in text:
        if not isinstance(piece, str):
            raise MediaError(f"a piece of a text is a str, not {type(piece).__name__}")
        yield piece


def _blocks(pieces: Iterable[str]) -> Iterator[str]:
    """Cut a text into blocks that depend on nothing but the text, each after a space where there is one."""
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size < _BLOCK_CHARACTERS:
            continue
        joined, start = "".join(waiting), 0
        while len(joined) - start >= _BLOCK_CHARACTERS:
            end = start + _BLOCK_CHARACTERS
            cut = 1 + max(joined.rfind(" ", start, end), joined.rfind("\n", start, end)) or end
            yield joined[start:cut]
            start = cut
        waiting, size = [joined[start:]], len(joined) - start
    if size:
        yield "".join(waiting)
