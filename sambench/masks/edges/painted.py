"""One map of edges from all masks of an image: measured, suppressed by their boxes, painted, stretched to [0, 1]."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from sambench.errors import UsageError
from sambench.masks.boxes import masks_to_boxes_xyxy
from sambench.masks.edges.device import edge_strengths
from sambench.masks.edges.strength import BorderMode, BoundarySide, MaskEdge, mask_edges
from sambench.masks.resize import logits_at_original
from sambench.masks.transfers import Arrival, to_device
from sambench.types import Masks, Size

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 32
"""Masks resized to the image at once."""

_CHUNK_PIXELS = 1 << 25
"""At most so many pixels of them on a device, which holds several numbers of double precision for each."""

Chosen = Callable[["Tensor", "Tensor"], "Tensor"]
"""Gives the (K,) int64 indices of the masks that stay, of their (N, 4) boxes and (N,) predicted IoU, on the host."""


class EdgeRules(NamedTuple):
    """What counts as an edge of a mask; see `sambench.masks.edges.strength.mask_edges`."""

    kernel_size: int = 3
    border: BorderMode = "replicate"
    side: BoundarySide = "outer"
    width: int = 1


def painted_edges(
    answers: Iterable[Masks],
    size: Size,
    rules: EdgeRules,
    chosen: Chosen,
    method: Literal["auto", "numba", "torch"] = "auto",
) -> np.ndarray:
    """Take the pixel-wise maximum of the edges of the masks that stay.

    Args:
        answers: A model's answers about one image, at least one.
        size: (height, width) of the image in pixels.
        rules: What an edge is.
        chosen: Suppresses.
        method: "numba" measures every mask once, on the CPU; "torch" finds the boxes first and measures the masks that
            stay, on their device, which waits for the host once, between the two; "auto" goes by the device.

    Returns:
        (H, W) float32, 0 where no mask has a boundary.
    """
    several = iter(answers)
    first = next(several)
    on_host = first.logits.device.type == "cpu" if method == "auto" else method == "numba"
    return (_on_host if on_host else _on_device)(chain([first], several), size, rules, chosen)


def _on_host(answers: Iterable[Masks], size: Size, rules: EdgeRules, chosen: Chosen) -> np.ndarray:
    """Measure every mask with numba, and paint those that stay."""
    import torch

    edges: list[MaskEdge] = []
    scores = []
    for answer in answers:
        masks = answer.flat()
        for start in range(0, len(masks.logits), CHUNK):
            logits = logits_at_original(masks.logits[start : start + CHUNK, 0], masks.frame)
            edges += mask_edges(logits.cpu().numpy(), *rules)
        scores.append(masks.predicted_iou[:, 0].float().cpu())
    kept = chosen(torch.tensor([edge.box_xyxy for edge in edges]), torch.cat(scores))
    return paint([edges[index] for index in kept.tolist()], size)


def _on_device(answers: Iterable[Masks], size: Size, rules: EdgeRules, chosen: Chosen) -> np.ndarray:
    """Find the boxes, and measure and paint what stays by them, where the masks are."""
    import torch

    chunk = max(1, min(CHUNK, _CHUNK_PIXELS // (size[0] * size[1])))
    low, scores, boxes = [], [], []
    for answer in answers:
        masks = answer.flat()
        frame = masks.frame
        low.append(masks.logits[:, 0])
        scores.append(masks.predicted_iou[:, 0].float())
        boxes += [masks_to_boxes_xyxy(logits_at_original(part, frame) > 0) for part in low[-1].split(chunk)]
    every = torch.cat(low)
    kept = chosen(*Arrival(torch.cat(boxes), torch.cat(scores)).tensors())
    canvas = torch.zeros(size, device=every.device)
    for rows in to_device(kept, every.device).split(chunk) if len(kept) else ():
        strengths = edge_strengths(logits_at_original(every[rows], frame), *rules)
        canvas = torch.maximum(canvas, strengths.amax(0))
    (painted,) = Arrival(canvas).arrays()
    return painted


def paint(edges: list[MaskEdge], shape: tuple[int, int]) -> np.ndarray:
    """Take the pixel-wise maximum over masks.

    Args:
        edges: From `mask_edges`.
        shape: (H, W) of the image.

    Returns:
        (H, W) float32, 0 where no mask has a boundary.
    """
    canvas = np.zeros(shape, np.float32)
    flat = canvas.reshape(-1)
    for edge in edges:
        flat[edge.pixels] = np.maximum(flat[edge.pixels], edge.strengths)
    return canvas


def normalise(strength: np.ndarray) -> np.ndarray:
    """Stretch a map linearly to [0, 1]; a constant map becomes 0."""
    low, high = float(strength.min()), float(strength.max())
    if high <= low:
        return np.zeros_like(strength)
    return ((strength - low) / (high - low)).astype(np.float32)


def without_border(strength: np.ndarray, pixels: int) -> np.ndarray:
    """Set a (H, W) map to 0 within so many pixels of the image's border.

    Raises:
        UsageError: Nothing would be left.
    """
    if not pixels:
        return strength
    if 2 * pixels >= min(strength.shape):
        raise UsageError(
            f"border_zero={pixels} leaves nothing of an image of {strength.shape[0]} x {strength.shape[1]} (height x"
            " width)",
            where="task.border_zero",
            mend=f"give at most {(min(strength.shape) - 1) // 2}",
        )
    inner = np.zeros_like(strength)
    inside = (slice(pixels, -pixels),) * 2
    inner[inside] = strength[inside]
    return inner


def quantised(strength: np.ndarray, dtype: str, rounding: str) -> np.ndarray:
    """Turn a map in [0, 1] into whole numbers ("uint8", "uint16"), or leave it as "float32".

    Args:
        strength: (H, W) float.
        dtype: Of the result.
        rounding: To the "nearest" number, or cut off ("truncate").
    """
    if dtype == "float32":
        return strength.astype(np.float32)
    top = np.iinfo(dtype).max
    if rounding == "truncate":  # a product in single precision, as numpy makes it of a float32 map
        return (np.clip(strength, 0, 1).astype(np.float32) * np.float32(top)).astype(dtype)
    return np.round(np.clip(strength, 0, 1).astype(np.float64) * top).astype(dtype)
