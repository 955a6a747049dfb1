"""From resolved configuration to objects: every switch is checked against the constructor it is meant for."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from sambench.config import registry
from sambench.config.image_rules import ImageRules
from sambench.config.ranges import SHARED, check_range, collecting, raise_faults
from sambench.config.spelling import nearest
from sambench.errors import UsageError
from sambench.files.storage.copies import local_copy
from sambench.files.storage.locations import is_remote

RESERVED = {"name", "preset"}
"""Keys of a group's YAML file that are not constructor arguments: the registry name and the preset's label."""

_OF_EVERY: dict[str, type] = {"datasets": ImageRules}
"""Switches that everything of a kind has beside its own: how any data's image files are read."""

_FROM_TASK = ("check_images", "boxes_only", "for_task")
"""Arguments of data that the engine gives by what the task needs; they are no switches, as are cards of data sets."""


def build(
    kind: registry.NamedKind, group: str, settings: Mapping[str, Any], *, own_words: bool = False, **extra: Any
) -> Any:
    """Construct a task, model or dataset from its group of the configuration.

    Args:
        kind: Which registry to look in.
        group: The group's key in the configuration, for messages: "task", "model" or "data".
        settings: The group's resolved values; `name` chooses the class, the rest are its keyword arguments.
        own_words: Whether the settings are the user's own, not a stored record's (`registry.resolve`).
        extra: Arguments that the engine supplies; dropped where the constructor does not take them.

    A value that is a URL (s3://...) is copied, and the constructor given the copy's path.

    Raises:
        UsageError: A key is unknown or missing, or a value has the wrong type; the key and what it takes are named.
    """
    target, switches, faults = _read_group(kind, group, settings, own_words)
    raise_faults(faults)
    parameters = inspect.signature(target).parameters
    arguments = {key: _here(value) for key, value in switches.items()}
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        extra = {key: value for key, value in extra.items() if key in parameters}
    chosen = {key: arguments.pop(key) for key in _hints_of_every(kind) if key in arguments and key not in parameters}
    arguments.update(extra)
    missing = [
        name
        for name, p in parameters.items()
        if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and arguments.get(name) is None
    ]
    if missing:
        raise UsageError(
            f"{settings['name']} needs {', '.join(missing)}",
            where=f"{group}.{missing[0]}",
            mend=f"add {group}.{missing[0]}=... to the command",
        )
    made = target(**arguments)
    if (rules := ImageRules(**chosen)) != ImageRules() and hasattr(made, "use_images"):
        made.use_images(rules)
    return made


def group_faults(
    kind: registry.NamedKind, group: str, settings: Mapping[str, Any], own_words: bool = False
) -> list[UsageError]:
    """Return all that is wrong with a group's values, in their order, before anything is made of them.

    Args:
        kind, group, settings, own_words: As for `build`.

    Raises:
        UsageError: What the group names is not there.
    """
    return _read_group(kind, group, settings, own_words)[2]


def _read_group(
    kind: registry.NamedKind, group: str, settings: Mapping[str, Any], own_words: bool
) -> tuple[Callable[..., Any], dict[str, Any], list[UsageError]]:
    """Return what a group's name stands for, its values as they are handed over, and all that is wrong with them."""
    if not settings.get("name"):
        mend = f"`sambench ls {registry.LISTS[kind]}` lists names"
        raise UsageError(f"the {group} has no name", where=f"{group}.name", mend=mend)
    target = registry.resolve(kind, settings["name"], own_words)
    known, closed = known_switches(kind, target)
    hints = {**_hints_of_every(kind), **constructor_hints(target)}
    values: dict[str, Any] = {}
    faults: list[UsageError] = []
    for key, value in settings.items():
        where = f"{group}.{key}"
        if key in RESERVED:
            continue
        with collecting(faults):
            if closed and key not in known:
                near = nearest(key, known)
                raise UsageError(
                    f"{settings['name']} has no switch {key!r}; it has: {', '.join(known)}",
                    where=where,
                    mend=f"use {group}.{near[0]}=..." if near else f"leave {key} out",
                )
            values[key] = _switch(key, value, hints, where)
    return target, values, faults


def _switch(key: str, value: Any, hints: Mapping[str, Any], where: str) -> Any:
    """Check a switch against its type hint and the range that switches of its name share (`convert`)."""
    converted = convert(value, hints.get(key, Any), where)
    if key in SHARED:
        check_range(value, SHARED[key], where)
    return converted


def _hints_of_every(kind: registry.NamedKind) -> dict[str, Any]:
    """Return the type hints of switches that everything of a kind has beside its own."""
    return constructor_hints(_OF_EVERY[kind]) if kind in _OF_EVERY else {}


def known_switches(kind: registry.NamedKind, target: Callable[..., Any]) -> tuple[list[str], bool]:
    """Return the keywords that a task, model or dataset names, and whether it takes no others.

    Args:
        kind: Which registry it is of.
        target: What its name stands for (`registry.resolve`).
    """
    parameters = dict(inspect.signature(target).parameters)
    if kind == "datasets":
        hints = constructor_hints(target)
        parameters = {key: p for key, p in parameters.items() if not _from_program(key, hints.get(key))}
    named = {item.name for made in _keyword_groups(target) for item in dataclasses.fields(made)}
    known = [*(key for key, p in parameters.items() if p.kind is not p.VAR_KEYWORD), *_hints_of_every(kind), *named]
    return known, bool(named) or not any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _from_program(key: str, hint: Any) -> bool:
    """Tell whether an argument of data is the program's to give, as one is that no configuration can hold."""
    return key in _FROM_TASK or any(dataclasses.is_dataclass(one) for one in (hint, *typing.get_args(hint)))


def check_fields(made: Any) -> None:
    """Hold a dataclass that was made in Python against its fields' ranges and choices, as `build` does.

    Args:
        made: Its instance; what is left at its default, and what comes from the data, is let pass.

    Raises:
        UsageError: Names every field that does not fit.
    """
    hints, faults = constructor_hints(type(made)), list[UsageError]()
    for item in dataclasses.fields(made):
        value = getattr(made, item.name)
        if value is item.default or item.metadata.get("from_data"):
            continue
        with collecting(faults):
            _switch(item.name, value, hints, item.name)
    raise_faults(faults)


def _here(value: Any) -> Any:
    """Replace a URL by its local copy: tasks, models and datasets read local files."""
    return str(local_copy(value)) if is_remote(value) else value


def convert(value: Any, hint: Any, where: str) -> Any:
    """Check a configuration value against a type hint, widening int to float and list to tuple.

    Raises:
        UsageError: The value does not have the hinted type or is none of the hinted choices.
        RangeError: It is a number out of its range (`Annotated[int, Range(1, 9)]`).
    """
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        converted = convert(value, options[0], where)
        for allowed in options[1:]:
            check_range(converted, allowed, where)
        return converted
    if origin is Literal:
        if value in options:
            return value
        raise _refusal(value, f"one of {', '.join(map(str, options))}", where, options)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in options:
            return None
        inner = [option for option in options if option is not type(None)]
        if len(inner) == 1:
            return convert(value, inner[0], where)
        return value
    if hint is bool and not isinstance(value, bool):
        raise _refusal(value, "true or false", where)
    if hint is int and (isinstance(value, bool) or not isinstance(value, int)):
        raise _refusal(value, "a whole number", where)
    if hint is float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _refusal(value, "a number", where)
        return float(value)
    if hint is str:
        if value is None or isinstance(value, dict | list):
            raise _refusal(value, "a text", where)
        return str(value)
    if origin in (list, tuple):
        if not isinstance(value, list | tuple):
            raise _refusal(value, "a list, as in [a,b]", where)
        inner_hint = options[0] if options else Any
        return origin(convert(item, inner_hint, f"{where}[{i}]") for i, item in enumerate(value))
    return value


def constructor_hints(target: Callable[..., Any]) -> dict[str, Any]:
    """Return the type hints of a constructor's arguments, ranges included.

    Those of a dataclass are its fields', each resolved where it was declared; a class that takes the fields of
    dataclasses as keywords names these in `keyword_groups`. A plug-in's names that only type checkers know leave it
    unchecked.
    """
    own = inspect.isclass(target) and not dataclasses.is_dataclass(target)
    try:
        hints = typing.get_type_hints(target.__init__ if own else target, include_extras=True)
    except NameError:
        return {}
    for made in _keyword_groups(target):
        hints |= typing.get_type_hints(made, include_extras=True)
    return hints


def _keyword_groups(target: Callable[..., Any]) -> tuple[type, ...]:
    groups: tuple[type, ...] = getattr(target, "keyword_groups", ())
    return groups


def _refusal(value: Any, wanted: str, where: str, options: tuple[Any, ...] = ()) -> UsageError:
    near = nearest(value, [str(option) for option in options])
    mend = f"use {where}={near[0]}" if near else f"give {where} {wanted}"
    return UsageError(f"{where} is {value!r}, but takes {wanted}", where=where, mend=mend)
