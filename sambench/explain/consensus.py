"""What several models agree on: how alike their masks are, and the mask that most of them hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sambench.masks import rle
from sambench.masks.boxes import runs_to_boxes_xyxy
from sambench.masks.overlap import mask_ious
from sambench.masks.rle import Rle
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.windows import chosen_runs, paint_runs


@dataclass(frozen=True)
class Window:
    """Masks of one object in the box that holds them all.

    Attributes:
        left, top: Of the box in the image, in pixels.
        masks: (M, h, w) bool.
    """

    left: int
    top: int
    masks: np.ndarray


def agreement(models: Sequence[RunLengths]) -> np.ndarray:
    """Return how alike M models' masks of N objects are: (N,) float64 mean IoU of every two; an empty mask has 0."""
    return np.mean([mask_ious(one, other) for one, other in combinations(models, 2)], axis=0)


def window_of(masks: Sequence[RunLengths], index: int) -> Window:
    """Paint the mask at `index` of each of M batches of one image, in the box around all of them."""
    own = RunLengths.joined([chosen_runs(one, np.array([index])) for one in masks])
    height = own.size[0]
    boxes, areas = runs_to_boxes_xyxy(own.counts, own.lengths, height)
    there = boxes[areas > 0]
    if not len(there):
        return Window(0, 0, np.zeros((len(masks), 1, 1), bool))
    (left, top), (right, bottom) = there[:, :2].min(axis=0), there[:, 2:].max(axis=0)
    painted = np.zeros((len(masks), bottom - top + 1, right - left + 1), bool)
    stops = np.cumsum(own.lengths)
    for window, stop, length in zip(painted, stops, own.lengths, strict=True):
        paint_runs(window, left, top, own.counts[stop - length : stop], height, True)
    return Window(int(left), int(top), painted)


def majority(masks: np.ndarray) -> np.ndarray:
    """Return the pixels that more than half of (M, h, w) masks hold; of two masks those that both hold."""
    return 2 * masks.sum(axis=0) > len(masks)


def mask_iou(one: np.ndarray, other: np.ndarray) -> float:
    """Return the IoU of two bool arrays; 0 where both are empty."""
    either = int(np.count_nonzero(one | other))
    return int(np.count_nonzero(one & other)) / either if either else 0.0


@dataclass(frozen=True)
class Group:
    """Masks of different models that are most like a mask of one of them.

    Attributes:
        members: Model -> index of its mask; models without one that overlaps are left out.
        agreement: Mean IoU of every two models; 0 for a model that is left out.
    """

    members: dict[int, int]
    agreement: float


class Alike:
    """Overlaps of D masks of each of M models of one image, every two models against each other.

    Args:
        codes: Each model's masks as compressed codes.
    """

    def __init__(self, codes: Sequence[Sequence[Rle]]) -> None:
        self._count = len(codes)
        self._ious = {(a, b): rle.iou(list(codes[a]), list(codes[b])) for a, b in combinations(range(len(codes)), 2)}

    def between(self, model: int, other: int) -> np.ndarray:
        """Return the (D, E) IoU of one model's masks with another's."""
        return self._ious[model, other] if model < other else self._ious[other, model].T

    def group(self, model: int, index: int, allowed: Sequence[np.ndarray]) -> Group:
        """Find the masks most like one of a model's.

        Args:
            model: The model.
            index: Its mask.
            allowed: For each model which of its masks may be chosen, bool.
        """
        members = {model: index}
        for other in range(self._count):
            if other != model:
                ious = np.where(allowed[other], self.between(model, other)[index], 0)
                if ious.max(initial=0) > 0:
                    members[other] = int(ious.argmax())
        pairs = list(combinations(range(self._count), 2))
        overlaps = [self.between(a, b)[members[a], members[b]] for a, b in pairs if a in members and b in members]
        return Group(dict(sorted(members.items())), float(sum(overlaps)) / len(pairs))
