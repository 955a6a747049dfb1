"""What the mask generator needs to know of masks at the size of the image, without keeping any at that size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sambench.masks.boxes import runs_to_boxes_xyxy
from sambench.masks.crops import Crop, layered_crops
from sambench.masks.device_rle import mask_run_lengths
from sambench.masks.resize import logits_at_original
from sambench.masks.rle import Rle
from sambench.masks.runs import RunLengths
from sambench.masks.scan import axis_taps, scan_masks
from sambench.masks.stability import stability_from_areas, stability_score
from sambench.prompts.refine import Answers, answer_boxes
from sambench.types import Embedding, Masks, Size

if TYPE_CHECKING:
    from torch import Tensor

_CHUNK_BYTES = 1 << 28
"""At most this much of full-size float32 logits exists at once on the torch path."""

Method = Literal["auto", "scan", "torch"]


@dataclass(frozen=True)
class MeasuredMasks:
    """N masks at the size of the image, on the CPU.

    Attributes:
        runs: Their run-length codes in the frame of the image.
        boxes_xyxy: (N, 4) int64 in pixels of the image, inclusive; zeros for an empty mask.
        areas: (N,) int64 pixels.
        stability: (N,) float32 stability scores; NaN where not even the lowered threshold leaves a pixel.
    """

    runs: RunLengths
    boxes_xyxy: Tensor
    areas: Tensor
    stability: Tensor


def measure_masks(masks: Masks, stability_offset: float, crop: Crop, image_size: Size, method: Method) -> MeasuredMasks:
    """Encode and measure a batch of masks.

    Args:
        masks: (B, M) masks in the frame of the crop; taken prompt by prompt, N = B * M.
        stability_offset: How far the threshold 0 moves either way.
        crop: Where the masks' frame lies in the image.
        image_size: (height, width) in pixels.
        method: "torch" resizes the logits on their device a few masks at a time; "scan" makes one pass over the low
            resolution on the CPU, whose masks are the same but for logits that are zero within rounding; "auto" scans
            on the CPU where the frame allows it.

    Raises:
        ValueError: "scan" was asked for, but the logits' frame shrinks them in two steps.
    """
    import torch

    logits = masks.logits.detach().flatten(0, 1).float()
    columns, rows = axis_taps(logits.shape[-1], masks.frame, 1), axis_taps(logits.shape[-2], masks.frame, 0)
    scannable = columns is not None and rows is not None
    if method == "scan" and not scannable:
        raise ValueError(f"logits of {tuple(logits.shape[-2:])} in {masks.frame} cannot be scanned")
    if columns is not None and rows is not None and (method == "scan" or (method == "auto" and not logits.is_cuda)):
        low = logits.cpu().contiguous().numpy()
        offset = np.float32(stability_offset)
        counts, lengths, areas = scan_masks(low, columns, rows, offset, crop.box_xyxy[:2], image_size)
        runs = RunLengths(counts, lengths, image_size)
        stability = stability_from_areas(*torch.from_numpy(areas).unbind(1))
    else:
        runs, stability = _measure_on_device(masks, logits, stability_offset, crop, image_size)
    boxes, pixels = runs_to_boxes_xyxy(runs.counts, runs.lengths, image_size[0])
    return MeasuredMasks(runs, torch.from_numpy(boxes), torch.from_numpy(pixels), stability)


def _measure_on_device(
    masks: Masks, logits: Tensor, stability_offset: float, crop: Crop, image_size: Size
) -> tuple[RunLengths, Tensor]:
    """Resize, threshold and encode (N, h, w) logits chunk by chunk where they are."""
    import torch
    import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)

    height, width = crop.size
    x0, y0, x1, y1 = crop.box_xyxy
    margins = (x0, image_size[1] - x1, y0, image_size[0] - y1)
    stability, runs = [], []
    for chunk in logits.split(max(1, _CHUNK_BYTES // (4 * height * width))):
        full = logits_at_original(chunk, masks.frame)
        stability.append(stability_score(full, offset=stability_offset).cpu())
        runs.append(mask_run_lengths(F.pad(full > 0, margins)))
    return RunLengths.joined(runs), torch.cat(stability)


def box_masks(
    source: Answers,
    embedding: Embedding,
    boxes_xywh: np.ndarray,
    passes: int,
    first_multimask: bool,
    final_multimask: bool,
) -> tuple[list[Rle], np.ndarray]:
    """Prompt with boxes, once or with the first answer fed back (`sambench.prompts.refine.answer_boxes`).

    Args:
        source: What decodes.
        embedding: Of the image.
        boxes_xywh: (B, 4) float64 in image pixels.
        passes: 1 or 2.
        first_multimask: Ask for several masks in the first pass and take the most confident.
        final_multimask: The same in the second pass.

    Returns:
        B masks as compressed codes, and their (B,) float64 predicted IoU.
    """
    import torch

    boxes_xyxy = torch.from_numpy(boxes_xywh).float()
    boxes_xyxy[:, 2:] += boxes_xyxy[:, :2]
    (whole,) = layered_crops(embedding.original_size, 0, 0.0)
    rles: list[Rle] = []
    confidences: list[float] = []
    for masks in answer_boxes(source, embedding, boxes_xyxy, passes, first_multimask, final_multimask):
        measured = measure_masks(masks, 1.0, whole, embedding.original_size, "auto")
        rles += measured.runs.compressed(np.arange(len(masks.logits)))
        confidences += masks.predicted_iou[:, 0].tolist()
    return rles, np.array(confidences)
