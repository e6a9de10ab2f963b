"""The fingerprint of a callable with its arguments, and the report on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Any

from fpcache.errors import UnfingerprintableValueError
from fpcache.fingerprints import Reading, Root, fingerprint
from fpcache.fingerprints.code_objects import code_facts, names_in
from fpcache.fingerprints.installed import installed_path
from fpcache.fingerprints.reading import read
from fpcache.fingerprints.selecting import SelectingEncoder
from fpcache.fingerprints.summaries import summary
from fpcache.hf.blind import not_followed
from fpcache.hf.captures import Brought, TakenApart, keyword_order, take_apart, variables_of
from fpcache.hf.environment import (
    NAMES_UNKNOWN,
    files_by_variables,
    puts_names_together,
    reads_variables,
    variables_read,
)
from fpcache.hf.files import counted_files
from fpcache.hf.held import held_leaves
from fpcache.hf.outside import notes_on, random_states
from fpcache.hf.policy import IN_IGNORE, Policy, plain_name, refusal
from fpcache.hf.reports import Ignored, Report, Taken
from fpcache.hf.set_orders import notes_on_sets
from fpcache.hf.streams import random_streams
from fpcache.hf.surroundings import process_read
from fpcache.hf.whole import drawn_as_values
from fpcache.hf.wishes import DependsOn, Wishes, depended_on, wishes_of

__all__ = ["stable_report"]

_CORE = "code"
_STATE = "random state"
_BY_NAME = frozenset({"environment", "file", "setting", _STATE})
_ORDER = (
    *("code", "self", "closure", "default", "partial", "argument", "global"),
    *("depends_on", "file", "environment", _STATE, "setting"),
)
_ASKS_LOGGERS = frozenset(
    {"extra", "filters", "level", "isEnabledFor", "getEffectiveLevel", "hasHandlers", "handlers", "disabled"}
)
_ASKS_LOCKS = frozenset({"locked", "_is_owned"})


def stable_report(
    function: Callable[..., Any],
    arguments: Mapping[str, object],
    *,
    settings: Mapping[str, object],
    depends_on: DependsOn = None,
    ignore: Collection[str] = (),
    must_match: bool = True,
    datasets: Iterable[Any] = (),
) -> Report:
    """Fingerprint a callable by its code and the values that may change what it gives.

    Parameters
    ----------
    function, arguments : callable, mapping of str to object
        What will be called, and with what, by name.
    settings : mapping of str to object
        Further values that count.
    depends_on : mapping or iterable of paths, optional
        Paths whose content counts, or values by name.
    ignore : collection of str
        Names of captured values that don't count; ``"random state"`` too.
    must_match : bool
        Whether a name in `ignore` that is met nowhere is an error.
    datasets : iterable of datasets.Dataset
        Whose rows the callable is given; their fingerprints are yours to give by `settings`.

    Raises
    ------
    UnfingerprintableValueError, ValueError
        For what can't be fingerprinted or is another one in every process; for an unmet name in `ignore`.
    """
    taken_apart = take_apart(function, arguments)
    wishes = wishes_of(depends_on, ignore)
    policy, reading = _judged(taken_apart, wishes)
    policy.datasets.extend(datasets)
    outside = _outside(reading, policy, taken_apart, wishes)
    _raise_refused(policy, taken_apart)
    settings = {**settings, **keyword_order(function, arguments, taken_apart), **_levels(policy)}
    values = _values_taken(reading, taken_apart, policy)
    taken = [*values, *depended_on(wishes), *outside.taken, *_set(settings)]
    if must_match:
        _raise_unmatched(wishes, policy, taken)
    return replace(
        _report(taken_apart.label, reading, taken, tuple(policy.ignored.values())),
        notes=(*outside.notes, *notes_on_sets(reading)),
        draws=outside.draws,
    )


@dataclass(frozen=True, slots=True)
class _Outside:
    """What code depends on beyond its values, what is to be told of that, and what it draws from."""

    taken: tuple[Taken, ...]
    notes: tuple[str, ...]
    draws: tuple[str, ...]


def _outside(reading: Reading, policy: Policy, taken_apart: TakenApart, wishes: Wishes) -> _Outside:
    """Find files, environment and random states; what can't be judged goes to the policy's refusals."""
    leaves = held_leaves(reading, policy)
    used = (*(one.path for one in reading.resolved), *_through_variables(reading, taken_apart))
    files, told_of_files = counted_files(reading, leaves, policy, taken_apart, wishes, used)
    drawn = () if _STATE in wishes.ignore else (*used, *drawn_as_values(reading, leaves, taken_apart))
    _refuse_blind(reading, used, policy)
    states = tuple(random_states(drawn))
    environment, told_of_variables = _environment(reading, leaves, used, policy, taken_apart)
    draws = (*(one.name for one in states), *random_streams(reading, used if drawn else ()))
    return _Outside(
        taken=(*{(one.how, one.name): one for one in (*files, *environment)}.values(), *states),
        notes=(*notes_on(used, states, told_of_files, reading.changed_on_disk), *told_of_variables),
        draws=tuple(dict.fromkeys(draws)),
    )


def _environment(
    reading: Reading, leaves: tuple[object, ...], used: tuple[str, ...], policy: Policy, taken: TakenApart
) -> tuple[list[Taken], list[str]]:
    """Find the variables that code reads and the files that they name, and what is to be told of them."""
    used = (*used, "os.environ") if policy.holds_environment else used
    puts_together = puts_names_together(reading.functions, taken)
    variables = tuple(variables_read(used, reading.strings, leaves, puts_together=puts_together))
    found = list(files_by_variables(variables, used, reading.strings))
    told = [one for one in found if isinstance(one, str)]
    if puts_together or (reads_variables(used) and not variables):
        told.append(NAMES_UNKNOWN)
    files = [one for one in found if isinstance(one, Taken)]
    return [*process_read(used, reading.functions), *variables, *files], told


def _report(label: str, reading: Reading, taken: list[Taken], ignored: tuple[Ignored, ...]) -> Report:
    """Join all digests: of what `depends_on` lists without its names, for where it lies doesn't count."""
    named = sorted((one.how, one.name, one.digest) for one in taken if one.how in _BY_NAME)
    contents = [one.digest for one in taken if one.how == "depends_on"]
    packages = (Taken(name, "package", version, version) for name, version in reading.packages.items())
    return Report(
        fingerprint=fingerprint([reading.digest, named, contents]),
        label=label,
        taken=(*sorted(taken, key=lambda one: _ORDER.index(one.how)), *packages),
        ignored=ignored,
    )


# ---------------------------------------------------------------- reading and judging


def _judged(taken_apart: TakenApart, wishes: Wishes) -> tuple[Policy, Reading]:
    """Read, and again where the code asks loggers or locks for their state, or the environment for all."""
    policy = Policy(wishes.ignore, wishes.values, taken_apart.home, taken_apart.brought)
    reading = _read(taken_apart, policy)
    names = frozenset[str]().union(*(names_in(function.__code__) for function in reading.functions))
    loggers, locks = bool(names & _ASKS_LOGGERS), bool(names & _ASKS_LOCKS)
    whole = policy.holds_environment and puts_names_together(reading.functions, taken_apart)
    if loggers or locks or whole:
        policy = Policy(
            *(wishes.ignore, wishes.values, taken_apart.home, taken_apart.brought),
            watches_loggers=loggers,
            watches_locks=locks,
            takes_environment=whole,
        )
        reading = _read(taken_apart, policy)
    return policy, reading


def _read(taken_apart: TakenApart, policy: Policy) -> Reading:
    namespace = {name: _without_items(name, one, policy) for name, one in taken_apart.brought.items()}
    namespace[_CORE] = taken_apart.core
    make = partial(SelectingEncoder, ask=policy.ask, is_left_out=policy.leaves_out, counts_set_order=True)
    try:
        return read(tuple(namespace), None, namespace, make=make)
    except UnfingerprintableValueError as error:
        name = _owner(policy.short(plain_name(error.path)), taken_apart)
        message = refusal(name, f"can't be fingerprinted ({error})") if name else str(error)
        raise UnfingerprintableValueError(
            _joined(taken_apart, [*policy.refused.values(), message]), error.path
        ) from error


def _without_items(name: str, one: Brought, policy: Policy) -> object:
    """Return what is fingerprinted of a value: of a dict, the items that count."""
    if type(one.value) is not dict or not policy.names_items_of(name):
        return one.root
    kept = {
        key: item for key, item in one.value.items() if not policy.leaves_out(f"{name}[{key!r}]", item, one)
    }
    return one.root if len(kept) == len(one.value) else kept


def _owner(path: str, taken_apart: TakenApart) -> str:
    """Return the shortest name of the value in which something was met."""
    head, _, rest = path.partition(".")
    if head in taken_apart.brought:
        attribute = rest.replace("[", ".").partition(".")[0]
        return f"{head}.{attribute}" if head == "self" and attribute else head.partition("[")[0]
    inside = path.partition("[")[0]
    return "" if inside.startswith(f"{_CORE}.__") else inside


def _through_variables(reading: Reading, taken_apart: TakenApart) -> Iterator[str]:
    """Yield what followed functions take of modules and classes that they hold in enclosing variables."""
    for function in reading.functions:
        values = variables_of(function, taken_apart)
        for use in code_facts(function.__code__).free:
            value = values.get(use.variable)
            path = installed_path(value) if isinstance(value, (ModuleType, type)) else None
            if path is not None:
                yield ".".join((path, *use.attributes))


def _set(settings: Mapping[str, object]) -> Iterator[Taken]:
    for name, value in settings.items():
        yield Taken(name, "setting", summary(value), fingerprint(value))


def _levels(policy: Policy) -> dict[str, object]:
    """Return the levels that hold for the loggers that count, with what they inherit."""
    return {
        f"logger {name}": (log.getEffectiveLevel(), log.manager.disable, log.hasHandlers())
        for name, log in sorted(policy.loggers.items())
    }


def _refuse_blind(reading: Reading, used: Iterable[str], policy: Policy) -> None:
    """Refuse code that can't be followed, unless that is ignored by name."""
    for name, what in not_followed(reading, used):
        if name in policy.ignore:
            policy.matched.add(name)
            policy.ignored[name] = Ignored(name, "code", IN_IGNORE)
        else:
            told = f"{what}; give in depends_on= what counts of it, and say ignore=[{name!r}]"
            policy.refused[name] = told


def _raise_refused(policy: Policy, taken_apart: TakenApart) -> None:
    if policy.refused:
        raise UnfingerprintableValueError(_joined(taken_apart, [*policy.refused.values()]))


def _joined(taken_apart: TakenApart, refusals: list[str]) -> str:
    return f"no stable fingerprint for `{taken_apart.label}`: " + "; also ".join(refusals)


# ---------------------------------------------------------------- what counts


def _values_taken(reading: Reading, taken_apart: TakenApart, policy: Policy) -> list[Taken]:
    found = []
    for root in reading.roots:
        name = plain_name(root.chain[-1])
        if name in policy.ignored:
            continue
        brought = taken_apart.brought.get(root.key)
        if brought is not None:
            found.append(Taken(name, brought.how, summary(brought.value), root.digest.hex()))
        elif root.key == _CORE:
            found.append(Taken(taken_apart.label, "code", root.summary, root.digest.hex()))
        else:
            found.append(Taken(policy.short(name), "global", _way(root), root.digest.hex()))
    return found


def _way(root: Root) -> str:
    through = [name for name in root.chain[:-1] if name != _CORE]
    return root.summary + (f" (through {' → '.join(through)})" if through else "")


def _raise_unmatched(wishes: Wishes, policy: Policy, taken: list[Taken]) -> None:
    unmatched = sorted(wishes.ignore - policy.matched - {_STATE})
    if unmatched:
        known = dict.fromkeys(one.name for one in taken if one.how not in ("code", "setting", "file"))
        names = ", ".join(f"`{name}`" for name in known)
        raise ValueError(
            f"ignore names {', '.join(map(repr, unmatched))}, which the code doesn't bring along; "
            f"it has {names or 'no values'}"
        )
