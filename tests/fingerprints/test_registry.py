"""Users' own types: stand-ins, handlers, names of types that aren't loaded."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fpcache.fingerprints import Encoder, fingerprint, register, register_handler, registry


@pytest.fixture(autouse=True)
def _registry_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("_by_name", "_by_type", "_stand_ins", "_stand_in_names"):
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))


class Locked:
    def __init__(self, x: int) -> None:
        self.x = x
        self.lock = threading.Lock()


class Sensor(Locked):
    pass


class Measured(Locked):
    def __fpcache_fingerprint__(self) -> Any:
        return self.x


def test_a_method_gives_a_stand_in() -> None:
    assert fingerprint(Measured(1)) == fingerprint(Measured(1))
    assert fingerprint(Measured(1)) != fingerprint(Measured(2))
    assert fingerprint(Measured(1)) != fingerprint(1)


def test_a_registered_function_serves_subclasses_and_tells_them_apart() -> None:
    register(Locked, lambda value: value.x)
    assert fingerprint(Locked(1)) == fingerprint(Locked(1))
    assert fingerprint(Locked(1)) != fingerprint(Sensor(1))
    assert fingerprint(Sensor(1)) != fingerprint(Sensor(2))


def test_a_type_can_be_registered_by_name() -> None:
    register(f"{__name__}.Locked", lambda value: value.x)
    assert fingerprint(Locked(1)) == fingerprint(Locked(1))


def test_a_stand_in_that_leads_back_to_its_object_ends() -> None:
    register(Locked, lambda value: [value.x, value])
    assert fingerprint(Locked(1)) == fingerprint(Locked(1))


def test_what_a_stand_in_shares_with_its_surroundings_counts() -> None:
    register(Locked, lambda value: value.x)
    inner: Any = [1]
    assert fingerprint([Locked(inner), inner]) != fingerprint([Locked(inner), [1]])


def test_register_refuses_what_is_no_function() -> None:
    with pytest.raises(TypeError, match="function of one value"):
        register(Locked, 3)  # type: ignore[arg-type]


def test_a_handler_yields_children_and_feeds_tokens() -> None:
    def encode(enc: Encoder, value: Locked) -> Iterator[Any]:
        enc.feed("locked")
        yield ".x", value.x

    register_handler(Locked, encode)
    assert fingerprint(Locked(1)) != fingerprint(Locked(2))


def test_tokens_that_are_no_exact_builtins_are_refused() -> None:
    class Text(str):
        __slots__ = ()

    with pytest.raises(TypeError, match="exact built-ins"):
        Encoder().feed(Text("a"))


def test_an_error_in_a_stand_in_tells_the_path() -> None:
    from fpcache.errors import UnfingerprintableValueError

    register(Locked, lambda value: value.no_such_attribute)
    with pytest.raises(UnfingerprintableValueError, match="no_such_attribute") as caught:
        fingerprint([Locked(1)])
    assert caught.value.path == "[0]"


def test_an_entry_point_gives_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        def load(self) -> Any:
            return lambda value: value.x

    monkeypatch.setattr(registry, "_entry_points", lambda: {f"{__name__}.Locked": Point()})
    assert fingerprint(Locked(1)) == fingerprint(Locked(1))


def test_fingerprinting_plain_values_imports_no_library() -> None:
    source = """
import sys
from fpcache.fingerprints import fingerprint
fingerprint({"a": [1, 2.0, {"b"}], "c": (1, None)})
print(sorted({"numpy", "pandas", "torch", "pyarrow", "polars", "scipy", "PIL"} & set(sys.modules)))
"""
    path = f"import sys; sys.path[:] = {sys.path!r}\n"
    done = subprocess.run([sys.executable, "-c", path + source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
