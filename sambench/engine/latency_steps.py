"""The steps that cost time between an image and its masks, as calls that can be timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np

from sambench.config.ranges import Range
from sambench.engine.predictor import Predictor
from sambench.masks.generator import AutomaticMaskGenerator
from sambench.masks.generator_settings import GeneratorSettings
from sambench.masks.resize import masks_on_host
from sambench.models.base import PromptableModel
from sambench.prompts.grid import random_points
from sambench.types import Embedding, Prompts

Step = tuple[str, int]
"""A step's name, and how many images or prompts it takes at once."""


@dataclass(frozen=True)
class StepSettings:
    """What is timed, and how often.

    Attributes:
        prompts: Numbers K of points that are decoded on one embedding.
        batches: Numbers of images that are encoded at once (copies of the same image).
        generate: Points a side of automatic generation with the released settings; 0 leaves it out.
        multimask: Ask for the model's several masks a point, or for its single one.
        warmup: Untimed calls before each step, of each image.
        repeats: Timed calls of a step at most.
        seconds: No further call of a step begins after so long.
        seed: Of the points.
    """

    prompts: Annotated[tuple[int, ...], Range(1, 65536)] = (1, 4, 16, 64, 256)
    batches: Annotated[tuple[int, ...], Range(1, 4096)] = (1,)
    generate: Annotated[int, Range(0, 512)] = 32
    multimask: bool = True
    warmup: Annotated[int, Range(0, 1000)] = 1
    repeats: Annotated[int, Range(1, 100000)] = 20
    seconds: Annotated[float, Range(0, 86400)] = 3.0
    seed: Annotated[int, Range(0, 2**32 - 1)] = 0


def steps_of(predictor: Predictor, image: np.ndarray, settings: StepSettings) -> dict[Step, Callable[[], object]]:
    """Return the calls of one image; those that decode share an embedding, which is made here.

    Args:
        predictor: The model, past its cache.
        image: (H, W, 3) uint8 RGB.
        settings: What is timed.
    """
    model, batch = predictor.model, predictor.prompt_batch
    size = (image.shape[0], image.shape[1])
    points = {k: random_points(k, size, [settings.seed, k]) for k in sorted({1, *settings.prompts})}
    (embedding,) = model.encode([image])
    multimask = settings.multimask
    calls: dict[Step, Callable[[], object]] = {
        ("encode", n): partial(model.encode, [image] * n) for n in sorted({1, *settings.batches})
    }
    calls |= {("decode", k): partial(_decode, model, embedding, own, multimask, batch) for k, own in points.items()}
    calls["first_mask", 1] = partial(_first_mask, model, image, points[1], multimask)
    calls["next_mask", 1] = partial(_mask, model, embedding, points[1], multimask)
    if settings.generate:
        released = GeneratorSettings(points_per_side=settings.generate, multimask=multimask)
        calls["generate", 1] = partial(AutomaticMaskGenerator(predictor, released).generate, image)
    return calls


def _decode(model: PromptableModel, embedding: Embedding, prompts: Prompts, multimask: bool, batch: int) -> None:
    """Answer prompts, in batches as a run does."""
    for start in range(0, len(prompts), batch):
        model.decode(embedding, prompts[start : start + batch], multimask)


def _first_mask(model: PromptableModel, image: np.ndarray, prompts: Prompts, multimask: bool) -> None:
    """Go from an image in memory to pixels of its first masks."""
    (embedding,) = model.encode([image])
    _mask(model, embedding, prompts, multimask)


def _mask(model: PromptableModel, embedding: Embedding, prompts: Prompts, multimask: bool) -> None:
    """Go from an embedding to pixels of masks."""
    masks_on_host(model.decode(embedding, prompts, multimask))


def in_turn(
    sides: Sequence[dict[Step, Callable[[], object]]],
    step: Step,
    time_once: Callable[[Callable[[], object]], float],
    settings: StepSettings,
) -> list[list[float]]:
    """Time one step of several models in turn (A B A B), so that what else the machine does meets all alike.

    Args:
        sides: Each model's calls.
        step: Which.
        time_once: Returns the seconds of a call.
        settings: How often.

    Returns:
        Each model's seconds, as many for all.
    """
    for _ in range(settings.warmup):
        for calls in sides:
            calls[step]()
    times: list[list[float]] = [[] for _ in sides]
    while not times[0] or (len(times[0]) < settings.repeats and sum(map(sum, times)) < settings.seconds * len(sides)):
        for calls, own in zip(sides, times, strict=True):
            own.append(time_once(calls[step]))
    return times
