"""Edge strength of masks on their device, in torch: what `sambench.masks.edges.strength` does on a CPU with numba.

Every pixel of a mask gets a strength, 0 off the boundary, so that no size depends on what the masks are. Boundary
pixels are the same; strengths are computed in double precision by the same steps in the same order and differ by the
rounding of the exponential function alone: at most one unit in the last place once they are single, or
1e-14 where gradients cancel.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sambench.masks.edges.strength import BorderMode, BoundarySide, sobel_kernels
from sambench.masks.transfers import to_device

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_PAD_MODES = {"replicate": "edge", "reflect": "reflect"}


def edge_strengths(
    mask_logits: Tensor,
    kernel_size: int = 3,
    border: BorderMode = "replicate",
    side: BoundarySide = "outer",
    width: int = 1,
) -> Tensor:
    """Measure the gradient magnitude of sigmoid(logits) at the boundary pixels of masks.

    Args:
        mask_logits: (N, H, W) float logits at image size.
        kernel_size, border, side, width: As `sambench.masks.edges.strength.mask_edges` takes them.

    Returns:
        (N, H, W) float32, 0 off the boundary.
    """
    import torch

    magnitude = _magnitude(mask_logits, kernel_size, border).float()
    return torch.where(_boundary(mask_logits > 0, border, side, width), magnitude, 0.0)


def _magnitude(mask_logits: Tensor, kernel_size: int, border: BorderMode) -> Tensor:
    """Return the (N, H, W) gradient magnitude of the probability maps, in double precision where the device has it."""
    import torch
    import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)

    (height, width), radius, device = mask_logits.shape[-2:], kernel_size // 2, mask_logits.device
    precise = torch.float32 if device.type == "mps" else torch.float64
    probability = 1.0 / (1.0 + (-mask_logits.to(precise)).exp())
    if border == "zero":
        probability = F.pad(probability, (radius,) * 4)
    else:
        rows, columns = (_beyond(length, radius, border, device) for length in (height, width))
        probability = probability.index_select(-2, rows).index_select(-1, columns)
    gradients = []
    for kernel in sobel_kernels(kernel_size):
        gradient = torch.zeros_like(mask_logits, dtype=precise)
        for (dy, dx), weight in np.ndenumerate(kernel):
            if weight:
                gradient += probability[..., dy : dy + height, dx : dx + width] * float(weight)
        gradients.append(gradient)
    along_x, along_y = gradients
    return (along_x * along_x + along_y * along_y).sqrt()


def _boundary(masks: Tensor, border: BorderMode, side: BoundarySide, width: int) -> Tensor:
    """Return where (N, H, W) bool masks have a boundary pixel of a side."""
    import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)

    if side == "outer":
        return _spread(masks, width) & ~masks
    beyond = float(border == "zero")  # beyond a border of zeros there is no mask
    outside = F.pad((~masks).float(), (width,) * 4, value=beyond)
    inner = masks & _spread(outside > 0, width)[..., width:-width, width:-width]
    return inner if side == "inner" else inner | (_spread(masks, width) & ~masks)


def _spread(masks: Tensor, width: int) -> Tensor:
    """Return where a pixel of a mask lies within `width` rows and columns."""
    import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)

    pixels = masks.float()[:, None]
    pixels = F.max_pool2d(pixels, (2 * width + 1, 1), 1, (width, 0))
    return F.max_pool2d(pixels, (1, 2 * width + 1), 1, (0, width))[:, 0] > 0


@lru_cache(maxsize=64)
def _beyond(length: int, radius: int, border: BorderMode, device: torch.device) -> Tensor:
    """Return the (length + 2 radius,) indices of an axis with those that stand for what lies beyond its ends."""
    import torch

    indices = np.pad(np.arange(length), radius, mode=_PAD_MODES[border])  # type: ignore[call-overload]
    return to_device(torch.from_numpy(indices), device)
