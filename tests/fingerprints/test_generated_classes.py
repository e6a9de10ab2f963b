"""Classes and values whose library generates code or keeps addresses are equal in every process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fpcache.fingerprints import fingerprint

PRINTS = """
import sys
from fpcache.fingerprints import fingerprint
{0}
print(*map(fingerprint, values))
"""
PYDANTIC = """
from pydantic import BaseModel, Field, field_validator
class Inner(BaseModel):
    tags: set = {"a", "b", "c"}
class Config(BaseModel):
    name: str = "x"
    limit: int = Field(3, ge=1)
    inner: Inner = Inner()
    @field_validator("name")
    def check(cls, value): return value
values = [Config(), Config, [Config(limit=4)]]
"""
ATTRS = """
import attr
@attr.define
class Plain: x: int = 1
@attr.s(auto_attribs=True, frozen=True)
class Frozen: x: int = 1
@attr.s(auto_attribs=True, hash=True, cache_hash=True)
class Cached: x: int = 1
used = Cached(); hash(used)
values = [Plain(), Plain, Frozen(), Frozen, Cached(), Cached, used, attr.fields(Plain)]
"""
SKLEARN = """
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import make_pipeline
texts = ["a cat", "the dog sat"]
from sklearn.base import BaseEstimator, TransformerMixin
class Clipper(BaseEstimator, TransformerMixin):
    def fit(self, X, y=None): return self
    def transform(self, X): return X
class Odd(BaseEstimator, TransformerMixin, auto_wrap_output_keys=None):
    def transform(self, X): return X
kinds = [CountVectorizer(), TfidfVectorizer(stop_words=["a", "the"]), make_pipeline(TfidfVectorizer())]
values = [*(one.fit(texts) for one in kinds), Clipper, Odd, make_pipeline(Clipper())]
"""


def in_a_process(source, seed):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PRINTS.format(source)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("library", "source"),
    [("pydantic", PYDANTIC), ("attr", ATTRS), ("sklearn", SKLEARN)],
    ids=lambda one: one[:8],
)
def test_processes_agree(library, source) -> None:
    pytest.importorskip(library)
    first = in_a_process(source, "0")
    assert first
    assert first == in_a_process(source, "1") == in_a_process(source, "2")


def test_a_models_fields_validators_and_class_count() -> None:
    pydantic = pytest.importorskip("pydantic")

    def model(limit=3, by=1, **values):
        class Config(pydantic.BaseModel):
            name: str = "x"
            limit: int = pydantic.Field(3, ge=by)

            @pydantic.field_validator("name")
            def check(cls, value):
                return value * by

        Config.model_fields["limit"].default = limit
        return Config(**values)

    prints = [fingerprint(one) for one in (model(), model(by=2), model(limit=4), model(name="y"))]
    assert len(set(prints)) == len(prints)
    assert fingerprint(model()) == prints[0]
    changed = model()
    changed.name = "y"
    assert fingerprint(changed) != prints[0]
    changed.name = "x"
    assert fingerprint(type(changed)) == fingerprint(type(model()))


def test_what_attrs_generates_counts_by_the_fields() -> None:
    attr = pytest.importorskip("attr")

    def made(**options):
        return attr.s(these={"x": attr.ib(default=1)}, **options)(type("Made", (), {"__module__": __name__}))

    kinds = [made(), made(frozen=True), made(unsafe_hash=True), made(eq=False), made(order=False)]
    prints = [fingerprint(one) for one in kinds]
    assert len(set(prints)) == len(prints)
    hashed = made(unsafe_hash=True)
    assert fingerprint(hashed) == prints[2]
    hashed.__hash__ = lambda self: 3
    assert fingerprint(hashed) != prints[2]


def test_an_attribute_that_refuses_to_answer_does_not_hide_what_was_put_into_a_class(monkeypatch) -> None:
    pydantic = pytest.importorskip("pydantic")

    class Config(pydantic.BaseModel):
        n: int = 1

    before = fingerprint(Config)
    monkeypatch.setattr(pydantic.BaseModel, "describe", lambda self: self.n, raising=False)
    assert fingerprint(Config) != before


def test_a_vectorizer_counts_by_its_words() -> None:
    text = pytest.importorskip("sklearn.feature_extraction.text")

    def fitted(*texts, **options):
        return fingerprint(text.CountVectorizer(**options).fit(texts))

    prints = [fitted("a cat"), fitted("a dog"), fitted("a cat", stop_words=["dog"])]
    assert len({*prints, fitted("a cat")}) == len(prints)
