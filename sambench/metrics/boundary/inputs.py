"""The three kinds of boundary prediction the Berkeley benchmark reads, as soft or binary maps at image size."""

from __future__ import annotations

import numpy as np

from sambench.errors import PredictionError


def strength_from_image(image: np.ndarray) -> np.ndarray:
    """Scale a stored boundary map to [0, 1].

    Args:
        image: (H, W) bool, unsigned integer (divided by the type's largest value: 255 or 65535) or float, or (H, W, C)
            as for `one_channel`.

    Returns:
        (H, W) float64.

    Raises:
        PredictionError: The channels have no one strength, or the type is another.
    """
    if image.ndim == 3:
        try:
            image = one_channel(image)
        except ValueError as error:
            raise PredictionError(str(error), mend="save it in greyscale") from error
    if image.ndim != 2:
        raise PredictionError(f"a boundary map is (height, width), this one has shape {image.shape}")
    if image.dtype.kind == "u":
        return image.astype(np.float64) / np.iinfo(image.dtype).max
    if image.dtype.kind in "fb":
        return image.astype(np.float64)
    raise PredictionError(
        f"a boundary map of type {image.dtype} has no known range", mend="save it as 8-bit, 16-bit or float in [0, 1]"
    )


def one_channel(pixels: np.ndarray) -> np.ndarray:
    """Return the (H, W) channel of a (H, W, C) map whose colour channels are equal.

    Alpha, the last of 2 or 4 channels, is left out.

    Raises:
        ValueError: The colours differ, or are one colour everywhere under an alpha channel that holds the map.
    """
    channels = pixels.shape[2]
    colours = pixels[..., : channels - (channels in (2, 4))]
    if channels > 4 or (colours != colours[..., :1]).any():
        raise ValueError(f"an edge map of {channels} channels that differ has colours, and no one strength")
    grey = colours[..., 0]
    if channels in (2, 4) and (grey == grey.flat[0]).all() and (pixels[..., -1] != pixels[..., -1].flat[0]).any():
        raise ValueError("an edge map of one colour has its strength in the alpha channel alone, which is not read")
    return grey


def boundaries_from_segs(segs: list[np.ndarray]) -> list[np.ndarray]:
    """Return the boundary map of each segmentation.

    A pixel is on a boundary if its 2 x 2 block with the neighbours right, below and lower right has two labels; beyond
    the image the border pixels go on (`seg2bdry(seg, 'imageSize')` of the benchmark).

    Args:
        segs: (H, W) integer label maps, coarse or fine in any order; the benchmark's "thresholds" are 1 to len(segs).

    Returns:
        One (H, W) bool map a segmentation.

    Raises:
        PredictionError: A segmentation is no map, or there is none.
    """
    if not segs:
        raise PredictionError("a prediction of segmentations holds none", mend="store at least one label map in 'segs'")
    boundaries = []
    for number, seg in enumerate(segs, start=1):
        if seg.ndim != 2:
            raise PredictionError(f"segmentation {number} has shape {seg.shape}, not (height, width)")
        block = np.pad(seg, ((0, 1), (0, 1)), mode="edge")
        here, right, below, across = block[:-1, :-1], block[:-1, 1:], block[1:, :-1], block[1:, 1:]
        boundaries.append((here != right) | (here != below) | (right != across) | (below != across))
    return boundaries
