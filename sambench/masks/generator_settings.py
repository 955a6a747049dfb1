"""The switches of automatic mask generation and their published combinations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from sambench.config.ranges import Range
from sambench.config.resolve import check_fields

Rank = Literal["predicted_iou", "iou_and_stability", "random"]


@dataclass(frozen=True)
class GeneratorSettings:
    """All switches; the defaults are those of segment_anything's `SamAutomaticMaskGenerator`.

    Attributes:
        points_per_side: n of the n x n grid on the whole image.
        points_per_batch: Points that are decoded at once; changes memory and speed only.
        multimask: True takes the model's several masks a point, False its single one.
        pred_iou_thresh: Keep masks whose predicted IoU exceeds this (>); 0 is off.
        stability_score_thresh: Keep masks at least this stable (>=); 0 is off.
        stability_score_offset: How far the logit threshold moves either way for the stability score.
        whole_image_fraction: Drop masks that cover at least this fraction of the image, before any suppression; 0 is
            off. The paper drops from 95 % on (Segment Anything, Appendix B), the released code none.
        box_nms_thresh: IoU above which the worse mask of a crop goes.
        nms_overlap: What that IoU is of, here and between crops: the masks' "box"es (the released code), or the "mask"s
            themselves.
        nms_rank: Which mask counts as better within a crop.
        crop_n_layers: Layers of crops besides the whole image; layer i has 2 ** i x 2 ** i.
        crop_nms_thresh: IoU above which the mask of the larger crop goes.
        crop_overlap_ratio: Overlap of the crops of layer 1, of the image's short side; halves with each layer.
        crop_n_points_downscale_factor: Layer i has points_per_side / factor ** i points a side.
        min_mask_region_area: Remove holes and islands of fewer pixels, then repeat the suppression; 0 is off.
        region_rule: "released" fills holes, then removes islands but the largest; "paper" removes islands, and with
            the largest the whole mask, then fills holes.
        max_masks: Keep at most this many masks, the best by `rank`; None keeps all.
        rank: What `Proposals.scores` holds. With "random", masks without a quality estimate are ranked at random.
        seed: Of the draws for "random", per image.
    """

    points_per_side: Annotated[int, Range(1, 512)] = 32
    points_per_batch: Annotated[int, Range(1, 65536)] = 64
    multimask: bool = True
    pred_iou_thresh: Annotated[float, Range(0, 1)] = 0.88
    stability_score_thresh: Annotated[float, Range(0, 1)] = 0.95
    stability_score_offset: Annotated[float, Range(0, 1000)] = 1.0
    whole_image_fraction: Annotated[float, Range(0, 1)] = 0.0
    box_nms_thresh: Annotated[float, Range(0, 1)] = 0.7
    nms_overlap: Literal["box", "mask"] = "box"
    nms_rank: Literal["predicted_iou", "random"] = "predicted_iou"
    crop_n_layers: Annotated[int, Range(0, 5)] = 0
    crop_nms_thresh: Annotated[float, Range(0, 1)] = 0.7
    crop_overlap_ratio: Annotated[float, Range(0, 0.99)] = 512 / 1500
    crop_n_points_downscale_factor: Annotated[int, Range(1, 512)] = 1
    min_mask_region_area: Annotated[int, Range(0, 1000000000)] = 0
    region_rule: Literal["released", "paper"] = "released"
    max_masks: Annotated[int, Range(1, 1000000)] | None = None
    rank: Rank = "predicted_iou"
    seed: Annotated[int, Range(0, 2**32 - 1)] = 0

    def __post_init__(self) -> None:
        """Refuse values that no setting can mean.

        Raises:
            UsageError: Names each switch, its value and what it may be.
        """
        check_fields(self)


_UNFILTERED = GeneratorSettings(pred_iou_thresh=0.0, stability_score_thresh=0.0)

PRESETS: dict[str, GeneratorSettings] = {
    "released": GeneratorSettings(),
    "paper_sa1b": GeneratorSettings(
        whole_image_fraction=0.95,
        crop_n_layers=2,
        crop_n_points_downscale_factor=2,
        min_mask_region_area=100,
        region_rule="paper",
    ),
    "edges": replace(_UNFILTERED, points_per_side=16),
    "proposals": replace(_UNFILTERED, points_per_side=64, box_nms_thresh=0.9, max_masks=1000, rank="iou_and_stability"),
    "proposals_single": replace(
        _UNFILTERED,
        points_per_side=128,
        multimask=False,
        box_nms_thresh=0.95,
        nms_rank="random",
        max_masks=1000,
        rank="random",
    ),
}
"""Settings by name: the released code, the paper's SA-1B production (Appendix B), its edge detection (D.2), its object
proposals (D.3) and the single-output row of its Table 4."""
