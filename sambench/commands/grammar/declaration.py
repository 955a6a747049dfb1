"""What a command declares of itself, once: words, `--help`, completion and docs/commands.md are made from it."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

EXIT_CODES = {
    0: "done",
    2: "wrong usage, bad input or a machine's refusal",
    70: "a defect of sambench; its traceback is in a file that is named",
    130: "interrupted; the same command goes on from there",
}
"""What every command can end with."""


@dataclass(frozen=True)
class Key:
    """One `key=value` word of a command.

    Attributes:
        name: What stands before the equals sign.
        help: What it is, in one or more sentences.
        type: The type its value must have, with a `Range` where it is a number, as `config.resolve.convert` takes it.
            A `list` may be given as one value.
        default: Its value where it is left out.
        example: What pages show behind the equals sign; the default if empty.
        choices: The texts it takes, where there are only some.
        beside: Texts that it takes beside the values of its type, as "auto".
        required: Whether it has to be given.
        path: "local" for a path on this machine, "url" for one that may be a URL, None for no path.
        names: Returns what completion offers where the choices are known only at run time.
    """

    name: str
    help: str
    type: Any = Any
    default: Any = None
    example: str = ""
    choices: Sequence[str] = ()
    beside: Sequence[str] = ()
    required: bool = False
    path: Literal["local", "url"] | None = None
    names: Callable[[], Iterable[str]] | None = None

    @property
    def is_list(self) -> bool:
        """Whether its value is a list."""
        plain = typing.get_args(self.type)[0] if typing.get_origin(self.type) is typing.Annotated else self.type
        return typing.get_origin(plain) is list

    @property
    def shown(self) -> str:
        """The word as pages show it."""
        return f"{self.name}={self.example or spelled(self.default)}"


def keys_like(keys: Iterable[Key], names: Sequence[str], **changes: Any) -> tuple[Key, ...]:
    """Return some of another command's keys, in the order of their names, with fields changed in all of them."""
    known = {key.name: key for key in keys}
    return tuple(dataclasses.replace(known[name], **changes) for name in names)


@dataclass(frozen=True)
class Command:
    """One command, or a part of one as `gate freeze`.

    Attributes:
        name: Its words, without `sambench`.
        summary: A line about it.
        main: Takes the words after its name and returns the exit code; None where it does nothing without a part.
        about: Paragraphs for its page.
        argument: What stands before its keys, as pages show it: "RUN".
        arguments: What completion offers for the argument: names, or paths.
        keys: The words it takes.
        runs_bare: Whether it does something without any word; else its page is printed.
        takes_run_words: Whether it takes all words of `sambench run` beside its keys.
        usage: Other ways to write it, where the keys do not tell, each without `sambench`.
        lists: Returns what its page lists below the paragraphs.
        exit_codes: Those that it has beside `EXIT_CODES`, or that mean something more precise.
        examples: Whole commands.
        parts: Commands named by its first word.
        flags: Flags with what they do, for its page.
        result: What format=json prints, as "module:type" of `sambench.commands.results`; empty for no result.
    """

    name: str
    summary: str
    main: Callable[[list[str]], int] | None = None
    about: str = ""
    argument: str = ""
    arguments: Callable[[], Iterable[str]] | Literal["paths"] | None = None
    keys: Sequence[Key] = ()
    runs_bare: bool = False
    takes_run_words: bool = False
    usage: Sequence[str] = ()
    lists: Callable[[], str] | None = None
    exit_codes: Mapping[int, str] = field(default_factory=dict)
    examples: Sequence[str] = ()
    parts: Sequence[Command] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    result: str = ""

    def key(self, name: str) -> Key | None:
        """Return its key of a name, None where it has none."""
        return next((key for key in self.keys if key.name == name), None)

    def chosen(self, words: Sequence[str]) -> tuple[Command, list[str]]:
        """Return the part that the first word names, or the command itself, and the words after it."""
        for part in self.parts:
            if words and words[0] == part.name.split()[-1]:
                return part, list(words[1:])
        return self, list(words)


def spelled(value: Any) -> str:
    """Return a value as a word of the command line spells it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{','.join(map(spelled, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
