"""Configuration and code in folders that the user named with `--config-dir` on this command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sambench.errors import UsageError
from sambench.files.yaml_files import read_yaml

FLAGS = ("--config-dir", "-cd")
GROUPS = ("ablation", "cluster", "data", "executor", "gate", "model", "table", "task")
"""Folders of configuration."""

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
    for path in (path for group in GROUPS for path in sorted((folder / group).rglob("*.yaml"))):
        _check_form(read_yaml(path, "configuration"), path)
    if folder.resolve() not in _folders:
        _folders.append(folder.resolve())
        sys.path.append(str(folder.resolve()))


def _check_form(content: Any, path: Path) -> None:
    """Check what Hydra takes for granted of a file.

    Raises:
        UsageError: Its keys are no names, or its `defaults` no list of names and of group: name.
    """
    keys = content if isinstance(content, dict) else {}
    defaults = keys.get("defaults", [])
    entries = defaults if isinstance(defaults, list) else [None]
    pairs = [entry.items() if isinstance(entry, dict) and len(entry) == 1 else [(entry, "")] for entry in entries]
    plain = all(isinstance(one, str) and isinstance(name, str | list | None) for pair in pairs for one, name in pair)
    if content is not None and not (isinstance(content, dict) and all(isinstance(key, str) for key in keys) and plain):
        raise UsageError(
            "the configuration is not made of `key: value` lines, its `defaults` a list of names and of `group: name`",
            where=path,
            mend="write it as docs/plugins.md shows, or keep other YAML files out of this folder's groups",
        )


def config_folders() -> tuple[Path, ...]:
    """Return the folders that were named, as absolute paths."""
    return tuple(_folders)


def declared_names(group: str) -> set[str]:
    """Return every `module:attribute` that a file of a group ("task", "model", "data") in these folders names.

    Raises:
        UsageError: A file cannot be read.
    """
    names = set()
    for path in (path for folder in _folders for path in sorted((folder / group).rglob("*.yaml"))):
        content = read_yaml(path, "configuration")
        if isinstance(content, dict) and isinstance(content.get("name"), str):
            names.add(content["name"])
    return names
