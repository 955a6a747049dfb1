"""The pages of `--help`, made from what commands declare."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from sambench.commands.grammar.declaration import EXIT_CODES, Command, Key
from sambench.tables.fitting import fitted
from sambench.tables.folding import broken, terminal_width

WIDTH = 118

HEAD = "sambench: zero-shot evaluation of promptable segmentation models"

FOOT = """\
  sambench COMMAND --help                    the page of each, and of parts of it: sambench data check --help
  sambench --version

Every command takes --quiet (-q): no progress and no word of written files, only results, warnings and errors; those
that print a result take format=json (docs/json.md).

Every command takes --config-dir FOLDER: configurations of your own and the code beside them (docs/plugins.md). What a
stored run or a frozen baseline names is never run unless it is registered or declared in such a folder.

examples:
  sambench run task=edges                                     the embedded model on the embedded data, no download
  sambench run task=edges data=bsds500 data.root=/data        the same on BSDS500
  sambench run --multirun task=edges task.nms_iou=0.5,0.7,0.9 a sweep
  sambench table edges
tab completion for bash:
  eval "$(sambench run -sc install=bash)"
"""


def page_width() -> int:
    """Return how wide a page may be: as the terminal, but no wider than `WIDTH`, as in a file or a pipe."""
    return min(WIDTH, terminal_width() or WIDTH)


def overview(commands: Iterable[Command], width: int = WIDTH) -> str:
    """Return the page of `sambench --help`: every command with the words it needs, and a line about it.

    Args:
        commands: The commands.
        width: Columns of the terminal.
    """
    lines, about = [], 45 if width == WIDTH else 8
    for command in commands:
        words = f"  sambench {short(command)}"
        if len(words) > about - 2:
            lines += [words, f"{'':{about}}{command.summary}"]
        else:
            lines.append(f"{words:{about}}{command.summary}")
    return "\n".join(
        [_broken(HEAD, width), "", *(part for line in lines for part in broken(line, width)), _flowing(FOOT, width)]
    )


def short(command: Command) -> str:
    """Return a command with the words that it cannot do without."""
    needed = " ".join(key.shown for key in command.keys if key.required)
    parts = "" if command.main else "|".join(part.name.split()[-1] for part in command.parts)
    return " ".join(filter(None, [command.name, parts, command.argument, needed]))


def page(command: Command, width: int = WIDTH) -> str:
    """Return a command's page, for a terminal of so many columns."""
    parts = [f"  {usage}\n{'':8}{part.summary}" for part in command.parts for usage in ways(part, width - 2)]
    examples = [f"  {line}" for line in command.examples]
    blocks = [
        "\n".join(ways(command, width))
        if command.main
        else _broken(f"sambench {command.name}: {command.summary}", width),
        _flowing(command.about.strip("\n"), width),
        _broken("\n".join(["parts:", *parts]) if command.parts else "", width),
        _broken(command.lists().strip("\n") if command.lists else "", width),
        _titled("keys", {key.shown: key_help(key) for key in command.keys}, width),
        _titled("flags", command.flags, width),
        _titled("exit code", {str(code): text for code, text in exit_codes(command).items()}, width),
        _broken("\n".join([f"example{'s' * (len(command.examples) > 1)}:", *examples]), width),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _broken(text: str, width: int) -> str:
    """Break lines that are wider than a narrow terminal; wider pages keep theirs."""
    return text if width >= WIDTH else fitted(text, width)


def _flowing(text: str, width: int) -> str:
    """Fill paragraphs anew for a narrow terminal; those with lines that are indented, as tables, keep their lines."""
    if width >= WIDTH:
        return text
    flowed = []
    for paragraph in text.split("\n\n"):
        lines = paragraph.split("\n")
        plain = not any(line.startswith(" ") for line in lines)
        flowed += broken(" ".join(lines), width, "") if plain else fitted(paragraph, width).split("\n")
        flowed.append("")
    return "\n".join(flowed[:-1])


def usage(command: Command) -> str:
    """Return a command with all of its words on one line, those that may be left out in brackets."""
    words = [key.shown if key.required else f"[{key.shown}]" for key in command.keys]
    more = "[key=value ...]" if command.takes_run_words else ""
    return " ".join(filter(None, ["sambench", command.name, command.argument, *words, more]))


def ways(command: Command, width: int = WIDTH) -> list[str]:
    """Return the ways to write a command, wrapped."""
    indent = " " * len(f"sambench {command.name} ")
    ways = [f"sambench {way}" for way in command.usage] or [usage(command)]
    return [
        textwrap.fill(way, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        for way in ways
    ]


def _titled(title: str, lines: Mapping[str, str], page_width: int) -> str:
    """Return names with what is said of each beside them, below a title; nothing where there are none."""
    if not lines:
        return ""
    width = min(max(map(len, lines)), 24)
    return "\n".join([f"{title}:", *(_beside(name, text, width, page_width) for name, text in lines.items())])


def _beside(name: str, text: str, width: int, page_width: int) -> str:
    indent = " " * (width + 4)
    first = f"  {name:{width}}  " if len(name) <= width else f"  {name}\n{indent}"
    lines = textwrap.wrap(text, page_width - len(indent), break_long_words=False, break_on_hyphens=False)
    return first + f"\n{indent}".join(lines)


def key_help(key: Key) -> str:
    """Return what a page says of a key: its sentences, and its choices."""
    if not key.choices:
        return key.help
    return f"{key.help}: {_either(key.choices)}" if key.help else _either(key.choices)


def exit_codes(command: Command) -> dict[int, str]:
    """Return the exit codes that a page lists: none where the command has those that every command has."""
    if not command.exit_codes:
        return {}
    known = {code: EXIT_CODES[code] for code in (0, 2)} | dict(command.exit_codes)
    return dict(sorted(known.items()))


def _either(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(choices[:-1]), choices[-1]]))
