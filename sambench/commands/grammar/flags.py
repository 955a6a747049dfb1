"""What `sambench run` and `score` read of their words before Hydra sees the others: flags, and how results are told."""

from __future__ import annotations

from collections.abc import Sequence

from sambench.commands.grammar.declaration import Command
from sambench.commands.grammar.output import FORMAT
from sambench.commands.grammar.words import read
from sambench.config.spelling import nearest
from sambench.errors import UsageError

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
