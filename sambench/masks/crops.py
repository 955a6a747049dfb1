"""Overlapping crops of an image, layer by layer, and the rule for masks that a crop may have cut."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from sambench.errors import UsageError
from sambench.types import Size

if TYPE_CHECKING:
    from torch import Tensor

EDGE_TOLERANCE = 20.0
"""A box side this close to a crop's side, in pixels, counts as cut by it (segment_anything's `atol`)."""


@dataclass(frozen=True)
class Crop:
    """One crop of an image.

    Attributes:
        box_xyxy: (x0, y0, x1, y1) in pixels of the image, x1 and y1 exclusive.
        layer: 0 for the whole image, i for one of the 4 ** i crops of layer i.
    """

    box_xyxy: tuple[int, int, int, int]
    layer: int

    @property
    def size(self) -> Size:
        """(height, width) in pixels."""
        x0, y0, x1, y1 = self.box_xyxy
        return y1 - y0, x1 - x0

    @property
    def area(self) -> int:
        """Pixels in the crop."""
        return self.size[0] * self.size[1]


def layered_crops(image_size: Size, n_layers: int, overlap_ratio: float) -> list[Crop]:
    """List the whole image and then the 2 ** i x 2 ** i crops of each layer i.

    Neighbours in layer i overlap by overlap_ratio * short side * 2 / 2 ** i pixels, rounded down
    (segment_anything's `generate_crop_boxes`, in its order: column by column).

    Args:
        image_size: (height, width) in pixels.
        n_layers: Number of layers besides the whole image.
        overlap_ratio: In [0, 1), of the short side.

    Raises:
        UsageError: The image is too small to be cut that often.
    """
    height, width = image_size
    crops = [Crop((0, 0, width, height), 0)]
    for layer in range(1, n_layers + 1):
        per_side = 2**layer
        overlap = int(overlap_ratio * min(image_size) * (2 / per_side))
        crop_width, crop_height = (math.ceil((overlap * (per_side - 1) + side) / per_side) for side in (width, height))
        lefts = [(crop_width - overlap) * i for i in range(per_side)]
        tops = [(crop_height - overlap) * i for i in range(per_side)]
        if lefts[-1] >= width or tops[-1] >= height:
            raise UsageError(
                f"an image of {height} x {width} pixels is too small for {per_side} x {per_side} crops",
                where="crop_n_layers",
                mend=f"lower crop_n_layers below {layer}",
            )
        for x0, y0 in product(lefts, tops):
            crops.append(Crop((x0, y0, min(x0 + crop_width, width), min(y0 + crop_height, height)), layer))
    return crops


def near_crop_edge(boxes_xyxy: Tensor, crop: Crop, image_size: Size, tolerance: float = EDGE_TOLERANCE) -> Tensor:
    """Find the boxes that a crop's side may have cut: near it, but not near the same side of the image.

    Args:
        boxes_xyxy: (N, 4) in pixels of the image.
        crop: The crop the boxes were found in.
        image_size: (height, width) in pixels.
        tolerance: Nearness in pixels, inclusive.

    Returns:
        (N,) bool (segment_anything's `is_box_near_crop_edge`).
    """
    import torch

    height, width = image_size
    boxes = boxes_xyxy.float()
    crop_sides = torch.tensor(crop.box_xyxy, dtype=boxes.dtype, device=boxes.device)
    image_sides = torch.tensor((0, 0, width, height), dtype=boxes.dtype, device=boxes.device)
    near_crop = (boxes - crop_sides).abs() <= tolerance
    near_image = (boxes - image_sides).abs() <= tolerance
    return (near_crop & ~near_image).any(dim=1)
