"""The switches of boxes that are moved once before they prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from sambench.config.ranges import Range
from sambench.prompts.boxes import xywh_of, xyxy_of
from sambench.prompts.noise import generator_of, noisy_boxes
from sambench.types import Sample


@dataclass(frozen=True)
class BoxNoise:
    """Noise on a task's boxes: one draw a box, at strength 1.

    Attributes:
        prompt_noise: "none" prompts with boxes as they are; else whose rule moves them (`task=noise` explains them).
        noise_seed: Of the draws; a box's depends on it, the image and its place among the image's boxes alone.
    """

    prompt_noise: Literal["none", "sam", "sam2", "medsam", "hq_sam", "smoothing_shift", "smoothing_size"] = "none"
    noise_seed: Annotated[int, Range(0, 2**32 - 1)] = 0

    def moved(self, boxes_xywh: np.ndarray, sample: Sample) -> np.ndarray:
        """Return (N, 4) float64 boxes of an image in XYWH as they prompt; where nothing moves them, the same array."""
        if self.prompt_noise == "none":
            return boxes_xywh
        generators = [generator_of(self.noise_seed, sample.id, index) for index in range(len(boxes_xywh))]
        return xywh_of(noisy_boxes(self.prompt_noise, generators, xyxy_of(boxes_xywh), sample.size, 1, 1.0)[:, 0])
