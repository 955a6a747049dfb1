"""Tab completion: a command's words from what it declares; of `run` and `score` the rest from Hydra."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from sambench.commands.grammar.declaration import Command, Key


def main(words: list[str]) -> int:
    """Answer `-sc install=SHELL`, `uninstall=SHELL` and the shell's own `query=SHELL`."""
    from sambench.commands import COMMANDS, command_of

    if any(word.startswith("query=") for word in words):
        line = os.environ.get("COMP_LINE", "")
        typed = line.split(" ")
        if len(typed) <= 2:
            print(" ".join(_starting(COMMANDS, typed[-1] if len(typed) == 2 else "")))
            return 0
        if typed[1] not in COMMANDS:
            return 0
        command = command_of(typed[1])
        candidates = completions(command, typed[2:])
        if candidates or not command.takes_run_words:
            print(" ".join(candidates))
            return 0
        # What remains are the words of `run`: for Hydra there is no command word.
        os.environ["COMP_LINE"] = line.replace(f" {typed[1]}", "", 1)
        point = int(os.environ.get("COMP_POINT", len(line)))
        os.environ["COMP_POINT"] = str(point - len(typed[1]) - 1)
    import hydra

    from sambench.config.composition import register_configs

    register_configs()
    sys.argv = ["sambench", "-sc", *words]
    hydra.main(version_base="1.3", config_path="pkg://sambench.configs", config_name="config")(_nothing)()
    return 0


def _nothing(config: object) -> None:
    """Hydra completes for an application; this one's job is never run."""


def completions(command: Command, words: list[str]) -> list[str]:
    """Return what the last of a command's words may become, by the command's own declaration.

    Args:
        command: The command.
        words: What is typed behind its name; the last is the one that is completed, "" where it is not begun.
    """
    *before, last = words
    part, rest = command.chosen(before)
    name, equals, text = last.partition("=")
    if equals:
        key = part.key(name)
        return [] if key is None else _values(key, text)
    if last.startswith("-"):
        return _starting([flag for names in part.flags for flag in names.replace(",", "").split()], last)
    candidates = [one.name.split()[-1] for one in part.parts] if not rest else []
    if part.arguments == "paths":
        candidates += _paths(last) if last else []
    elif part.arguments and not rest:
        candidates += part.arguments()
    if not part.takes_run_words:  # these are far more than the few keys that the command has
        candidates += [
            f"{key.name}=" for key in part.keys if not any(word.startswith(f"{key.name}=") for word in before)
        ]
    return _starting(candidates, last)


def _values(key: Key, text: str) -> list[str]:
    """Return the words `key=value` that begin as what is typed; of a list its last item is completed."""
    head, last = "", text
    if key.is_list:
        head, last = (
            (text[: cut + 1], text[cut + 1 :]) if (cut := max(text.rfind("["), text.rfind(","))) >= 0 else ("", text)
        )
    if key.path:
        candidates = _paths(last)
    elif key.type is bool:
        candidates = ["true", "false"]
    else:
        candidates = [*key.beside, *(key.choices or (key.names() if key.names else ()))]
    return [f"{key.name}={head}{one}" for one in _starting(candidates, last)]


def _paths(text: str) -> list[str]:
    """Return the paths that begin as what is typed, folders with a slash; hidden ones only where a dot is typed."""
    folder, _, begun = text.rpartition("/")
    base = Path(folder or ("/" if text.startswith("/") else ".")).expanduser()
    prefix = text[: len(text) - len(begun)]
    try:
        entries = sorted(base.iterdir())
    except OSError:
        return []
    shown = [entry for entry in entries if entry.name.startswith(begun) and (begun or not entry.name.startswith("."))]
    return [f"{prefix}{entry.name}{'/' if entry.is_dir() else ''}" for entry in shown]


def _starting(names: Iterable[str], begun: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(begun)]
