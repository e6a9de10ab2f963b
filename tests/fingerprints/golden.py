"""Write ``golden.json``: the fingerprints that must stay as they are under one format."""

from __future__ import annotations

import json
from pathlib import Path

import library_samples
from samples import BUILTIN, STDLIB

from fpcache.fingerprints import fingerprint

# What differs between Python or library versions (layouts of classes, default units) isn't recorded.
UNSTABLE = {"set of instances", "counter", "chain map", "user list", "ordered dict", "string file"}
LIBRARIES = {
    "NUMPY": ("int64 zeros", "fortran", "objects", "structured", "masked", "scalar", "days", "strings"),
    "PANDAS": ("frame float", "frame category", "frame nullable", "frame dates utc", "multi index", "na"),
    "ARROW": ("ints null", "strings", "lists", "structs", "dictionaries", "table"),
    "TORCH": ("zeros", "half", "gradient", "sparse", "dtype"),
    "SCIPY": ("csr", "coo"),
}


def main() -> None:
    stable = {name: make for name, make in {**BUILTIN, **STDLIB}.items() if name not in UNSTABLE}
    python = {name: fingerprint(make()) for name, make in stable.items()}
    libraries = {
        table: {name: fingerprint(getattr(library_samples, table)[name]()) for name in names}
        for table, names in LIBRARIES.items()
    }
    text = json.dumps({"python": python, "libraries": libraries}, indent=1)
    Path(__file__).with_name("golden.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
