"""Boundary cues of the hierarchy model: colour gradients and changes of colour and texture words, as one tensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from skimage.color import rgb2lab

from sambench.files.kernels import kernel
from sambench.models.hierarchy.constants import TreeConstants
from sambench.models.hierarchy.filters import convolve, gaussian_kernels, texture_features, words

TEXTURE_SIGMAS = (1.0, 2.0)
CHROMA_WEIGHT = 1.5


@dataclass(frozen=True)
class Cues:
    """What an image's pixels say about its boundaries.

    Attributes:
        tensor: (3, H, W) float32: the xx, xy and yy parts of the boundary tensor; the square root of its larger
            eigenvalue is the boundary strength.
        colours: (H, W) int32 colour word of each pixel.
        textures: (H, W) int32 texture word of each pixel.
    """

    tensor: np.ndarray
    colours: np.ndarray
    textures: np.ndarray


def boundary_cues(image: np.ndarray, constants: TreeConstants) -> Cues:
    """Measure how fast colour and texture change at each pixel and in which direction.

    Each cue is a structure tensor: for Lab channels the sum of their gradients' outer products (Di Zenzo 1986), for
    histograms of words the same weighted by 1 / (share + floor), which makes it the chi-squared distance of the two
    sides (Martin et al. 2004) in the limit of a small step. Tensors of all cues and scales add up.

    Args:
        image: (H, W, 3) uint8 RGB.
        constants: Scales and weights.

    Returns:
        The tensor and the words.
    """
    lab = rgb2lab(image.astype(np.float32) / np.float32(255)).astype(np.float32)
    shape = lab.shape[:2]
    tensor = np.zeros((3, *shape), np.float32)
    for sigma in constants.gradient_sigmas:
        for channel in range(3):
            _add_gradient(tensor, np.ascontiguousarray(lab[..., channel]), sigma, constants.gradient_contrast**-2)
    weighted = lab.reshape(-1, 3) * np.array([1, CHROMA_WEIGHT, CHROMA_WEIGHT], np.float32)
    colours = words(weighted, constants.colour_words).reshape(shape)
    filtered = texture_features(np.ascontiguousarray(lab[..., 0]), TEXTURE_SIGMAS)
    textures = words(filtered, constants.texture_words).reshape(shape)
    half = np.zeros((3, (shape[0] + 1) // 2, (shape[1] + 1) // 2), np.float32)
    for labels, count, sigmas, weight in (
        (colours, constants.colour_words, constants.colour_sigmas, constants.colour_weight),
        (textures, constants.texture_words, constants.texture_sigmas, constants.texture_weight),
    ):
        for word in range(count):
            share = _share_at_half_size(labels, word)
            for sigma in sigmas if share.any() else ():
                _add_histogram(half, share, sigma / 2, weight, constants.histogram_floor)
    _add_doubled(tensor, half)
    return Cues(tensor, colours, textures)


def strength_and_orientation(tensor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the boundary strength and the direction across the boundary of a (3, ...) tensor.

    Returns:
        Strength >= 0 and angle in [0, pi) from the x axis towards y, both of the tensor's trailing shape.
    """
    xx, xy, yy = tensor
    strength = np.sqrt((xx + yy) / 2 + np.sqrt(((xx - yy) / 2) ** 2 + xy**2))
    return strength, np.mod(0.5 * np.arctan2(2 * xy, xx - yy), np.pi)


def _add_gradient(tensor: np.ndarray, channel: np.ndarray, sigma: float, weight: float) -> None:
    """Add a channel's gradient at one scale to the tensor."""
    smooth, first, _ = gaussian_kernels(sigma)
    _add_outer(tensor, convolve(channel, smooth, first), convolve(channel, first, smooth), np.float32(weight))


def _add_histogram(tensor: np.ndarray, share: np.ndarray, sigma: float, weight: float, floor: float) -> None:
    """Add one histogram bin's gradient at one scale (pixels of `share`), in units of change over sigma."""
    smooth, first, _ = gaussian_kernels(sigma)
    trust = np.float32(weight * sigma**2) / (convolve(share, smooth, smooth) + np.float32(floor))
    _add_outer(tensor, convolve(share, smooth, first), convolve(share, first, smooth), trust)


def _add_outer(tensor: np.ndarray, along_x: np.ndarray, along_y: np.ndarray, weight: np.ndarray | np.float32) -> None:
    tensor[0] += weight * along_x * along_x
    tensor[1] += weight * along_x * along_y
    tensor[2] += weight * along_y * along_y


def _share_at_half_size(labels: np.ndarray, word: int) -> np.ndarray:
    """Return the share of a word in each 2 x 2 block; a block that sticks out counts its own pixels."""
    share = np.zeros([(side + 1) // 2 for side in labels.shape], np.float32)
    _add_shares(labels, word, share)
    return share


@kernel(borrows=True)
def _add_shares(labels: np.ndarray, word: int, share: np.ndarray) -> None:
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            if labels[y, x] == word:
                rows = 2 if (y | 1) < height else 1
                columns = 2 if (x | 1) < width else 1
                share[y // 2, x // 2] += np.float32(1) / np.float32(rows * columns)


@kernel(borrows=True)
def _add_doubled(tensor: np.ndarray, half: np.ndarray) -> None:
    """Add a (3, ceil(H / 2), ceil(W / 2)) tensor, interpolated bilinearly to (3, H, W)."""
    rows, columns = half.shape[1:]
    for part in range(3):
        for y in range(tensor.shape[1]):
            top = min(max((y - 1) // 2, 0), rows - 1)
            bottom = min((y + 1) // 2, rows - 1)
            down = np.float32(0.25 if y % 2 == 1 else 0.75)
            for x in range(tensor.shape[2]):
                left = min(max((x - 1) // 2, 0), columns - 1)
                right = min((x + 1) // 2, columns - 1)
                across = np.float32(0.25 if x % 2 == 1 else 0.75)
                upper = half[part, top, left] * (1 - across) + half[part, top, right] * across
                lower = half[part, bottom, left] * (1 - across) + half[part, bottom, right] * across
                tensor[part, y, x] += upper * (1 - down) + lower * down
