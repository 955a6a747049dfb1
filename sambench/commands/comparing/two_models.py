"""Words of a command that takes two models, and what is built of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sambench.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from sambench.models.base import PromptableModel


def side_words(
    words: Sequence[str], sides: tuple[str, str], command: str, task: str, limit: int
) -> tuple[list[str], list[str]]:
    """Return the words of `sambench run` for each side: its own model, and what holds for both.

    Args:
        words: Of the command line.
        sides: The words that stand for `model` on each side, as in `model_a=sam model_a.checkpoint=FILE`.
        command: For messages.
        task, limit: What is run, and on how many images, where no word says so.

    Raises:
        UsageError: A side has no model.
    """
    common = [word for word in words if not re.match(rf"[+~]*({'|'.join(sides)})\b", word)]
    if not any(word.startswith("task=") for word in common):
        common.insert(0, f"task={task}")
    if not any(word.startswith("limit=") for word in common):
        common.append(f"limit={limit}")
    by_side = []
    for side in sides:
        own = re.compile(rf"([+~]*){side}(?=[.=])")
        chosen = [own.sub(r"\1model", word) for word in words if own.match(word)]
        if not any(word.startswith("model=") for word in chosen):
            what = f"no {side} was given"
            raise UsageError(
                what, where=f"sambench {command}", mend=f"add {side}=NAME; `sambench ls models` lists them"
            )
        by_side.append([*chosen, *common])
    return by_side[0], by_side[1]


def composed(words: Sequence[str], also: Sequence[str]) -> dict[str, Any]:
    """Return a configuration; `also` are keys of the command's own, for a misspelt word."""
    from sambench.api.calls import compose

    return compose(words, also=also)


def built(config: dict[str, Any]) -> PromptableModel:
    """Build the model of a configuration."""
    from sambench.config.resolve import build
    from sambench.models.devices import resolve_device

    device = resolve_device(config["device"])
    model: PromptableModel = build("models", "model", config["model"], own_words=True, device=device)
    return model


def images(config: dict[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    """Read the images that a configuration's data and limit choose."""
    from sambench.config.resolve import build
    from sambench.engine.building import open_dataset

    task = build("tasks", "task", config["task"], own_words=True)
    dataset = open_dataset(config["data"], task, own_words=True)
    for key in dataset.keys:
        yield key, dataset.load(key).image
