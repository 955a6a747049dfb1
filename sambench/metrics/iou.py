"""Intersection over union of masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from pycocotools import mask as coco_mask


def paired_mask_ious(predicted: list[dict[str, Any]], truth: list[dict[str, Any]]) -> np.ndarray:
    """Measure each predicted mask against its own object.

    Args:
        predicted: N compressed COCO run-length codes.
        truth: N codes of the same sizes.

    Returns:
        (N,) float64 IoU in [0, 1]; 0 where both masks are empty.
    """
    ious = np.zeros(len(predicted))
    for index, (left, right) in enumerate(zip(predicted, truth, strict=True)):
        both = float(coco_mask.area(coco_mask.merge([left, right], intersect=True)))
        either = float(coco_mask.area(left)) + float(coco_mask.area(right)) - both
        ious[index] = both / either if either else 0.0
    return ious
