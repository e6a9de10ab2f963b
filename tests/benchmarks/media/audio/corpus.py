"""Real sound for the evaluation: game music and speech out of Debian packages, fetched into a folder."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

__all__ = ["HELD_OUT", "PACKAGES", "fetch", "fetch_libraries", "speech", "tracks"]

HELD_OUT = (
    "wesnoth-1.16-music",
    "hedgewars-data",
    "warzone2100-music",
    "drascula-music",
    "warmux-data",
    "extremetuxracer-data",
)
TUNING = (
    "supertux-data",
    "colobot-common-sounds",
    "fillets-ng-data",
    "asc-music",
    "btanks-data",
    "frozen-bubble-data",
    "fretsonfire-songs-muldjord",
    "fretsonfire-songs-sectoid",
    "blobwars-data",
    "hex-a-hop-data",
    "neverball-data",
    "lugaru-data",
    "tuxfootball",
    "tomatoes-data",
)
SPEECH = ("asterisk-core-sounds-en-wav", "sound-theme-freedesktop", "yaru-theme-sound", "deepin-sound-theme")
PACKAGES = HELD_OUT + TUNING + SPEECH
_LEAST_BYTES = 700_000
_SEEN_EVERY = 6
_THERE_ALREADY = (
    "libc6",
    "libgcc",
    "libstdc++",
    "libcrypt1",
    "libc-bin",
    "libpam",
    "libsystemd",
    "libavcodec-extra",
)


def fetch(folder: Path) -> None:
    """Download the packages that are not there yet, and unpack each into a folder of its name."""
    archives, unpacked = folder / "debs", folder / "all"
    archives.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        if (unpacked / package).is_dir():
            continue
        subprocess.run(["apt-get", "download", package], cwd=archives, check=True, capture_output=True)
        (archive,) = archives.glob(f"{package}_*.deb")
        subprocess.run(["dpkg", "-x", str(archive), str(unpacked / package)], check=True)


def fetch_libraries(folder: Path) -> None:
    """Download and unpack Chromaprint's library with what it needs on Debian 12, without installing it."""
    if folder.is_dir():
        return
    archives = folder / "debs"
    archives.mkdir(parents=True)
    without = ["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances", "pre-depends"]
    options = ["--recurse", *(f"--no-{kind}" for kind in without)]
    listed = subprocess.run(
        ["apt-cache", "depends", *options, "libchromaprint1"], check=True, capture_output=True, text=True
    )
    names = {line for line in listed.stdout.splitlines() if line.startswith("lib") and ":" not in line}
    wanted = [*sorted(name for name in names if not name.startswith(_THERE_ALREADY)), "ocl-icd-libopencl1"]
    subprocess.run(["apt-get", "download", *wanted], cwd=archives, check=True, capture_output=True)
    for archive in archives.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True)


def tracks(folder: Path, held_out: bool) -> list[Path]:
    """Return music of some length: for tuning, or held out from it.

    The front end was designed on every sixth track of all packages (but the Opus files), so these belong to
    the tuning part, as do all of the packages that are not `HELD_OUT`. The same file in two places counts
    once; so does one in several languages.
    """
    root = folder / "all"
    found = [*_with_suffix(root, ".ogg", ".mp3"), *_with_suffix(root, ".opus")]
    known: set[str] = set()
    large = [
        Path(path) for path in found if Path(path).stat().st_size > _LEAST_BYTES and _is_first(Path(path))
    ]
    chosen = []
    for index, path in enumerate(large):
        was_seen = index % _SEEN_EVERY == 0 and path.suffix != ".opus"
        is_held_out = path.relative_to(root).parts[0] in HELD_OUT and not was_seen
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if is_held_out == held_out and digest not in known:
            known.add(digest)
            chosen.append(path)
    return chosen


def _with_suffix(root: Path, *suffixes: str) -> list[str]:
    return sorted(str(path) for path in root.rglob("*") if path.suffix in suffixes and path.is_file())


def _is_first(path: Path) -> bool:
    """Whether this is not the copy for one language, or one half, of a track that is there otherwise."""
    return not {"de", "en", "es", "fr", "it"} & set(path.parts) or "drascula" not in path.parts


def speech(folder: Path) -> list[Path]:
    """Return short sounds: prompts of one speaker, and what desktops play."""
    root = folder / "all"
    return sorted(
        path
        for package in SPEECH
        for path in (root / package).rglob("*")
        if path.suffix in (".wav", ".oga", ".ogg")
    )
