"""The command line: one word chooses the command; nothing heavy is imported before it is needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from sambench.commands import COMMANDS, command_of
from sambench.commands.grammar.completion import main as complete
from sambench.commands.grammar.declaration import Command
from sambench.commands.grammar.pages import overview, page, page_width
from sambench.config.local_configs import take_config_dirs
from sambench.config.spelling import nearest
from sambench.errors import SambenchError, UsageError
from sambench.files.faults import DEFECT, defect_report, plain_interrupts, refusals_as_errors
from sambench.files.progress import quiet
from sambench.files.version import __version__

QUIETLY = ("--quiet", "-q")
"""Flags of every command: no progress, and no word of files that were written."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Exits with 0; 1 where a gate found a regression; 2 on wrong usage, bad input or a machine's refusal; 3 where runs
    cannot be compared; 70 on a defect, whose traceback is in a file; 130 on Ctrl-C.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    # torch asks for large pages where the system offers them: full-size logits of many masks are made a third faster.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    try:
        with plain_interrupts(), refusals_as_errors():
            code = dispatch(words)
            sys.stdout.flush()
    except SambenchError as error:
        print(f"sambench: {error}", file=sys.stderr)
        code = error.exit_code
    except KeyboardInterrupt:
        print("sambench: interrupted; what is done is kept, the same command goes on from there", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        code = 0
    except Exception as error:  # 1 means a regression, so no crash may end with it
        print(f"sambench: {defect_report(error)}", file=sys.stderr)
        code = DEFECT
    _let_go_of_output()
    sys.exit(code)


def _let_go_of_output() -> None:
    """Drop output that cannot be written any more, so that the interpreter does not try again when it ends."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def dispatch(words: list[str]) -> int:
    """Choose the command and run it; returns the exit code.

    Raises:
        UsageError: There is no such command.
    """
    if words[:1] == ["help"] and words[1:]:
        words = [*words[1:], "--help"]
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview(map(command_of, COMMANDS), page_width()))
        return 0 if words else 2
    if words[0] in ("--version", "version"):
        print(f"sambench {__version__}")
        return 0
    if words[0] in ("-sc", "--shell-completion"):
        return complete(words[1:])
    if words[0] not in COMMANDS:
        near = nearest(words[0], [name for name in COMMANDS if name != "rm"]) or nearest(words[0], COMMANDS)
        raise UsageError(
            f"there is no command {words[0]!r}; there are {', '.join(COMMANDS)}",
            where=f"sambench {' '.join(words)}",
            mend=f"did you mean `sambench {near[0]}`?" if near else "`sambench --help` explains each",
        )
    asked = any(word in QUIETLY for word in words)
    with quiet(asked):
        return _of_command(words[0], [word for word in words[1:] if word not in QUIETLY])


def _of_command(name: str, words: list[str]) -> int:
    """Run a command, or show its page."""
    rest = take_config_dirs(words)
    command, rest = command_of(name).chosen(rest)
    if "-h" in rest or "--help" in rest:
        print(page(command, page_width()))
        return 0
    if command.main is None and rest:
        raise _no_such_part(command, rest)
    if command.main is None or not (rest or command.runs_bare):
        print(page(command, page_width()))
        return 2
    return command.main(rest)


def _no_such_part(command: Command, words: list[str]) -> UsageError:
    """Return the error of a word that names no part of a command; the nearest is named."""
    names = [part.name.split()[-1] for part in command.parts]
    near = nearest(words[0], names)
    others = " ".join(words[1:])
    return UsageError(
        f"sambench {command.name} has no {words[0]!r}; it has {', '.join(names)}",
        where=f"sambench {command.name} {' '.join(words)}",
        mend=f"use sambench {command.name} {' '.join([*near, others]).strip()}"
        if near
        else f"`sambench {command.name} --help` explains each",
    )


if __name__ == "__main__":
    main()
