"""The three detectors without training of the paper's Table 3, by scikit-image.

None of the published rows comes with its code. Canny's constants are those of `pbCanny` in the Berkeley benchmark's
first code (D. Martin, 2003), whose fitted probability of a gradient does worse here, on BSDS500's val images, than its
share of the image's largest. Sobel has no constants; those of the segmentations had the best ODS of five choices on 16
of the train images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from scipy import ndimage
from skimage.color import rgb2gray
from skimage.feature import canny
from skimage.filters import gaussian, sobel
from skimage.segmentation import felzenszwalb

from sambench.config.ranges import Range
from sambench.models.edges.detector import EdgeDetector

VERSION = 1
"""Raised whenever a detector finds another map of the same image with the same constants."""


ROUNDING = 1e-9
"""A slope below it, of grey values in [0, 1], is no slope: the least true one of an 8-bit image is above 1e-4."""


class Sobel(EdgeDetector):
    """The Sobel filter: the gradient's magnitude over the grey image, stretched to a largest value of 1.

    Args:
        sigma: Of a Gaussian before it, pixels; 0 for the filter alone, as it is known.
    """

    name = "sobel"

    def __init__(self, sigma: Annotated[float, Range(0, 100)] = 0.0) -> None:
        self.sigma = sigma
        self.identify(VERSION, sigma=sigma)

    def detect(self, image: np.ndarray) -> np.ndarray:
        """Return the magnitude (H, W) in [0, 1] of an (H, W, 3) uint8 RGB image; thick, for the task to suppress."""
        return stretched(sobel(_smooth(image, self.sigma)))


class Canny(EdgeDetector):
    """Canny's detector at many thresholds: a ridge is as strong as the highest threshold it survives.

    Args:
        sigma: Of the Gaussian, pixels.
        low: The lower hysteresis threshold as a share of the upper one; 1 for no hysteresis.
        thresholds: Upper thresholds, evenly spread over (0, 1] of the image's largest gradient.
    """

    name = "canny"
    thin_edges = True

    def __init__(
        self,
        sigma: Annotated[float, Range(0, 100)] = 2.0,
        low: Annotated[float, Range(0, 1, above=True)] = 1 / 3,
        thresholds: Annotated[int, Range(1, 999)] = 100,
    ) -> None:
        self.sigma, self.low, self.thresholds = sigma, low, thresholds
        self.identify(VERSION, sigma=sigma, low=low, thresholds=thresholds)

    def detect(self, image: np.ndarray) -> np.ndarray:
        """Return the ridges (H, W) in [0, 1] of an (H, W, 3) uint8 RGB image."""
        grey = rgb2gray(image)
        ridges = canny(grey, self.sigma, low_threshold=0, high_threshold=0, mode="nearest")
        smooth = _smooth(image, self.sigma)
        slopes = [ndimage.sobel(smooth, axis=axis, mode="nearest") for axis in (0, 1)]
        strength = stretched(np.hypot(*slopes)) * ridges
        return survived(strength, self.low, self.thresholds)


class FelzHutt(EdgeDetector):
    """Felzenszwalb and Huttenlocher's graph segmentation at many scales: the share of them that draws a border.

    Args:
        scales: How large segments like to be (k in their paper), one segmentation each.
        sigma: Of the Gaussian before each, pixels.
        min_size: Pixels of the smallest segment.
    """

    name = "felz_hutt"
    thin_edges = True

    def __init__(
        self,
        scales: Annotated[Sequence[float], Range(0, 1e9, above=True)] = (50, 100, 200, 400, 800, 1600, 3200, 6400),
        sigma: Annotated[float, Range(0, 100)] = 1.2,
        min_size: Annotated[int, Range(1, 10**9)] = 200,
    ) -> None:
        self.scales, self.sigma, self.min_size = tuple(map(float, scales)), sigma, min_size
        self.identify(VERSION, scales=self.scales, sigma=sigma, min_size=min_size)

    def detect(self, image: np.ndarray) -> np.ndarray:
        """Return the share (H, W) in [0, 1] of segmentations of an (H, W, 3) uint8 RGB image with a border there."""
        parts = (felzenszwalb(image, scale, self.sigma, self.min_size) for scale in self.scales)
        return np.mean([borders(labels) for labels in parts], axis=0)


def stretched(strength: np.ndarray) -> np.ndarray:
    """Divide a map (H, W) by its largest value; one that holds nothing but the noise of rounding becomes 0."""
    highest = strength.max()
    return strength / highest if highest > ROUNDING else np.zeros_like(strength)


def survived(strength: np.ndarray, low: float, thresholds: int) -> np.ndarray:
    """Return the highest threshold at which each pixel outlives hysteresis, (H, W) in [0, 1], 0 for none.

    Args:
        strength: (H, W) float in [0, 1].
        low: A pixel survives at a threshold t if it is at least `low * t` and connected, by such pixels and over
            corners too, to one of at least t.
        thresholds: Their number N; they are 1/N, 2/N ... 1.
    """
    highest = np.zeros_like(strength)
    for level in np.arange(1, thresholds + 1) / thresholds:
        parts, count = ndimage.label(strength >= low * level, np.ones((3, 3)))
        strong = np.zeros(count + 1, np.bool_)
        strong[parts[strength >= level]] = True
        highest[strong[parts]] = level
    return highest


def borders(labels: np.ndarray) -> np.ndarray:
    """Return where a label map (H, W) differs from its right or lower neighbour, (H, W) bool."""
    border = np.zeros(labels.shape, np.bool_)
    border[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    border[:-1] |= labels[:-1] != labels[1:]
    return border


def _smooth(image: np.ndarray, sigma: float) -> np.ndarray:
    """Return the grey image (H, W) float64 in [0, 1] after a Gaussian of `sigma` pixels."""
    return gaussian(rgb2gray(image), sigma, mode="nearest")
