"""Types by annotation: what is provably wrong is an error, and nothing else is."""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import numbers
import pathlib
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Optional, Union

import pytest

from fpcache import component
from fpcache.errors import GraphSchemaError
from fpcache.graph import GraphComponent, GraphSchema, SchemaNode, validate
from fpcache.graph.type_checks import check_types

if TYPE_CHECKING:
    from somewhere import Unknown


class Base:
    pass


class Derived(Base):
    pass


class Other:
    pass


class Mixin:
    pass


class Both(Base, Mixin):
    pass


class Quacks(typing.Protocol):
    def quack(self) -> None: ...


class Fields(typing.TypedDict):
    name: str


class Colour(enum.Enum):
    RED = 1


class AnyoneIsOne(type):
    def __instancecheck__(cls, value):
        return True


class Ghost(metaclass=AnyoneIsOne):
    pass


class RaisesOnCheck(abc.ABC):
    @abc.abstractmethod
    def work(self) -> None: ...

    @classmethod
    def __subclasshook__(cls, other):
        raise RuntimeError("not telling")


class Box(typing.Generic[typing.TypeVar("T")]):
    pass


T = typing.TypeVar("T")
B = typing.TypeVar("B", bound=Base)
UserId = typing.NewType("UserId", int)
IntOrText = Union[int, str]  # noqa: UP007


def giving(annotation):
    def gives():
        raise NotImplementedError

    gives.__annotations__ = {"return": annotation}
    return gives


def taking(annotation, *default):
    def takes(x):
        raise NotImplementedError

    takes.__annotations__, takes.__defaults__ = {"x": annotation}, default or None
    return takes


def graph(gives, takes, **parts) -> GraphSchema:
    taker = SchemaNode({"x": "giver"}, takes, is_target=True, **parts)
    return GraphSchema({"taker": taker, "giver": SchemaNode(uses=gives)})


def fault(schema: GraphSchema) -> str:
    try:
        validate(schema)
    except GraphSchemaError as error:
        return str(error)
    return ""


def passes(schema: GraphSchema) -> bool:
    found = fault(schema)
    assert not found or "correct the annotation" in found
    return not found


WRONG = [
    (str, int),
    (None, int),
    (list, dict),
    (dict[str, int], list[int]),
    (list[int], tuple[int, ...]),
    (Optional[str], int),  # noqa: UP045
    (str | None, int),
    (IntOrText, bytes),
    (str, Optional[float]),  # noqa: UP045
    (str, int | float),
    (str, float),
    (decimal.Decimal, float),
    (Base, Other),
    (Iterator[int], list),
    (int, Callable[[], int]),
    (typing.Annotated[str, "metres"], typing.Annotated[int, "metres"]),
    (UserId, str),
    (Fields, str),
    (typing.Literal["a", "b"], int),
    (typing.List[int], typing.Dict[str, int]),  # noqa: UP006
    (Box[int], Base),
    ("str", "int"),
    ("Base | None", "Other"),
    (datetime.date, pathlib.Path),
    (Colour, str),
]


def written(value: object) -> str:
    """Name a case the same in every process."""
    return re.sub(r" at 0x\w+", "", str(value))


@pytest.mark.parametrize(("gives", "takes"), WRONG, ids=written)
def test_what_can_never_fit_is_an_error(gives, takes) -> None:
    assert not passes(graph(giving(gives), taking(takes)))


FINE = [
    (int, int),
    (bool, int),
    (int, float),
    (int, complex),
    (float, int),  # an int may be declared as a float
    (fractions.Fraction, float),
    (bytearray, bytes),
    (Derived, Base),
    (Base, Derived),
    (Base, Mixin),  # Both is both
    (Base, Optional[Mixin]),  # noqa: UP045
    (str, Any),
    (Any, str),
    (object, str),
    (str, object),
    (str, T),
    (T, str),
    (B, Other),
    (str, Quacks),
    (Quacks, str),
    (Quacks | int, str),
    (str, Iterable[int]),
    (Iterable, list),
    (int, typing.SupportsInt),
    (int, numbers.Number),
    (Optional[int], int),  # noqa: UP045
    (int | None, int),
    (None, Optional[int]),  # noqa: UP045
    (IntOrText, str),
    (str, typing.Literal["a"]),
    (typing.Literal["a"], str),
    (dict, Fields),
    (Fields, Mapping[str, int]),
    (int, UserId),
    (list[int], list[str]),
    (Box[int], Box[str]),
    (str, Ghost),
    (Ghost, str),
    (str, RaisesOnCheck),
    (open, typing.TextIO),
    (typing.TextIO, Other),
    (Callable[[], int], type(len)),
    (type[Base], type),
    (typing.Self, str),
    (typing.NoReturn, str),
    (typing.ForwardRef("Other"), Base),
    (Optional["Other"], Base),
    (ClassVar[int], str),
    ("Unknown", int),
    ("1 / 0", int),
    ("the number of rows", int),
    ("Other[int]", Base),
    ("nobody.knows", int),
    (5, int),
    (any, int),
    ([int], str),
]


@pytest.mark.parametrize(("gives", "takes"), FINE, ids=written)
def test_what_may_fit_or_is_not_known_passes(gives, takes) -> None:
    assert passes(graph(giving(gives), taking(takes)))


def text() -> str:
    return "text"


def number() -> int:
    return 1


def takes_number(x: int, scale: Optional[float] = None) -> int:  # noqa: UP045
    return x


def takes_unknown_first(x: Unknown, y: int = 0) -> int:
    return y


class Speak(GraphComponent):
    def run(self, x: int) -> str:
        return "x" * x

    @classmethod
    def of_class(cls, x: int) -> str:
        return "x" * x

    @staticmethod
    def of_none(x: int) -> str:
        return "x" * x


def test_the_error_names_node_parameter_both_types_and_the_needed_node() -> None:
    with pytest.raises(GraphSchemaError) as caught:
        validate(graph(text, takes_number))
    assert str(caught.value) == (
        "node `taker`: `takes_number` takes `x` as `int`, but node `giver` (`text`) gives `str`; "
        "need another node, or correct the annotation"
    )


def test_the_error_for_a_config_value_shows_the_value_and_its_type() -> None:
    with pytest.raises(GraphSchemaError) as caught:
        validate(graph(number, takes_number, config={"scale": "wide"}))
    assert str(caught.value) == (
        "node `taker`: `takes_number` takes `scale` as `Optional[float]`, but its config gives 'wide', "
        "of the class `str`; change the value, or correct the annotation"
    )


@pytest.mark.parametrize("method", ["run", "of_class", "of_none"])
def test_methods_of_components_are_checked_on_both_sides(method) -> None:
    with pytest.raises(GraphSchemaError, match=rf"`Speak\.{method}` takes `x` as `int`.*\(`text`\)"):
        validate(graph(text, Speak, fn=method))
    nodes = {
        "start": SchemaNode(uses=number),
        "giver": SchemaNode({"x": "start"}, Speak, fn=method),
        "taker": SchemaNode({"x": "giver"}, takes_number, is_target=True),
    }
    with pytest.raises(GraphSchemaError, match=rf"node `giver` \(`Speak\.{method}`\) gives `str`"):
        validate(GraphSchema(nodes))


def test_a_components_config_is_its_own_affair() -> None:
    class Configured(GraphComponent):
        def run(self, x: int, rate: int = 1) -> int:
            return x

    assert passes(graph(number, Configured, config={"rate": "fast"}))


def test_one_unknown_annotation_does_not_hide_the_others() -> None:
    assert passes(graph(text, takes_unknown_first, config={"y": 1}))
    assert not passes(graph(text, takes_unknown_first, config={"y": "one"}))


CONFIGS = [
    (int, 1.5, False),
    (int, True, True),
    (bool, 1, False),
    (float, 1, True),
    (float, "1", False),
    (str | None, None, True),
    (str, None, False),
    (tuple[int, int], [1, 2], False),
    (Sequence[int], [1, 2], True),
    (Sequence[int], {1}, False),
    (list[str], [1], True),  # what is inside is not looked at
    (typing.Literal["fast", "exact"], "exact", True),
    (typing.Literal["fast", "exact"], "exakt", False),
    (typing.Literal[1] | None, 2, False),
    (typing.Literal["a"] | int, 3, True),
    (Callable[[], int], number, True),
    (Callable, 3, False),
    (pathlib.Path, "data.csv", False),
    (Fields, {"name": "a"}, True),
    (Quacks, 3, True),
    (Any, 3, True),
    (T, 3, True),
    (Ghost, 3, True),
    (RaisesOnCheck, 3, True),
    (typing.TextIO, 3, True),
    (type[Base], Derived, True),
    (Base, Derived(), True),
    (Derived, Base(), False),  # a value can't be narrowed any more
    (Mixin, Base(), False),
    (UserId, 3, True),
    ("1 / 0", 3, True),
]


@pytest.mark.parametrize(("annotation", "value", "fits"), CONFIGS, ids=written)
def test_config_values_of_functions_are_checked_by_class(annotation, value, fits) -> None:
    schema = GraphSchema({"node": SchemaNode(uses=taking(annotation), config={"x": value}, is_target=True)})
    assert passes(schema) == fits


def test_the_defaults_of_a_function_that_is_a_component_are_checked_too() -> None:
    scale = component(config={"factor": "two"})(lambda x, factor: factor * x)
    scale.__annotations__ = {"factor": int}
    assert not passes(graph(number, scale))
    assert passes(graph(number, scale, config={"factor": 2}))


def test_a_default_of_another_type_shows_that_such_values_are_meant_too() -> None:
    assert passes(graph(giving(None), taking(int, None)))
    assert not passes(graph(giving(str), taking(int, None)))
    node = SchemaNode(uses=taking(str, 0), config={"x": 3}, is_target=True)
    assert passes(GraphSchema({"node": node}))


@functools.wraps(takes_number)
def decorated(*args, **kwargs):
    return takes_number(int(kwargs.pop("x")), **kwargs)


@contextlib.contextmanager
def context() -> Iterator[int]:
    yield 1


class Adder:
    def __call__(self, x: int) -> str:
        return str(x + 1)


class Heir(Adder):
    pass


@dataclasses.dataclass
class Point:
    x: int


class Chooses:
    def __new__(cls):
        return "something else"


class Unhelpful:
    def __getattribute__(self, name):
        raise RuntimeError("hands off")

    def __call__(self, x):
        return x


class Breaks:
    def __call__(self, x: int) -> str:
        return ""


broken = Breaks.__call__
broken.__annotations__["x"] = property(lambda self: 1 / 0)


def test_a_decorator_may_change_what_goes_in_and_out_so_it_is_not_judged() -> None:
    assert passes(graph(text, decorated))
    assert passes(graph(context, taking(str)))


def test_a_cache_or_a_partial_passes_on_what_it_is_given_so_it_is_judged() -> None:
    assert not passes(graph(text, functools.lru_cache(takes_number)))
    assert not passes(graph(text, functools.partial(takes_number, scale=2.0)))
    assert not passes(graph(functools.partial(functools.cache(text)), takes_number))
    assert not passes(graph(number, functools.partial(takes_number, scale=2.0), config={"scale": "x"}))


@pytest.mark.parametrize("made", [Adder, Heir])
def test_an_object_that_can_be_called_is_judged_by_its_call(made) -> None:
    assert passes(graph(number, made()))
    assert not passes(graph(text, made()))
    assert not passes(graph(text, made().__call__))


def test_a_class_gives_its_own_and_takes_what_its_init_takes() -> None:
    assert not passes(graph(Other, taking(Base)))
    assert passes(graph(Derived, taking(Base)))
    assert not passes(graph(list, taking(dict)))
    assert not passes(graph(text, Point))
    assert passes(graph(number, Point))
    assert passes(graph(Chooses, taking(str)))


def test_what_raises_when_it_is_looked_at_is_not_judged() -> None:
    for takes in (Unhelpful(), Breaks(), functools.singledispatch(takes_number)):
        check_types(graph(text, takes))


def test_builtins_say_nothing_of_types() -> None:
    for takes in (sum, sorted, len, "{}".format, object.__init__):
        node = SchemaNode({"iterable": "giver"}, takes, {"start": "x"}, is_target=True)
        check_types(GraphSchema({"node": node, "giver": SchemaNode(uses=number)}))


class Shadow:
    class Base(Other):
        pass

    def gives(self) -> Base:  # the one of this class
        return Shadow.Base()


def test_a_name_in_a_class_is_the_one_of_that_class() -> None:
    assert passes(graph(Shadow().gives, taking(Other)))
    assert not passes(graph(Shadow().gives, taking(Base)))


def test_a_name_that_a_function_closes_over_is_found() -> None:
    class Base(Other):
        pass

    def gives() -> Base:
        return Base()

    assert passes(graph(gives, taking(Other)))
    assert not passes(graph(gives, taking(Derived)))


def test_looking_at_annotations_leaves_the_globals_alone() -> None:
    namespace = {"answer": int}
    gives = types.FunctionType(number.__code__, namespace)
    gives.__annotations__ = {"return": "(found := answer)"}
    assert not passes(graph(gives, taking(str)))
    assert set(namespace) == {"answer"}


def test_arrays_and_frames_go_by_their_classes() -> None:
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    import numpy.typing as npt

    for gives, takes, fits in [
        (pd.DataFrame, pd.Series, False),
        (np.ndarray, pd.DataFrame, False),
        (npt.NDArray[np.float64], np.ndarray, True),
        (npt.NDArray[np.float64], pd.Series, False),
        (pd.DataFrame, pd.DataFrame | None, True),
        (str, npt.ArrayLike, True),
        (np.int64, int, True),
        (np.float32, float, True),
        (np.float64, int, False),
        (np.str_, int, False),
        (pd.Index, pd.DatetimeIndex, True),
    ]:
        assert passes(graph(giving(gives), taking(takes))) == fits, (gives, takes)


def test_tensors_go_by_their_classes() -> None:
    torch, np = pytest.importorskip("torch"), pytest.importorskip("numpy")
    assert passes(graph(giving(torch.nn.Parameter), taking(torch.Tensor)))
    assert passes(graph(giving(torch.Tensor), taking(torch.nn.Parameter)))
    assert not passes(graph(giving(torch.nn.Module), taking(np.ndarray)))
