"""Prompts of one batch with different numbers of points."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from sambench.masks.transfers import to_device
from sambench.types import Prompts


def without_padding(prompts: Prompts) -> Iterator[tuple[Tensor, Prompts]]:
    """Group prompts by their number of points and drop the points labelled -1.

    All of it is decided on the host, where points and labels lie; boxes and masks stay on their device.

    Yields:
        Rows of the batch (int64, on the CPU) and their prompts, points in their order.

    Raises:
        ValueError: A prompt has neither point, box nor mask.
    """
    rows = np.arange(len(prompts))
    if prompts.labels is None or prompts.points_xy is None:
        yield torch.from_numpy(rows), prompts
        return
    labels, xy = (part.detach().cpu().numpy() for part in (prompts.labels, prompts.points_xy))
    counts = (labels != -1).sum(axis=1)
    first = (labels == -1).argsort(axis=1, kind="stable")
    for number in np.unique(counts):
        chosen = rows[counts == number]
        boxes, masks = (_rows_of(part, chosen) for part in (prompts.boxes_xyxy, prompts.mask_logits))
        if number == 0 and boxes is None and masks is None:
            raise ValueError(f"prompt {int(chosen[0])} has neither point, box nor mask")
        there = chosen[:, None], first[chosen, :number]
        points = None if number == 0 else torch.from_numpy(xy[there])
        own = None if number == 0 else torch.from_numpy(labels[there])
        yield torch.from_numpy(chosen), Prompts(points, own, boxes, masks)


def _rows_of(part: Tensor | None, rows: np.ndarray) -> Tensor | None:
    """Return rows of a part of the prompts, on its device; all of them as they are."""
    if part is None or len(rows) == len(part):
        return part
    return part[to_device(torch.from_numpy(rows), part.device)]


def chunks(prompts: Prompts, size: int) -> Iterator[tuple[Tensor, Prompts]]:
    """Cut the groups of `without_padding` into at most `size` prompts each."""
    for rows, group in without_padding(prompts):
        for start in range(0, len(rows), size):
            chunk = slice(start, start + size)
            yield rows[chunk], group[chunk]
