"""Masks of objects whose prompts were moved, K times a strength, on one embedding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sambench.masks.crops import layered_crops
from sambench.masks.measure import MeasuredMasks, box_masks, start_measuring
from sambench.masks.prompted.click_batch import next_clicks
from sambench.masks.rle import Rle, decode_masks
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.transfers import device_of_masks, in_turn
from sambench.masks.windows import empty_runs, runs_of_rles
from sambench.prompts.boxes import xywh_of, xyxy_of
from sambench.prompts.grid import single_points
from sambench.prompts.noise import box_overlaps, noisy_boxes, noisy_clicks
from sambench.prompts.refine import Answers, most_confident
from sambench.types import Embedding, Masks

Generators = Callable[[], list[np.random.Generator]]
"""Gives the generators of N objects, fresh each time, so that all strengths share their draws."""


@dataclass(frozen=True)
class NoisyMasks:
    """What came of moving the prompts of N objects of one image, K times for each of S strengths.

    Attributes:
        clean: The N masks of the prompts as they are.
        noisy: The N * S * K masks of the moved ones, object by object, strength by strength.
        box_overlap: (N, S) float64 mean IoU of the moved boxes with the box; NaN for clicks.
    """

    clean: RunLengths
    noisy: RunLengths
    box_overlap: np.ndarray


@dataclass(frozen=True)
class Noise:
    """How prompts are moved.

    Attributes:
        rule: Name of a rule of boxes or of clicks (`sambench.prompts.noise`).
        strengths: S factors.
        draws: K.
    """

    rule: str
    strengths: tuple[float, ...]
    draws: int


def masks_of_boxes(
    source: Answers,
    embedding: Embedding,
    boxes_xywh: np.ndarray,
    fresh: Generators,
    noise: Noise,
    passes: int,
    multimask: tuple[bool, bool],
) -> NoisyMasks:
    """Prompt with the boxes as they are, then with the moved ones.

    Args:
        source: What decodes.
        embedding: Of the image.
        boxes_xywh: (N, 4) float64 in image pixels, N >= 1.
        fresh: Gives the objects' generators.
        noise: How boxes are moved.
        passes, multimask: As `box_masks` takes them, the latter of its two passes.
    """
    size = embedding.original_size
    boxes = xyxy_of(boxes_xywh)
    by_strength = [noisy_boxes(noise.rule, fresh(), boxes, size, noise.draws, factor) for factor in noise.strengths]
    moved = np.stack(by_strength, axis=1)
    clean, _ = box_masks(source, embedding, boxes_xywh, passes, *multimask)
    noisy, _ = box_masks(source, embedding, xywh_of(moved.reshape(-1, 4)), passes, *multimask)
    overlap = np.stack([box_overlaps(boxes, part).mean(axis=1) for part in by_strength], axis=1)
    return NoisyMasks(runs_of_rles(clean, size), runs_of_rles(noisy, size), overlap)


def masks_of_clicks(
    source: Answers, embedding: Embedding, objects: Sequence[Rle], fresh: Generators, noise: Noise, multimask: bool
) -> NoisyMasks:
    """Prompt with a click on each object's centre, then with moved clicks.

    Args:
        source: What decodes.
        embedding: Of the image.
        objects: N >= 1 objects that have a pixel.
        fresh: Gives the objects' generators.
        noise: How clicks are moved.
        multimask: Ask for several masks and take the most confident.
    """
    size, truth = embedding.original_size, runs_of_rles(objects, embedding.original_size)
    centres = next_clicks(truth, empty_runs(len(objects), size), "centre").points_xy
    moved = np.empty((len(objects), len(noise.strengths), noise.draws, 2), np.int64)
    for column, factor in enumerate(noise.strengths):
        for index, rng in enumerate(fresh()):
            mask, corner = _window(objects[index], size)
            x, y = (centres[index] - corner).tolist()
            moved[index, column] = noisy_clicks(noise.rule, rng, mask, (x, y), noise.draws, factor) + corner
    clean = _masks_of_points(source, embedding, centres, multimask)
    noisy = _masks_of_points(source, embedding, moved.reshape(-1, 2), multimask)
    return NoisyMasks(clean, noisy, np.full(moved.shape[:2], np.nan))


def _window(code: Rle, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return an object as a bool array of its own box, and (x, y) of that box's first pixel."""
    (mask,) = decode_masks([code], size).astype(bool)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    window = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return window, np.array([columns[0], rows[0]])


def _masks_of_points(source: Answers, embedding: Embedding, points_xy: np.ndarray, multimask: bool) -> RunLengths:
    """Return the most confident mask of each of (B, 2) points on an object."""
    (whole,) = layered_crops(embedding.original_size, 0, 0.0)

    def start(answer: Masks) -> Callable[[], MeasuredMasks]:
        return start_measuring(most_confident(answer), 1.0, whole, embedding.original_size, "auto")

    answers = source.decode(embedding, single_points(points_xy), multimask)
    measured = in_turn(answers, start, lambda done: done(), device_of_masks, by_threads=True)
    return RunLengths.joined([one.runs for one in measured])
