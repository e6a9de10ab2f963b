"""Gathers real texts in many languages from Debian's packages: manuals, help, policies, quotations."""

from __future__ import annotations

import gzip
import hashlib
import html
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

PACKAGES = (
    "manpages", "manpages-de", "manpages-ja", "manpages-ru", "manpages-zh", "gnome-user-docs",
    "libreoffice-help-km", "debian-policy", "developers-reference",
    "fortunes", "fortunes-cs", "fortunes-de", "fortunes-it", "fortunes-ru", "fortunes-zh",
)  # fmt: skip
_MANUALS = {"en": "", "de": "de", "ja": "ja", "ru": "ru", "zh": "zh_CN"}
_HELP = {
    "en": "C", "he": "he", "fa": "fa", "ja": "ja", "zh": "zh_CN", "ko": "ko", "hi": "hi", "ta": "ta",
    "el": "el", "fr": "fr", "pl": "pl", "tr": "tr",
}  # fmt: skip
_SCRIPTS = {
    "he": "[\u0590-\u05ff]", "fa": "[\u0600-\u06ff]", "ja": "[\u3040-\u30ff\u4e00-\u9fff]",
    "zh": "[\u4e00-\u9fff]", "ko": "[\uac00-\ud7a3]", "hi": "[\u0900-\u097f]", "ta": "[\u0b80-\u0bff]",
    "el": "[\u0370-\u03ff]", "ru": "[\u0400-\u04ff]", "km": "[\u1780-\u17ff]",
}  # fmt: skip
_QUOTATIONS = {
    "en": ("wisdom", "people", "science", "computers"), "de": ("de",), "ru": ("ru",), "zh": ("chinese",),
    "cs": ("cs",), "it": ("it", "italia"),
}  # fmt: skip
_LONG_CHARACTERS, _QUOTATION_CHARACTERS, _TITLE_CHARACTERS = 1500, (120, 1200), (12, 80)


@dataclass(frozen=True, slots=True)
class Item:
    """One text: `group` is where it is from and in which language; `size` is long, short or title."""

    name: str
    group: str
    size: str
    text: str


def fetch(folder: Path) -> Path:
    """Download the packages and unpack them below `folder`; what is there already stays."""
    packages, files = folder / "debs", folder / "files"
    packages.mkdir(parents=True, exist_ok=True)
    missing = [name for name in PACKAGES if not list(packages.glob(f"{name}_*.deb"))]
    if missing:
        subprocess.run(["apt-get", "download", *missing], cwd=packages, check=True)
    if missing or not files.exists():
        for package in sorted(packages.glob("*.deb")):
            subprocess.run(["dpkg", "-x", str(package), str(files)], check=True)
    return files


def gather(folder: Path, each: int, *, as_they_come: bool = False) -> list[Item]:
    """Return at most `each` texts of every group, in an order that looks random and is always the same.

    Lines that two of the texts have (licences, credits, how to report faults) are dropped from both, unless
    `as_they_come`: a tenth of a manual page may consist of them, and whose tenth it is can't be told.

    No page is taken in two languages: a translation keeps the examples of its original, so whether the
    two are the same text is a matter of taste.
    """
    files = fetch(folder)
    groups: dict[str, list[Item]] = {}
    for item in [*_manuals(files), *_help(files), *_office(files), *_chapters(files), *_quotations(files)]:
        groups.setdefault(item.group, []).append(item)
    chosen = [item for group in sorted(groups) for item in sorted(groups[group], key=_order)[:each]]
    chosen.sort(key=_order)
    return without_copies(chosen if as_they_come else without_shared_lines(chosen))


def _order(item: Item) -> int:
    return _number(item.name)


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def _is_turn(page: str, language: str, languages: dict[str, str]) -> bool:
    return list(languages)[_number(page) % len(languages)] == language


def _enough(text: str, language: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    own = re.compile(_SCRIPTS.get(language, "[a-zA-Z\u00c0-\u024f]"))
    return len(own.findall(text)) > 0.4 * max(1, len(letters))


def _long(name: str, group: str, text: str) -> Iterator[Item]:
    least = _LONG_CHARACTERS // (2 if group[-2:] in ("zh", "ja", "ko") else 1)
    if len(text) >= least and _enough(text, group[-2:]):
        yield Item(name, group, "long", text)


def _manuals(files: Path) -> Iterator[Item]:
    for language, folder in _MANUALS.items():
        for path in sorted((files / "usr/share/man" / folder).glob("man[1-8]/*.gz")):
            if not path.is_symlink() and _is_turn(path.stem, language, _MANUALS):
                text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
                yield from _long(f"{language}/{path.stem}", f"manual {language}", _without_troff(text))


def _without_troff(text: str) -> str:
    lines = []
    for line in text.splitlines():
        if line.startswith(('.\\"', "'\\\"", ".so", ".TH", "'\\")):
            continue
        line = re.sub(r"^\.[A-Za-z]+ ?", "", line)
        line = re.sub(r"\\f(\(..|\[\w*\]|.)|\\s[-+]?\d|\\[&|/,%:]", "", line)
        lines.append(re.sub(r"\\(\(..|\[\w+\])", " ", line).replace("\\-", "-").replace("\\", ""))
    return "\n".join(lines).strip()


def _without_tags(text: str) -> str:
    text = re.sub(r"(?s)<(info|script|style|head|!--).*?</?(info|script|style|head|--)>", "", text)
    text = html.unescape(re.sub(r"<[^>]*>", "", text))
    return re.sub(r"[ \t]*\n[ \t\n]*", "\n", re.sub(r"\n\s*\n+", "\n\n", text)).strip()


def _help(files: Path) -> Iterator[Item]:
    for language, folder in _HELP.items():
        for path in sorted((files / f"usr/share/help/{folder}/gnome-help").glob("*.page")):
            if not path.is_symlink() and _is_turn(path.stem, language, _HELP):
                page = path.read_text("utf-8")
                yield from _long(f"{language}/{path.stem}", f"help {language}", _without_tags(page))
                title = re.search(r"<title>([^<]+)</title>", page.partition("</info>")[2])
                fits = title and _TITLE_CHARACTERS[0] <= len(title[1]) <= _TITLE_CHARACTERS[1]
                if title and fits and _enough(title[1], language):
                    yield Item(f"title {language}/{path.stem}", f"titles {language}", "title", title[1])


def _office(files: Path) -> Iterator[Item]:
    for path in sorted((files / "usr/share/libreoffice/help/km/text").rglob("*.html")):
        yield from _long(
            f"km/{path.parent.name}/{path.stem}", "office km", _without_tags(path.read_text("utf-8"))
        )


def _chapters(files: Path) -> Iterator[Item]:
    for path in sorted((files / "usr/share/doc").rglob("*.rst.txt")):
        if not path.is_symlink():
            yield from _long(f"{path.parent.name}/{path.stem}", "policy en", path.read_text("utf-8"))


def _quotations(files: Path) -> Iterator[Item]:
    for language, names in _QUOTATIONS.items():
        for path in [
            found for name in names for found in _fortune_files(files / "usr/share/games/fortunes" / name)
        ]:
            text = re.sub("\x1b\\[[0-9;]*m", "", path.read_text("utf-8", "replace"))
            for number, quotation in enumerate(text.split("\n%\n")):
                if _QUOTATION_CHARACTERS[0] <= len(quotation) <= _QUOTATION_CHARACTERS[1]:
                    name = f"{language}/{path.name}/{number}"
                    yield Item(name, f"quotations {language}", "short", quotation.strip())


def _fortune_files(path: Path) -> list[Path]:
    found = [path] if path.is_file() else sorted(path.glob("*")) if path.is_dir() else []
    return [each for each in found if each.is_file() and each.suffix not in (".dat", ".u8")]


def without_shared_lines(items: list[Item]) -> list[Item]:
    """Drop from long texts all lines of some length that another has too, and texts with little left."""
    long = [item for item in items if item.size == "long"]
    seen = Counter(line for item in long for line in {_key(line) for line in item.text.splitlines()})
    kept = []
    for item in items:
        if item.size == "long":
            lines = [line for line in item.text.splitlines() if len(_key(line)) < 20 or seen[_key(line)] == 1]
            item = replace(item, text="\n".join(lines))
            if len(item.text) < _LONG_CHARACTERS // 2:
                continue
        kept.append(item)
    return kept


def _key(line: str) -> str:
    return "".join(character for character in line.casefold() if character.isalnum())


def word_runs(text: str, length: int) -> set[str]:
    """Return all runs of `length` words, or of characters where hardly a word is between spaces."""
    words = re.findall(r"\w+", text.casefold())
    if len(text) > 12 * len(words):
        words, length = list("".join(words)), 3 * length
    return {" ".join(words[start : start + length]) for start in range(max(1, len(words) - length + 1))}


def without_copies(items: list[Item]) -> list[Item]:
    """Drop texts that have more than half of their runs of five words in common with one kept already.

    These are related, though nobody made the one of the other here. The measure is not the one under test.
    """
    kept: list[tuple[Item, set[str]]] = []
    for item in items:
        runs = word_runs(item.text, 5 if item.size != "title" else 2)
        if all(len(runs & other) <= 0.5 * min(len(runs), len(other)) for _, other in kept):
            kept.append((item, runs))
    return [item for item, _ in kept]
