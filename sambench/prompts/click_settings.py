"""The switches of simulated clicks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from sambench.config.ranges import Range
from sambench.config.resolve import check_fields


@dataclass(frozen=True)
class ClickSettings:
    """All switches of the simulated user and of what is read off the model; the defaults are the paper's.

    Attributes:
        clicks: Numbers of clicks at which masks are scored (paper: 1, 2, 3, 5, 9).
        first_click: "centre" is the point farthest from the object's boundary (paper's default); "random" a random
            pixel of the object (paper, figure 9d and the fairness study).
        later_clicks: "centre" of the error (paper), "random" within the error (EdgeSAM), or "inside": random within the
            object whatever the mask (EfficientSAM).
        seed: Of the random clicks; each depends on it, the image, the annotation and the number of the click alone.
        mask_feedback: Give the logits of the mask so far back with the clicks (unstated; on, as in training, appendix
            A, and because issues 95 and 347 of segment-anything report poor masks without).
        feedback_clamp: Largest magnitude of a logit that is fed back (null, as in segment_anything; 32 in SAM 2).
        first_output: At one click, "multimask" asks for several masks and takes the one with the highest predicted IoU
            (paper), "single" for one.
        later_output: The same for two clicks and more (paper, appendix A: the single mask).
        forbid_reclick: No pixel is clicked twice (off, as in SAM 2's sampler; on in RITM's).
        no_error: What follows a mask without any error: "corner" is the references' arg-max of an all-zero map, a
            background click on pixel (0, 0); "keep" clicks no more and keeps the mask.
        mask_threshold: Logits above it make the mask (paper, appendix B: 0).
        target_iou: An object is clicked on no more once its mask reaches this IoU and keeps that mask (RITM's
            `--target-iou`); null makes every click on every object (the paper; RITM's `--iou-analysis`).
        min_area: Objects of fewer pixels are left out (0, as the paper names no limit); those without a pixel always.
    """

    clicks: Annotated[tuple[int, ...], Range(1, 1000)] = (1, 2, 3, 5, 9)
    first_click: Literal["centre", "random"] = "centre"
    later_clicks: Literal["centre", "random", "inside"] = "centre"
    seed: Annotated[int, Range(0, 2**32 - 1)] = 0
    mask_feedback: bool = True
    feedback_clamp: Annotated[float, Range(0, 1e6, above=True)] | None = None
    first_output: Literal["multimask", "single"] = "multimask"
    later_output: Literal["multimask", "single"] = "single"
    forbid_reclick: bool = False
    no_error: Literal["corner", "keep"] = "corner"
    mask_threshold: Annotated[float, Range(-1e6, 1e6)] = 0.0
    target_iou: Annotated[float, Range(0, 1, above=True)] | None = None
    min_area: Annotated[int, Range(0, 1000000000)] = 0

    def __post_init__(self) -> None:
        """Refuse values that no setting can mean."""
        check_fields(self)
