"""`key=value` words that Hydra refuses, told in a sentence with the nearest name.

Hydra's own messages name its internals and the whole search path; here each word is looked at again to say what is
wrong with it. Nothing is looked at while Hydra is content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice, product
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sambench import registry
from sambench.api import SHOW
from sambench.composition import composed, config_loader
from sambench.config import RESERVED, known_switches
from sambench.errors import UsageError, listing
from sambench.spelling import nearest

KINDS: dict[str, registry.Kind] = {"task": "tasks", "model": "models", "data": "datasets"}
OPEN = (*KINDS, "executor", "hydra")
"""Parts of the configuration to which a word may add a key (`+model.texture_weight=0`): each checks its own keys."""

_LISTED = {
    "task": "; `sambench ls tasks` lists them",
    "model": "; `sambench ls models` lists them",
    "data": "; `sambench ls data` lists them",
    "hydra/launcher": "; more are installed with pip install 'sambench[slurm]' or 'sambench[ray-sweeps]'",
}
_MEMBERS = 64
"""Members of a sweep whose words are looked at."""

_OF_RUNS = ("task", "model", "data", "executor", "cluster")
"""Folders of configuration that a run chooses from."""


def refusal(words: Sequence[str], error: Exception, several: bool = False, also: Sequence[str] = ()) -> UsageError:
    """Say what is wrong with words that Hydra refused.

    Args:
        words: The words, in Hydra's grammar.
        error: Hydra's own error.
        several: Whether the words are of a sweep, in which commas part the values.
        also: Keys of the command itself, for the nearest name.
    """
    try:
        check_words(words, several, also)
    except UsageError as fault:
        return fault
    first = (str(error).strip() or type(error).__name__).partition("\n")[0]
    where = getattr(error, "full_key", None) or "configuration"
    if found := re.match(r"Interpolation key '(.+)' not found", first):
        near = nearest(found[1], [key for key in _keys(_with([])) if key != where])
        mend = f"write ${{{near[0]}}}" if near else SHOW
        return UsageError(f"{where} refers to {found[1]!r}, which is no key", where=where, mend=mend)
    if found := re.match(r"Could not \w+(?: \w+)* '(hydra\b.+?)'|Key '.+' is not in struct", first):
        key = found[1] or where
        near = nearest(key, _keys(_plain(composed([], with_hydra=True))))
        return _unknown(key, f"there is no key {key!r}", near, SHOW)
    if found := re.match(r"Cannot find primary config '(.+?)'", first):
        mend = "name the folder that holds it with --config-dir FOLDER, or leave --config-name out"
        return UsageError(f"there is no configuration {found[1]!r} to start from", where="--config-name", mend=mend)
    return UsageError(f"the settings cannot be put together: {first}", where=where, mend=SHOW)


def check_words(words: Sequence[str], several: bool = False, also: Sequence[str] = ()) -> None:
    """Refuse words that are not of the form key=value, choose what is not there, or set a key that is not there.

    Args:
        words, several, also: As for `refusal`.

    Raises:
        UsageError: The first such word.
    """
    loader = config_loader()
    groups = _groups(loader)
    choices: list[list[str]] = []
    keys: list[Override] = []
    for word in words:
        one = _read(word, loader, several)
        if one.key_or_group in groups or loader.get_group_options(one.key_or_group, ObjectType.CONFIG):
            choices.append(_choices(one, word, loader))
        elif "/" in one.key_or_group:
            name = one.key_or_group
            raise _unknown(
                word, f"there is no group {name!r}", nearest(name, groups), f"use one of {', '.join(groups)}"
            )
        else:
            keys.append(one)
    for chosen in islice(product(*choices), _MEMBERS):
        config = _with(chosen)
        for one in keys:
            group, _, key = one.key_or_group.partition(".")
            if key == "name" and isinstance(config.get(group), dict):
                config[group]["name"] = one.value()  # its switches are those of what it names
        for one in keys:
            _check_key(one, config, also)


def _read(word: str, loader: ConfigLoaderImpl, several: bool) -> Override:
    """Read one word in Hydra's grammar.

    Raises:
        UsageError: It is not in it, gives several values to one run, or names a package of Hydra's.
    """
    key, equals, value = word.partition("=")
    if word.startswith("-"):
        mend = "write KEY=VALUE; --multirun, --cfg and --info go with `sambench run` and `sambench score`"
        raise UsageError(f"{word} is no flag of this command", where=word, mend=mend)
    if not key.strip("+~"):
        raise UsageError(f"{word!r} names no key", where=word, mend="write KEY=VALUE, as in limit=3")
    if not equals and not word.startswith("~"):
        found = nearest(word, [*_keys(_with([])), *_groups(loader)])
        mend = f"write {found[0]}=..." if found else "write KEY=VALUE, as in limit=3"
        raise UsageError(f"{word!r} is not of the form key=value", where=word, mend=mend)
    try:
        one = OverridesParser.create(config_loader=loader).parse_override(word)
    except HydraException as error:
        if re.fullmatch(r"[+~]*[\w./@:$-]+", key) is None:
            raise UsageError(f"{key!r} is not the name of a key", where=word, mend="write KEY=VALUE") from error
        what = f"the value of {key} cannot be read: {value!r} has brackets, quotes or signs that do not fit together"
        raise UsageError(what, where=word, mend=f"close what is open, or quote a text: '{key}=\"...\"'") from error
    if one.is_sweep_override() and not several:
        told = value.removeprefix("choice(").removesuffix(")")
        mend = f"add --multirun for a run of each, or write {key}=[{told}] where a list is meant"
        raise UsageError(f"{word} gives several values to one run", where=word, mend=mend)
    if one.package is not None and not one.is_hydra_override():
        plain = word.replace(f"@{one.package}", "", 1)
        raise UsageError(f"{key} names a place, which runs have none of", where=word, mend=f"write {plain}")
    return one


def _choices(one: Override, word: str, loader: ConfigLoaderImpl) -> list[str]:
    """Return the words that a word about a group stands for, one a member of a sweep."""
    group, key = one.key_or_group, one.get_key_element()
    known = sorted(loader.get_group_options(group, ObjectType.CONFIG))
    if one.is_delete():
        return [word]
    listed = _LISTED.get(group, "")
    values = list(one.sweep_iterator()) if one.is_discrete_sweep() else [one.value()]
    for value in values:
        for name in value if isinstance(value, list) else [value]:
            if name and isinstance(name, str) and loader.repository.config_exists(f"{group}/{name}"):
                continue
            found = nearest(name, known)
            mend = f"use {' or '.join(f'{key}={near}' for near in found)}{listed}"
            if not found:
                mend = f"use one of {listing(known)}{listed}"
            if isinstance(name, str) and ":" in name and group in KINDS:
                mend = f"name your own with {group}.name={name}"
            what = f"no {group} is named" if name in (None, "") else f"there is no {group} {str(name)!r}"
            raise UsageError(what, where=word, mend=mend)
    return [f"{key}={value}" for value in values] if len(values) > 1 else [word if len(values) == 1 else key]


def _with(chosen: Sequence[str]) -> dict[str, Any]:
    """Compose the choices of groups alone, with nothing resolved.

    Raises:
        UsageError: A choice does not go with the others.
    """
    try:
        return _plain(composed(chosen))
    except (HydraException, OmegaConfBaseException) as error:
        found = re.search(r"(?:override|delete) '([^'@]+)'.*No match in the defaults list", str(error))
        if found is None:
            raise _not_together(chosen, str(error)) from error
        group = found[1]
        word = next((word for word in chosen if word.lstrip("~").partition("=")[0] == group), group)
        parent, _, name = group.rpartition("/")
        if not parent:
            raise UsageError(f"no {group} is chosen by default", where=word, mend=f"write +{word}") from error
        raise UsageError(
            f"{group} chooses among the presets of {parent}={name}, which is not the {parent} that was chosen",
            where=word,
            mend=f"choose {parent}={name}, or leave {group} out",
        ) from error


def _plain(config: DictConfig) -> dict[str, Any]:
    plain = OmegaConf.to_container(config, resolve=False)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _not_together(chosen: Sequence[str], told: str) -> UsageError:
    where = " ".join(chosen)
    absent = re.search(r"Could not find '(.+?)'", told)
    if absent is not None and absent[1].startswith("hydra/"):
        what = f"what was chosen needs {absent[1]}, which is not installed"
        mend = "install launchers with pip install 'sambench[slurm]' or 'sambench[ray-sweeps]'"
        return UsageError(what, where=where, mend=mend)
    if absent is not None:
        what = f"what was chosen names {absent[1]!r}, which is not there"
        return UsageError(what, where=where, mend="mend the `defaults` of your configuration, or add its folder")
    first = told.strip().partition("\n")[0]
    return UsageError(f"the choices do not go together: {first}", where=where, mend=SHOW)


def _check_key(one: Override, config: Mapping[str, Any], also: Sequence[str]) -> None:
    """Refuse a key that is not there, and a value in the place of a group of keys."""
    key, word = one.key_or_group, str(one.input_line)
    parts = key.split(".")
    if parts[0] == "hydra":
        return
    adds = one.is_add() or one.is_force_add()
    here: Any = config
    for place, part in enumerate(parts):
        above = ".".join(parts[:place])
        if isinstance(here, list) and part.isdecimal():
            return
        if not isinstance(here, dict):
            if here is None and adds:
                return
            raise UsageError(f"{above} is one value and has no key {part!r}", where=word, mend=f"use {above}=...")
        if part not in here:
            if adds and place and parts[0] in OPEN and not _is_closed(parts, here):
                return
            raise _no_key(one, place, config, here, also)
        here = here[part]
    if one.is_add():
        raise UsageError(f"{key} is there already and cannot be added", where=word, mend=f"write {word.lstrip('+')}")
    if one.is_delete():
        raise UsageError(f"{key} cannot be taken out", where=word, mend=f"give it a value, as in {key}=null")
    if isinstance(here, dict) and not isinstance(one.value(), dict):
        held = ", ".join(f"{key}.{name}" for name in here)
        raise UsageError(f"{key} is a group of keys and takes no value of its own", where=word, mend=f"use {held}")


def _is_closed(parts: Sequence[str], settings: Mapping[str, Any]) -> bool:
    """Tell whether a task, model or dataset takes no switch of that name."""
    if len(parts) != 2 or parts[0] not in KINDS:
        return False
    known, closed = known_switches(KINDS[parts[0]], registry.resolve(KINDS[parts[0]], settings["name"], own_words=True))
    return closed and parts[1] not in known


def _no_key(
    one: Override, place: int, config: Mapping[str, Any], here: Mapping[str, Any], also: Sequence[str]
) -> UsageError:
    """Say that a key is not there, with the nearest that is."""
    key, word = one.key_or_group, str(one.input_line)
    parts = key.split(".")
    above, part = ".".join(parts[:place]), parts[place]
    own = list(here)
    if place == 1 and parts[0] in KINDS:
        with suppress(UsageError):
            target = registry.resolve(KINDS[parts[0]], here["name"], own_words=True)
            own += [name for name in known_switches(KINDS[parts[0]], target)[0] if name not in here]
    if parts[0] == "task" and not config.get("task"):
        return UsageError("no task was chosen", where=word, mend="add task=edges; `sambench ls tasks` lists them")
    if part in own:
        what = f"the file of {parts[0]} {here['name']} does not list {part}"
        return UsageError(what, where=word, mend=f"use +{key}=...")
    every = [*also, *_keys(config)]
    same_leaf = [name for name in every if name.rpartition(".")[2] == key]
    in_place = [
        f"{'' if name in here else '+'}{'.'.join([*parts[:place], name, *parts[place + 1 :]])}"
        for name in nearest(part, own)
    ]
    found = same_leaf[:3]
    if not found:
        found = in_place if place else nearest(key, every) or in_place or _by_leaf(key, every)
    if above:
        name = f" {here['name']}" if above in KINDS else ""
        what = f"{above}{name} has no switch {part!r}; it has: {', '.join(one for one in own if one not in RESERVED)}"
    else:
        what = f"there is no setting {part!r}"
    listed = _LISTED.get(parts[0], "").removeprefix("; ")
    other = f"leave {key} out, or choose another {parts[0]} with {parts[0]}=NAME; {listed}"
    return _unknown(word, what, found, other if parts[0] in KINDS else SHOW)


def _by_leaf(key: str, every: Sequence[str]) -> list[str]:
    """Return keys whose last part resembles the last part of a key."""
    leaves: dict[str, str] = {}
    for name in every:
        leaves.setdefault(name.rpartition(".")[2], name)
    return [leaves[leaf] for leaf in nearest(key.rpartition(".")[2], leaves)]


def _unknown(word: str, what: str, found: Sequence[str], else_: str) -> UsageError:
    mend = f"use {' or '.join(f'{name}=...' for name in found)}" if found else else_
    return UsageError(what, where=word, mend=mend)


def _groups(loader: ConfigLoaderImpl) -> list[str]:
    """Return every group that a run chooses from, presets' groups as task/edges."""
    presets = [f"{group}/{name}" for group in _OF_RUNS for name in loader.list_groups(group)]
    return [*_OF_RUNS, *presets]


def _keys(config: Mapping[str, Any], above: str = "") -> list[str]:
    """Return every key of a configuration, groups of keys included, as a.b.c."""
    found: list[str] = []
    for name, value in config.items():
        found.append(f"{above}{name}")
        if isinstance(value, dict):
            found += _keys(value, f"{above}{name}.")
    return found
