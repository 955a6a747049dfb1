"""The relative positions of SAM's image encoder, gathered when it is loaded instead of in each call.

`transformers` makes their indices on the host in every attention of every image, so that each sends two tables to the
device and waits for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

Gather = Callable[[int, int, Tensor], Tensor]


def keep_positions(encoder: nn.Module) -> None:
    """Gather the positions of attentions that have them; the encoder is on its device, and its weights stay."""
    attention: Any
    for attention in encoder.modules():
        if hasattr(attention, "get_rel_pos") and hasattr(attention, "rel_pos_h"):
            attention.get_rel_pos = _kept(attention.get_rel_pos, [attention.rel_pos_h, attention.rel_pos_w])


def _kept(gather: Gather, tables: list[Tensor]) -> Gather:
    """Return the function with its answers for (2 size - 1, C) tables at their own size, and as it was for others."""
    answers: dict[tuple[int, int, int], Tensor] = {}
    for table in tables:
        size = (len(table) + 1) // 2
        answers[size, size, id(table)] = gather(size, size, table.detach().cpu()).to(table.device)

    def known(q_size: int, k_size: int, rel_pos: Tensor) -> Tensor:
        answer = answers.get((q_size, k_size, id(rel_pos)))
        return gather(q_size, k_size, rel_pos) if answer is None else answer

    return known
