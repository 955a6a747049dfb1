"""Prompts of one batch with different numbers of points."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from sambench.types import Prompts


def without_padding(prompts: Prompts) -> Iterator[tuple[Tensor, Prompts]]:
    """Group prompts by their number of points and drop the points labelled -1.

    Yields:
        Rows of the batch (int64, on the CPU) and their prompts, points in their order.

    Raises:
        ValueError: A prompt has neither point, box nor mask.
    """
    rows = torch.arange(len(prompts))
    if prompts.labels is None or prompts.points_xy is None:
        yield rows, prompts
        return
    labels, xy = prompts.labels.cpu(), prompts.points_xy.cpu()
    counts = (labels != -1).sum(dim=1)
    first = (labels == -1).to(torch.int8).argsort(dim=1, stable=True)
    for number in counts.unique().tolist():
        chosen = rows[counts == number]
        keep = first[chosen, :number]
        boxes, masks = (
            None if p is None else p[chosen.to(p.device)] for p in (prompts.boxes_xyxy, prompts.mask_logits)
        )
        if number == 0 and boxes is None and masks is None:
            raise ValueError(f"prompt {int(chosen[0])} has neither point, box nor mask")
        points = None if number == 0 else xy[chosen[:, None], keep]
        yield chosen, Prompts(points, None if points is None else labels[chosen[:, None], keep], boxes, masks)


def chunks(prompts: Prompts, size: int) -> Iterator[tuple[Tensor, Prompts]]:
    """Cut the groups of `without_padding` into at most `size` prompts each."""
    for rows, group in without_padding(prompts):
        for start in range(0, len(rows), size):
            chunk = slice(start, start + size)
            yield rows[chunk], group[chunk]
