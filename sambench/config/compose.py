"""From words in Hydra's grammar to a resolved configuration of plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sambench.config.composition import composed
from sambench.config.overrides import check_words, refusal
from sambench.config.spelling import SHOW, nearest
from sambench.errors import UsageError

SECTIONS = ("task", "model", "data", "executor", "run", "cache", "predictions")
"""Top-level keys that hold keys."""


def compose(
    overrides: Sequence[str], settings: Mapping[str, Any] | None = None, also: Sequence[str] = ()
) -> dict[str, Any]:
    """Compose the configuration from overrides in Hydra's grammar and top-level settings.

    Args:
        overrides: `key=value` words.
        settings: Top-level keys with their values.
        also: Keys that a command takes for itself; a misspelt one may be told as one of them.

    Raises:
        UsageError: A word cannot be read, or names what is not there; the nearest name is told.
    """
    words = hydra_words(overrides)
    try:
        if any(word.startswith(("+", "~")) for word in words):  # Hydra lets any key be added, and some be taken out
            check_words(words, also=also)
        config = composed(words)
        for key, value in (settings or {}).items():
            key = "predictions.path" if key == "predictions" and not isinstance(value, Mapping) else key
            if key not in config and "." not in key:
                near = nearest(key, map(str, config))
                raise UsageError(f"there is no key {key!r}", where=key, mend=f"use {near[0]}=" if near else SHOW)
            OmegaConf.update(config, key, value, merge=True)
        return resolve(config)
    except (HydraException, OmegaConfBaseException, ValueError, TypeError, RecursionError) as error:
        raise refusal(words, error, also=also) from error


def hydra_words(words: Sequence[str], sweep: bool = False) -> list[str]:
    """Put words into Hydra's grammar: `predictions=PATH`, and `devices=cuda:0,1`, whose comma is none of a sweep.

    `data.name=TEXT`, the user's name for own data, becomes the reader's title, as `name` is the reader itself.

    Args:
        words: What the user wrote.
        sweep: Whether commas part the members of a sweep.
    """
    return [_hydra_word(word, sweep) for word in words]


def _hydra_word(word: str, sweep: bool) -> str:
    if not sweep and (match := re.fullmatch(r"devices=(\w+:\d+(?:,\d+)+)", word)):
        return f"devices='{match[1]}'"
    return re.sub(r"^data\.name=", "data.title=", re.sub(r"^predictions=", "predictions.path=", word))


def resolve(config: Any) -> dict[str, Any]:
    """Turn a composed configuration into plain values, `${...}` replaced.

    Raises:
        UsageError: No task was chosen.
    """
    plain = OmegaConf.to_container(config, resolve=True)
    if not isinstance(plain, dict) or not plain.get("task"):
        raise UsageError("no task was chosen", where="task", mend="add task=edges; `sambench ls tasks` lists them")
    for key in SECTIONS:
        if not isinstance(plain.get(key), dict):
            raise UsageError(
                f"{key} is {plain.get(key)!r}, but is a group of keys", where=key, mend=f"use {key}.KEY=...; {SHOW}"
            )
    plain.pop("hydra", None)
    return {str(key): value for key, value in plain.items()}
