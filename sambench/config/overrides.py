"""Errors of `key=value` words that Hydra refuses: one sentence each, with the nearest name.

Hydra's own messages name its internals and the whole search path; here each word is looked at again to say what is
wrong with it. Nothing is looked at while Hydra is content.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from itertools import islice, product

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from sambench.config.composition import composed, config_loader
from sambench.config.override_keys import KINDS, LISTED, check_key, keys_of, plain_values, unknown, with_choices
from sambench.config.spelling import SHOW, nearest
from sambench.errors import SambenchError, UsageError, listing

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
    if match := re.match(r"Interpolation key '(.+)' not found", first):
        near = nearest(match[1], [key for key in keys_of(with_choices([])) if key != where])
        mend = f"write ${{{near[0]}}}" if near else SHOW
        return UsageError(f"{where} refers to {match[1]!r}, which is no key", where=where, mend=mend)
    if match := re.match(r"Could not \w+(?: \w+)* '(hydra\b.+?)'|Key '.+' is not in struct", first):
        key = match[1] or where
        near = nearest(key, keys_of(plain_values(composed([], with_hydra=True))))
        return unknown(key, f"there is no key {key!r}", near, SHOW)
    if match := re.match(r"Cannot find primary config '(.+?)'", first):
        mend = "name the folder that holds it with --config-dir FOLDER, or leave --config-name out"
        return UsageError(f"there is no configuration {match[1]!r} to start from", where="--config-name", mend=mend)
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
            raise unknown(word, f"there is no group {name!r}", nearest(name, groups), f"use one of {', '.join(groups)}")
        else:
            keys.append(one)
    for chosen in islice(product(*choices), _MEMBERS):
        config = with_choices(chosen)
        for one in keys:
            group, _, key = one.key_or_group.partition(".")
            if key == "name" and "name" in (config.get(group) or ()):
                config[group]["name"] = one.value()  # its switches are those of what it names
        for one in keys:
            check_key(one, config, also)


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
        near = nearest(word, [*keys_of(with_choices([])), *_groups(loader)])
        mend = f"write {near[0]}=..." if near else "write KEY=VALUE, as in limit=3"
        raise UsageError(f"{word!r} is not of the form key=value", where=word, mend=mend)
    try:
        one = OverridesParser.create(config_loader=loader).parse_overrides([word])[0]
    except HydraException as error:
        if re.fullmatch(r"[+~]*[\w./@:$-]+", key) is None:
            raise UsageError(f"{key!r} is not the name of a key", where=word, mend="write KEY=VALUE") from error
        what = f"the value of {key} cannot be read: {value!r} has brackets, quotes or signs that do not fit together"
        raise UsageError(what, where=word, mend=f"close what is open, or quote a text: '{key}=\"...\"'") from error
    if one.is_sweep_override() and not several:
        listed = value.removeprefix("choice(").removesuffix(")")
        mend = f"add --multirun for a run of each, or write {key}=[{listed}] where a list is meant"
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
    listed = LISTED.get(group, "")
    values = list(one.sweep_iterator()) if one.is_discrete_sweep() else [one.value()]
    for value in values:
        for name in value if isinstance(value, list) else [value]:
            if name and isinstance(name, str) and loader.repository.config_exists(f"{group}/{name}"):
                continue
            nearest_names = nearest(name, known)
            mend = f"use {' or '.join(f'{key}={near}' for near in nearest_names)}{listed}"
            if not nearest_names:
                mend = f"use one of {listing(known)}{listed}"
            if isinstance(name, str) and ":" in name and group in KINDS:
                mend = f"name your own with {group}.name={name}"
            what = f"no {group} is named" if name in (None, "") else f"there is no {group} {str(name)!r}"
            raise UsageError(what, where=word, mend=mend)
    if not values:
        raise UsageError(f"{word} fits no {group}", where=word, mend=f"use one of {listing(known)}{listed}")
    return [f"{key}={value}" for value in values] if one.is_sweep_override() else [word]


def _groups(loader: ConfigLoaderImpl) -> list[str]:
    """Return every group that a run chooses from, presets' groups as task/edges."""
    presets = [f"{group}/{name}" for group in _OF_RUNS for name in loader.list_groups(group)]
    return [*_OF_RUNS, *presets]


def run_by_hydra(main: Callable[[], None], words: list[str], several: bool) -> None:
    """Let Hydra compose and run; its errors are told in our words, a member's as that member raised it."""
    before = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra prints the error with its own frames and exits with 1
    try:
        main()
    except SambenchError:
        if several:
            print("sambench: a member of the sweep failed; the others were not stopped by it:", file=sys.stderr)
        raise
    except (HydraException, OmegaConfBaseException) as error:
        raise refusal(words, error, several) from error
    finally:
        if before is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = before
