"""The words of a command: `key=value` held against what it declares, and flags that `run` and `score` hand to Hydra."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT
from sambench.config.ranges import collecting, raise_faults
from sambench.config.resolve import convert
from sambench.config.spelling import choose_value, nearest
from sambench.errors import UsageError
from sambench.files.storage.locations import is_remote

_EXPONENT = re.compile(r"[-+]?\d+[eE][-+]?\d+")


def read(command: Command, words: Sequence[str]) -> dict[str, Any]:
    """Return a command's values by key, defaults included, from the words that follow its name and argument.

    Raises:
        UsageError: A word is none of the command's, a value does not fit its key, or a required one is missing.
    """
    return checked(command, parse(command, words))


def own_words(command: Command, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part the words that set a command's own keys from those that it hands on to `sambench run`."""
    own = [word for word in words if command.key(word.partition("=")[0])]
    return own, [word for word in words if word not in own]


def parse(command: Command, words: Sequence[str], also: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read `key=value` words; values are YAML, so `[a,b]` is a list and `null` is nothing.

    Args:
        command: Whose words they are.
        words: What stands after its name and argument.
        also: More keys that it takes, with their defaults, which are those of keys of the same name too.

    Raises:
        UsageError: A word is not `key=value`, the key is unknown, the value cannot be read or should be a local path.
    """
    values = {**{key.name: key.default for key in command.keys}, **(also or {})}
    for word in words:
        key, equals, text = word.partition("=")
        if key not in values and text and key.upper() in command.argument.strip("[]").split():
            whole = shlex.join(["sambench", *command.name.split(), text, *(other for other in words if other != word)])
            raise UsageError(f"what is {key} here is given without a key", where=word, mend=f"use `{whole}`")
        _check_word(command, list(values), word, key, equals)
        values[key] = _value(key, text, word)
        declared = command.key(key)
        if declared and declared.path == "local" and is_remote(values[key]):
            raise UsageError(f"{key} takes a local path", where=word, mend=f"give {key}=FOLDER")
    return values


def _check_word(command: Command, known: list[str], word: str, key: str, equals: str) -> None:
    """Refuse a flag, a word without an equals sign, and a key that the command does not have."""
    if word.startswith("-"):
        mend = f"its page is `sambench {command.name} --help`"
        raise UsageError(f"sambench {command.name} has no flag {key}", where=word, mend=mend)
    if not equals:
        near = nearest(word, known) or known
        mend = f"use {', '.join(f'{name}=...' for name in near)}" if known else f"leave {word} out"
        raise UsageError(f"{word!r} is not of the form key=value", where=f"sambench {command.name}", mend=mend)
    if key not in known:
        near = nearest(key, known)
        raise UsageError(
            f"sambench {command.name} has no {key!r}; it has {', '.join(known) or 'no keys'}",
            where=word,
            mend=f"use {near[0]}=..." if near else f"leave {key} out",
        )


def _value(key: str, text: str, word: str) -> Any:
    import yaml

    try:
        # YAML 1.1 takes 1e3 for a text, which `sambench run` and people do not.
        return float(text) if _EXPONENT.fullmatch(text) else yaml.safe_load(text)
    except yaml.YAMLError as error:
        what = f"the value of {key} cannot be read: {text!r} has brackets, quotes or signs that do not fit together"
        raise UsageError(what, where=word, mend="close what is open, or quote a text") from error


def checked(command: Command, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a command's values held against the type, range and choices of its keys.

    Args:
        command: Whose values they are.
        values: From `parse`.

    Raises:
        UsageError: Names every key whose value does not fit, or the first required one that is missing.
    """
    for key in command.keys:
        if key.required and values[key.name] is None:
            verb = "were" if key.name.endswith("s") else "was"
            raise UsageError(f"no {key.name} {verb} given", where=f"sambench {command.name}", mend=f"add {key.shown}")
    fitted, faults = dict(values), list[UsageError]()
    for key in command.keys:
        with collecting(faults):
            fitted[key.name] = _fitting(key, values[key.name])
    raise_faults(faults)
    return fitted


def _fitting(key: Key, value: Any) -> Any:
    if key.beside and value in key.beside:
        return value
    if key.choices and value not in key.choices:
        raise choose_value(key.name, value, key.choices)
    if key.is_list:
        items = [] if value is None else value if isinstance(value, list) else [value]
        return convert(items, key.type, key.name) if value is not None else items
    return convert(value, key.type, key.name)


_SHORT = {
    "-c": "--cfg",
    "-cn": "--config-name",
    "-cp": "--config-path",
    "-i": "--info",
    "-m": "--multirun",
    "-p": "--package",
    "-r": "--run",
}
_INFO = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
_TAKES: dict[str, tuple[str, ...] | str | None] = {
    "--multirun": None,
    "--cfg": ("job", "hydra", "all"),
    "--resolve": None,
    "--package": "PART, as in task",
    "--info": _INFO,
    "--run": None,
    "--hydra-help": None,
    "--config-name": "NAME",
    "--config-path": "FOLDER",
    "--experimental-rerun": "FILE",
}
"""Flag -> what it takes: nothing, one of some words, or a text that is described."""

SHOWN_FLAGS = {
    "--multirun, -m": "a run of each of several values: task.nms_iou=0.5,0.7 (and +cluster=slurm for a job of each)",
    "--cfg job, -c job": "print the settings and run nothing; with --resolve what they come to",
    "--info, -i": "print where the settings come from",
    "--config-dir FOLDER": "configurations of your own and the code beside them (docs/plugins.md)",
}
"""The flags that pages show, with what each does."""

_OTHERS = ("--help", "--config-dir", "--version", "--quiet")


def part_flags(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the flags among a command's words, each in full as --flag or --flag=value, and the other words.

    Raises:
        UsageError: There is no such flag, or it does not take what it is given.
    """
    flags: list[str] = []
    rest: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("-"):
            rest.append(word)
            continue
        name, equals, value = word.partition("=")
        flag = _SHORT.get(name, name)
        if flag not in _TAKES:
            near = nearest(flag, [*_TAKES, *_OTHERS])
            raise UsageError(
                f"there is no flag {name}",
                where=word,
                mend=f"use {near[0]}" if near else "write KEY=VALUE; `sambench run --help` shows what there is",
            )
        takes = _TAKES[flag]
        if not equals and takes is not None and left and _fits(left[0], takes):
            equals, value = "=", left.pop(0)
        if flag == "--info" and not equals:
            equals, value = "=", "all"
        _check(flag, takes, equals, value, word)
        flags.append(f"{flag}{equals}{value}")
    if "--resolve" in flags and not any(flag.startswith("--cfg") for flag in flags):
        raise UsageError("--resolve goes with --cfg", where="--resolve", mend="use --cfg job --resolve")
    return flags, rest


def _fits(word: str, takes: tuple[str, ...] | str) -> bool:
    if isinstance(takes, tuple):  # a misspelt one is told, a key=value is the next word
        return "=" not in word and not word.startswith("-")
    return not word.startswith("-")


def _check(flag: str, takes: tuple[str, ...] | str | None, equals: str, value: str, word: str) -> None:
    if takes is None and equals:
        raise UsageError(f"{flag} takes no value", where=word, mend=f"write {flag} alone")
    if isinstance(takes, str) and not value:
        raise UsageError(f"{flag} needs a value", where=word, mend=f"write {flag} {takes}")
    if isinstance(takes, tuple) and value not in takes:
        near = nearest(value, takes) or [takes[0]]
        what = f"{flag} takes {', '.join(takes)}, not {value!r}" if value else f"{flag} needs one of {', '.join(takes)}"
        raise UsageError(what, where=f"{flag} {value}".strip(), mend=f"use {flag} {near[0]}")


def part_format(command: Command, words: Sequence[str]) -> tuple[str, list[str]]:
    """Return the format that words of a command ask for, and the words without it, for what they are handed on to."""
    own = [word for word in words if word.startswith("format=")]
    form: str = read(Command(command.name, "", keys=(FORMAT,)), own)["format"]
    return form, [word for word in words if word not in own]
