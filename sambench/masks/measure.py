"""What the mask generator needs to know of masks at the size of the image, without keeping any at that size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from sambench.masks.boxes import masks_to_boxes_xyxy, runs_to_boxes_xyxy
from sambench.masks.crops import Crop, layered_crops
from sambench.masks.resize import logits_at_original
from sambench.masks.rle import Rle
from sambench.masks.run_lengths.device import packed_columns, runs_of_packed
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.run_lengths.scan import axis_taps, scan_masks
from sambench.masks.run_lengths.scan_full import is_identity, scan_full_masks
from sambench.masks.stability import stability_from_areas, stability_score
from sambench.masks.transfers import Arrival, beside, device_of_masks, in_turn
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
    """Encode and measure a batch of masks, and wait for it; see `start_measuring`."""
    return start_measuring(masks, stability_offset, crop, image_size, method)()


def start_measuring(
    masks: Masks, stability_offset: float, crop: Crop, image_size: Size, method: Method
) -> Callable[[], MeasuredMasks]:
    """Begin to encode and measure a batch of masks.

    Args:
        masks: (B, M) masks in the frame of the crop; taken prompt by prompt, N = B * M.
        stability_offset: How far the threshold 0 moves either way.
        crop: Where the masks' frame lies in the image.
        image_size: (height, width) in pixels.
        method: "torch" resizes the logits on their device a few masks at a time; "scan" makes one pass over the low
            resolution on the CPU, whose masks are the same but for logits that are zero within rounding; "auto" scans
            on the CPU where the frame allows it, and goes by torch on a device.

    Returns:
        What waits for the measured masks and returns them: until then a device is not waited for, and the scan goes on
        in a thread.

    Raises:
        ValueError: "scan" was asked for, but the logits' frame shrinks them in two steps.
    """
    logits = masks.logits.detach().flatten(0, 1).float()
    columns, rows = axis_taps(logits.shape[-1], masks.frame, 1), axis_taps(logits.shape[-2], masks.frame, 0)
    if method == "scan" and (columns is None or rows is None):
        raise ValueError(f"logits of {tuple(logits.shape[-2:])} in {masks.frame} cannot be scanned")
    scans = method == "scan" or (method == "auto" and logits.device.type == "cpu")
    if not scans or columns is None or rows is None:
        return _start_on_device(masks, logits, stability_offset, crop, image_size)
    low, offset, corner_xy = logits.cpu().contiguous().numpy(), np.float32(stability_offset), crop.box_xyxy[:2]
    if is_identity(columns, low.shape[2]) and is_identity(rows, low.shape[1]):
        scan = partial(scan_full_masks, low, offset, corner_xy, image_size)
    else:
        scan = partial(scan_masks, low, columns, rows, offset, corner_xy, image_size)
    return partial(_measured, beside(scan), image_size)


def _measured(scanned: Callable[[], tuple[np.ndarray, np.ndarray, np.ndarray]], image_size: Size) -> MeasuredMasks:
    """Wait for the codes and areas of a scan, and measure them."""
    import torch

    counts, lengths, areas = scanned()
    boxes, pixels = runs_to_boxes_xyxy(counts, lengths, image_size[0])
    stability = stability_from_areas(*torch.from_numpy(areas).unbind(1))
    runs = RunLengths(counts, lengths, image_size)
    return MeasuredMasks(runs, torch.from_numpy(boxes), torch.from_numpy(pixels), stability)


def _start_on_device(
    masks: Masks, logits: Tensor, stability_offset: float, crop: Crop, image_size: Size
) -> Callable[[], MeasuredMasks]:
    """Resize, threshold and measure (N, h, w) logits chunk by chunk where they are; the masks come as bits."""
    import torch
    import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)

    height, width = crop.size
    x0, y0, x1, y1 = crop.box_xyxy
    margins = (x0, image_size[1] - x1, y0, image_size[0] - y1)
    chunks = []
    for chunk in logits.split(max(1, _CHUNK_BYTES // (4 * height * width))):
        full = logits_at_original(chunk, masks.frame)
        placed = F.pad(full > 0, margins)
        stability = stability_score(full, offset=stability_offset)
        chunks.append((packed_columns(placed), masks_to_boxes_xyxy(placed), placed.sum((-2, -1)), stability))
    arrival = Arrival(*(torch.cat(part) for part in zip(*chunks, strict=True)))

    def arrived() -> MeasuredMasks:
        packed, boxes, pixels, stability = arrival.tensors()
        return MeasuredMasks(runs_of_packed(packed.numpy(), image_size), boxes, pixels, stability)

    return arrived


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

    def start(masks: Masks) -> tuple[Callable[[], MeasuredMasks], Arrival]:
        measured = start_measuring(masks, 1.0, whole, embedding.original_size, "auto")
        return measured, Arrival(masks.predicted_iou[:, 0])

    def finish(started: tuple[Callable[[], MeasuredMasks], Arrival]) -> tuple[list[Rle], np.ndarray]:
        measured, (estimates,) = started[0](), started[1].tensors()
        return measured.runs.compressed(np.arange(len(estimates))), estimates.double().numpy()

    answers = answer_boxes(source, embedding, boxes_xyxy, passes, first_multimask, final_multimask)
    parts = list(in_turn(answers, start, finish, device_of_masks, by_threads=True))
    return [rle for rles, _ in parts for rle in rles], np.concatenate([estimates for _, estimates in parts])
