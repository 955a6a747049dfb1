"""Which keys a configuration has, and what is wrong with a word that names none of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sambench.config import registry
from sambench.config.composition import composed
from sambench.config.resolve import RESERVED, known_switches
from sambench.config.spelling import SHOW, nearest
from sambench.errors import UsageError

KINDS = {group: kind for kind, group in registry.GROUPS.items()}
OPEN = (*KINDS, "executor", "hydra")
"""Parts of the configuration to which a word may add a key (`+model.texture_weight=0`): each checks its own keys."""

LISTED = {
    "task": "; `sambench ls tasks` lists them",
    "model": "; `sambench ls models` lists them",
    "data": "; `sambench ls data` lists them",
    "hydra/launcher": "; more are installed with pip install 'sambench[slurm]' or 'sambench[ray-sweeps]'",
}
"""Group -> what a message adds to the nearest name."""


def with_choices(chosen: Sequence[str]) -> dict[str, Any]:
    """Compose the choices of groups alone, with nothing resolved.

    Raises:
        UsageError: A choice does not go with the others.
    """
    try:
        return plain_values(composed(chosen))
    except (HydraException, OmegaConfBaseException) as error:
        match = re.search(r"(?:override|delete) '([^'@]+)'.*No match in the defaults list", str(error))
        if match is None:
            raise _not_together(chosen, str(error)) from error
        group = match[1]
        word = next((word for word in chosen if word.lstrip("~").partition("=")[0] == group), group)
        parent, _, name = group.rpartition("/")
        if not parent:
            raise UsageError(f"no {group} is chosen by default", where=word, mend=f"write +{word}") from error
        raise UsageError(
            f"{group} chooses among the presets of {parent}={name}, which is not the {parent} that was chosen",
            where=word,
            mend=f"choose {parent}={name}, or leave {group} out",
        ) from error


def plain_values(config: DictConfig) -> dict[str, Any]:
    """Return a configuration as plain values, with nothing resolved."""
    plain = OmegaConf.to_container(config, resolve=False)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _not_together(chosen: Sequence[str], message: str) -> UsageError:
    where = " ".join(chosen)
    absent = re.search(r"Could not find '(.+?)'", message)
    if absent is not None and absent[1].startswith("hydra/"):
        what = f"what was chosen needs {absent[1]}, which is not installed"
        mend = "install launchers with pip install 'sambench[slurm]' or 'sambench[ray-sweeps]'"
        return UsageError(what, where=where, mend=mend)
    if absent is not None:
        what = f"what was chosen names {absent[1]!r}, which is not there"
        return UsageError(what, where=where, mend="mend the `defaults` of your configuration, or add its folder")
    first = message.strip().partition("\n")[0]
    return UsageError(f"the choices do not go together: {first}", where=where, mend=SHOW)


def check_key(one: Override, config: Mapping[str, Any], also: Sequence[str]) -> None:
    """Refuse a key that is not there, and a value in the place of a group of keys.

    Args:
        one: The word, read in Hydra's grammar.
        config: From `with_choices`.
        also: Keys of the command itself, for the nearest name.

    Raises:
        UsageError: Names the key and the nearest.
    """
    key, word = one.key_or_group, str(one.input_line)
    parts = key.split(".")
    if parts[0] == "hydra":
        return
    adds = one.is_add() or one.is_force_add()
    here: Any = config
    for depth, part in enumerate(parts):
        above = ".".join(parts[:depth])
        if isinstance(here, list) and part.isdecimal():
            return
        if not isinstance(here, dict):
            if here is None and adds:
                return
            raise UsageError(f"{above} is one value and has no key {part!r}", where=word, mend=f"use {above}=...")
        if part not in here:
            if adds and depth and parts[0] in OPEN and not _is_closed(parts, here):
                return
            raise _no_key(one, depth, config, here, also)
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
    one: Override, depth: int, config: Mapping[str, Any], here: Mapping[str, Any], also: Sequence[str]
) -> UsageError:
    """Say that a key is not there, with the nearest that is."""
    key, word = one.key_or_group, str(one.input_line)
    parts = key.split(".")
    above, part = ".".join(parts[:depth]), parts[depth]
    own = list(here)
    if depth == 1 and parts[0] in KINDS:
        with suppress(UsageError):
            target = registry.resolve(KINDS[parts[0]], here["name"], own_words=True)
            own += [name for name in known_switches(KINDS[parts[0]], target)[0] if name not in here]
    if parts[0] == "task" and not config.get("task"):
        return UsageError("no task was chosen", where=word, mend="add task=edges; `sambench ls tasks` lists them")
    if part in own:
        what = f"the file of {parts[0]} {here['name']} does not list {part}"
        return UsageError(what, where=word, mend=f"use +{key}=...")
    every = [*also, *keys_of(config)]
    same_leaf = [name for name in every if name.rpartition(".")[2] == key]
    same_depth = [
        f"{'' if name in here else '+'}{'.'.join([*parts[:depth], name, *parts[depth + 1 :]])}"
        for name in nearest(part, own)
    ]
    near = same_leaf[:3]
    if not near:
        near = same_depth if depth else nearest(key, every) or same_depth or _by_leaf(key, every)
    if above:
        name = f" {here['name']}" if above in KINDS else ""
        switches = [one for one in own if above not in KINDS or one not in RESERVED]
        what = f"{above}{name} has no switch {part!r}; it has: {', '.join(switches)}"
    else:
        what = f"there is no setting {part!r}"
    listed = LISTED.get(parts[0], "").removeprefix("; ")
    other = f"leave {key} out, or choose another {parts[0]} with {parts[0]}=NAME; {listed}"
    return unknown(word, what, near, other if parts[0] in KINDS else SHOW)


def _by_leaf(key: str, every: Sequence[str]) -> list[str]:
    """Return keys whose last part resembles the last part of a key."""
    leaves: dict[str, str] = {}
    for name in every:
        leaves.setdefault(name.rpartition(".")[2], name)
    return [leaves[leaf] for leaf in nearest(key.rpartition(".")[2], leaves)]


def unknown(word: str, what: str, near: Sequence[str], else_: str) -> UsageError:
    """Return the error of a word that names what is not there, with the nearest names or something else that mends."""
    mend = f"use {' or '.join(f'{name}=...' for name in near)}" if near else else_
    return UsageError(what, where=word, mend=mend)


def keys_of(config: Mapping[str, Any], above: str = "") -> list[str]:
    """Return every key of a configuration, groups of keys included, as a.b.c."""
    keys: list[str] = []
    for name, value in config.items():
        keys.append(f"{above}{name}")
        if isinstance(value, dict):
            keys += keys_of(value, f"{above}{name}.")
    return keys
