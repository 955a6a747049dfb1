"""The `key=value` words of commands that need no composed configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sambench.config.ranges import collecting, raise_faults
from sambench.config.resolve import convert
from sambench.config.spelling import nearest
from sambench.errors import UsageError
from sambench.storage.places import is_remote

_EXPONENT = re.compile(r"[-+]?\d+[eE][-+]?\d+")


def parse(
    words: Sequence[str], defaults: Mapping[str, Any], command: str, local: Sequence[str] = ("out", "json")
) -> dict[str, Any]:
    """Read `key=value` words; values are YAML, so `[a,b]` is a list and `null` is nothing.

    Args:
        words: What stands after the command.
        defaults: The keys it takes, with their defaults.
        command: For messages, as in "table edges".
        local: Keys whose value cannot be a URL.

    Raises:
        UsageError: A word is not `key=value`, the key is unknown, the value cannot be read or should be a local path.
    """
    import yaml

    values = dict(defaults)
    for word in words:
        key, equals, text = word.partition("=")
        if word.startswith("-"):
            raise UsageError(
                f"sambench {command} has no flag {key}",
                where=word,
                mend=f"its page is `sambench {command.split()[0]} --help`",
            )
        if not equals:
            near = nearest(word, defaults)
            raise UsageError(
                f"{word!r} is not of the form key=value",
                where=f"sambench {command}",
                mend=f"use {', '.join(f'{name}=...' for name in near or defaults)}"
                if defaults
                else f"leave {word} out",
            )
        if key not in defaults:
            near = nearest(key, defaults)
            raise UsageError(
                f"sambench {command} has no {key!r}; it has {', '.join(defaults) or 'no keys'}",
                where=word,
                mend=f"use {near[0]}=..." if near else f"leave {key} out",
            )
        try:
            # YAML 1.1 takes 1e3 for a text, which `sambench run` and people do not.
            values[key] = float(text) if _EXPONENT.fullmatch(text) else yaml.safe_load(text)
        except yaml.YAMLError as error:
            what = f"the value of {key} cannot be read: {text!r} has brackets, quotes or signs that do not fit together"
            raise UsageError(what, where=word, mend="close what is open, or quote a text") from error
        if key in local and is_remote(values[key]):
            raise UsageError(f"{key} takes a local path", where=word, mend=f"give {key}=FOLDER")
    return values


def checked(values: Mapping[str, Any], takes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a command's values with those that are to be of a type and in a range held against it.

    Args:
        values: From `parse`.
        takes: Key -> its type, with a `Range` where it is a number (`config.convert`).

    Raises:
        UsageError: Names every key whose value does not fit.
    """
    found, faults = dict(values), list[UsageError]()
    for key, hint in takes.items():
        with collecting(faults):
            found[key] = convert(values[key], hint, key)
    raise_faults(faults)
    return found


def as_list(value: Any) -> list[str]:
    """Turn nothing, one value or a list into a list of texts."""
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
