"""Configuration and code in folders that the user named with `--config-dir` on this command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from sambench.errors import UsageError

FLAGS = ("--config-dir", "-cd")

_folders: list[Path] = []


def take_config_dirs(words: Sequence[str]) -> list[str]:
    """Take `--config-dir FOLDER` out of a command's words, and let its configs and the code beside them be used.

    Raises:
        UsageError: A folder is not named or not there.
    """
    rest: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        flag, equals, value = word.partition("=")
        if flag not in FLAGS:
            rest.append(word)
            continue
        if not equals:
            value = left.pop(0) if left else ""
        if not value:
            raise UsageError("no folder was named", where=word, mend="give --config-dir FOLDER")
        _use(Path(value).expanduser(), word)
    return rest


def _use(folder: Path, word: str) -> None:
    if not folder.is_dir():
        raise UsageError(f"there is no folder {str(folder)!r}", where=word, mend="give --config-dir FOLDER")
    if folder.resolve() not in _folders:
        _folders.append(folder.resolve())
        sys.path.append(str(folder.resolve()))


def config_folders() -> tuple[Path, ...]:
    """Return the folders that were named, as absolute paths."""
    return tuple(_folders)


def declared_names(group: str) -> set[str]:
    """Return every `module:attribute` that a file of a group ("task", "model", "data") in these folders names.

    Raises:
        UsageError: A file cannot be read.
    """
    found = set()
    for path in (path for folder in _folders for path in sorted((folder / group).rglob("*.yaml"))):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"the configuration cannot be read: {error}", where=path, mend="mend its YAML") from error
        if isinstance(content, dict) and isinstance(content.get("name"), str):
            found.add(content["name"])
    return found
