"""The values that flow through a run: sample, embedding, prompts, masks, rows, metrics.

Frames: `xy` and `xyxy` are in pixels of the original image, x to the right, y down, where the centre of the top-left
pixel is (0, 0) for points as the models receive them. Sizes are (height, width).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Annotation",
    "BoundaryTruth",
    "Embedding",
    "InstanceTruth",
    "MaskFrame",
    "Masks",
    "Metric",
    "Prompts",
    "Row",
    "Sample",
    "Size",
]

Size = tuple[int, int]
"""(height, width) in pixels."""

Row = dict[str, Any]
"""One scored unit: plain numbers, strings and short lists; always holds `sample_id`."""


@dataclass(frozen=True)
class BoundaryTruth:
    """Human segmentations of one image and their boundary maps.

    Attributes:
        segmentations: One (H, W) integer label map an annotator.
        boundaries: One (H, W) bool map an annotator, True on boundary pixels.
    """

    segmentations: list[np.ndarray]
    boundaries: list[np.ndarray]


@dataclass(frozen=True)
class Annotation:
    """One ground-truth object.

    Attributes:
        id: The annotation's id in its dataset.
        category_id: The category's id in its dataset.
        rle: Compressed COCO run-length code: {"size": [H, W], "counts": bytes}.
        area: The dataset's own `area` where it gives one, else the mask's, in pixels.
        iscrowd: True where the region stands for a group and is no object of its own.
        box_xywh: The dataset's own box in pixels where it gives one: left, top, width, height.
        ignore: Pixels that are neither the object's nor background, as `rle`, or None where all count: no click is made
            there and no mask is better or worse for them (the unknown band around an object, VOC's void).
    """

    id: int | str
    category_id: int
    rle: dict[str, Any]
    area: float
    iscrowd: bool = False
    box_xywh: tuple[float, float, float, float] | None = None
    ignore: dict[str, Any] | None = None


@dataclass(frozen=True)
class InstanceTruth:
    """Ground-truth objects of one image.

    Attributes:
        annotations: The objects, in the dataset's order.
        image_id: The image's id in its annotation file.
        neg_category_ids: Categories verified to be absent (LVIS), else empty.
        not_exhaustive_category_ids: Categories not fully annotated here (LVIS), else empty.
    """

    annotations: list[Annotation]
    image_id: int | str
    neg_category_ids: list[int] = field(default_factory=list)
    not_exhaustive_category_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Sample:
    """One image with its ground truth.

    Attributes:
        id: Unique within the dataset and stable between machines (a relative path without its ending, as a rule).
        image: (H, W, 3) uint8 RGB; (H, W, 0) where the pixels were not read, as predictions are scored without them.
        target: The ground truth the task reads: `BoundaryTruth` or `InstanceTruth`.
    """

    id: str
    image: np.ndarray
    target: Any

    @property
    def size(self) -> Size:
        """(height, width) of the image in pixels."""
        return int(self.image.shape[0]), int(self.image.shape[1])

    @property
    def has_pixels(self) -> bool:
        """Whether the image was read."""
        return self.image.shape[2] > 0

    @cached_property
    def image_sha256(self) -> str:
        """SHA-256 of the decoded pixels and their shape: what the model sees, whatever file held it; "" without any."""
        if not self.has_pixels:
            return ""
        digest = hashlib.sha256(repr(self.image.shape).encode())
        digest.update(np.ascontiguousarray(self.image).tobytes())
        return digest.hexdigest()


def without_pixels(key: str, size: Size, target: Any) -> Sample:
    """Return a sample whose image of `size` (height, width) was not read."""
    return Sample(key, np.empty((*size, 0), np.uint8), target)


@dataclass(frozen=True)
class Embedding:
    """What a model computes once an image.

    Attributes:
        tensors: Named tensors, as they are stored in the cache.
        original_size: (height, width) of the image the prompts' coordinates refer to.
    """

    tensors: dict[str, Tensor]
    original_size: Size


@dataclass(frozen=True)
class Prompts:
    """A batch of B prompts for one image; each prompt may mix points, a box and earlier mask logits, or is a phrase.

    Attributes:
        points_xy: (B, N, 2) float32, image pixels.
        labels: (B, N) integer, 1 foreground, 0 background, -1 padding (a point that is not there).
        boxes_xyxy: (B, 4) float32, image pixels.
        mask_logits: (B, h, w) float32 low-resolution logits of an earlier answer of the same model.
        phrases: B noun phrases, to which a `ConceptModel` answers; none of the other parts goes with them.
    """

    points_xy: Tensor | None = None
    labels: Tensor | None = None
    boxes_xyxy: Tensor | None = None
    mask_logits: Tensor | None = None
    phrases: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if (self.points_xy is None) != (self.labels is None):
            raise ValueError("points_xy and labels come together")
        if self.phrases is not None and any(part is not None for part in self._parts()[:-1]):
            raise ValueError("phrases go with no points, boxes or masks")
        lengths = {len(part) for part in self._parts() if part is not None}
        if len(lengths) != 1:
            raise ValueError(f"a batch of prompts needs parts of one length, got {sorted(lengths)}")

    def _parts(self) -> tuple[Any, ...]:
        return self.points_xy, self.labels, self.boxes_xyxy, self.mask_logits, self.phrases

    def __len__(self) -> int:
        return next(len(part) for part in self._parts() if part is not None)

    def __getitem__(self, index: slice) -> Prompts:
        """Return the prompts of a slice of the batch."""
        return Prompts(*(None if part is None else part[index] for part in self._parts()))


@dataclass(frozen=True)
class MaskFrame:
    """How low-resolution logits map to the original image.

    Attributes:
        original_size: (height, width) of the image.
        padded_size: The padded square that logits are resized to first (SAM: 1024 x 1024); None resizes directly.
        input_size: The top-left part of `padded_size` that holds the image; the rest is padding.
    """

    original_size: Size
    padded_size: Size | None = None
    input_size: Size | None = None


@dataclass(frozen=True)
class Masks:
    """A model's answer to B prompts with M masks each.

    Attributes:
        logits: (B, M, h, w) float low-resolution logits; a mask is where they exceed 0 once resized to the image.
        predicted_iou: (B, M) float, the model's own estimate of each mask's quality.
        frame: How the logits map to the image (`sambench.masks.resize.logits_at_original`).
        feedback: (B, M, h', w') float, what goes back in as a mask prompt where that is not `logits`.
    """

    logits: Tensor
    predicted_iou: Tensor
    frame: MaskFrame
    feedback: Tensor | None = None

    @property
    def prompt_logits(self) -> Tensor:
        """(B, M, h', w') float, what goes back in as a mask prompt."""
        return self.logits if self.feedback is None else self.feedback

    def flat(self) -> Masks:
        """Return the same masks as (B * M, 1, h, w), prompt by prompt."""
        return self.changed(lambda logits: logits.flatten(0, 1)[:, None], self.predicted_iou.reshape(-1, 1))

    def __getitem__(self, index: Any) -> Masks:
        """Return the masks of the chosen prompts (a slice, or an index or bool tensor over B)."""
        return self.changed(lambda logits: logits[index], self.predicted_iou[index])

    def changed(self, change: Callable[[Tensor], Tensor], predicted_iou: Tensor) -> Masks:
        """Return masks whose logits, and what goes back in, are changed in the same way."""
        feedback = None if self.feedback is None else change(self.feedback)
        return replace(self, logits=change(self.logits), predicted_iou=predicted_iou, feedback=feedback)


COSTS = ("ms", "images/s", "MB", "M", "GMAC", "times", "processors")
"""Units of what an answer costs, which stand beside a metric's name wherever it is printed."""

COUNTED = ("masks", "images", "pairs", "bits", "clicks", *COSTS)
"""Units of metrics that have no scale from 0 to 1."""

SIGNED = ("cgF1", "IL_MCC")
"""Units of metrics from -1 to 1, which are correlations or multiples of one."""


@dataclass(frozen=True)
class Metric:
    """A number with what is needed to read it.

    Attributes:
        value: The number; NaN where it is undefined.
        ci95: Low and high end of its 95 % interval, or None where none can be given.
        n: How many independent units (images, as a rule) it rests on.
        higher_is_better: Direction.
        unit: "fraction", "IoU", "AP", ...
        reference: Key of the published number it answers to (`results/reference`), or None.
        note: What a reader of the number must know of it, or nothing.
        support: How many images carry it (`sambench.metrics.uncertainty.support`), or None where that is not known.
        strata: Data set -> how many of its images carry it, where the images are of several.
    """

    value: float
    ci95: tuple[float, float] | None
    n: int
    higher_is_better: bool = True
    unit: str = "fraction"
    reference: str | None = None
    note: str = ""
    support: int | None = None
    strata: Mapping[str, int] = field(default_factory=dict)

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value: 0 and 1; of correlations -1 and 1; counts and bits have no largest."""
        if self.unit in SIGNED:
            return -1.0, 1.0
        return 0.0, math.inf if self.unit in COUNTED else 1.0
