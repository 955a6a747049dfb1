"""Separable Gaussian filters with mirrored borders, and words: a k-means vocabulary made from the image itself."""

from __future__ import annotations

import math

import numpy as np

from sambench.files.kernels import kernel

KMEANS_ITERATIONS = 8
KMEANS_SAMPLES = 4000


def gaussian_kernels(sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the sampled Gaussian and its first two derivatives.

    Args:
        sigma: Standard deviation in pixels.

    Returns:
        Three (2 * ceil(3 * sigma) + 1,) float32 kernels for convolution: the Gaussian sums to 1, the first derivative
        answers 1 to a ramp of slope 1, the second sums to 0 and is scaled by sigma squared.
    """
    radius = max(1, math.ceil(3 * sigma))
    offsets = np.arange(-radius, radius + 1)
    smooth = np.exp(-0.5 * (offsets / sigma) ** 2)
    smooth = smooth / smooth.sum()
    first = -offsets * smooth / (offsets**2 * smooth).sum()
    second = smooth * ((offsets / sigma) ** 2 - 1)
    return smooth.astype(np.float32), first.astype(np.float32), (second - second.mean()).astype(np.float32)


@kernel(borrows=True, inner=True)
def _mirror(index: int, length: int) -> int:
    index %= 2 * length
    return index if index < length else 2 * length - 1 - index


def convolve(image: np.ndarray, along_y: np.ndarray, along_x: np.ndarray) -> np.ndarray:
    """Convolve with one kernel along y and one along x; the image is mirrored about its border pixels' outer edges.

    Args:
        image: (H, W) float32.
        along_y: Odd number of float32 taps.
        along_x: Odd number of float32 taps.

    Returns:
        (H, W) float32.
    """
    result, column = np.zeros_like(image), np.empty(image.shape[1], image.dtype)
    _convolve(image, along_y, along_x, column, np.empty(len(column) + len(along_x), image.dtype), result)
    return result


@kernel(borrows=True, fastmath=True)
def _convolve(
    image: np.ndarray,
    along_y: np.ndarray,
    along_x: np.ndarray,
    column: np.ndarray,
    row: np.ndarray,
    result: np.ndarray,
) -> None:
    """Fill in the `result` of `convolve`, (H, W) zeros; `column` and `row` are room for W and for W and all taps."""
    height, width = image.shape
    radius_y, radius_x = len(along_y) // 2, len(along_x) // 2
    for y in range(height):
        for x in range(width):
            column[x] = 0
        for tap in range(-radius_y, radius_y + 1):
            source = image[_mirror(y - tap, height)]
            weight = along_y[tap + radius_y]
            for x in range(width):
                column[x] += weight * source[x]
        for x in range(-radius_x, width + radius_x):
            row[x + radius_x] = column[_mirror(x, width)]
        for tap in range(2 * radius_x + 1):
            weight = along_x[2 * radius_x - tap]
            for x in range(width):
                result[y, x] += weight * row[x + tap]


def texture_features(lightness: np.ndarray, sigmas: tuple[float, ...]) -> np.ndarray:
    """Filter lightness with a small oriented bank.

    Args:
        lightness: (H, W) float32, Lab L.
        sigmas: Scales in pixels.

    Returns:
        (H * W, 6 * len(sigmas)) float32: a scale's even filters (second derivatives) at 0, 45, 90 and 135 degrees and
        its odd filters (first derivatives) along x and y.
    """
    responses = []
    for sigma in sigmas:
        smooth, first, second = gaussian_kernels(sigma)
        odd = first * np.float32(sigma)
        along_x = convolve(lightness, smooth, second)
        along_y = convolve(lightness, second, smooth)
        mixed = convolve(lightness, odd, odd)
        half = (along_x + along_y) / 2
        responses += [along_x, half + mixed, along_y, half - mixed]
        responses += [convolve(lightness, smooth, odd), convolve(lightness, odd, smooth)]
    return np.stack(responses, -1).reshape(lightness.size, -1)


def words(features: np.ndarray, count: int) -> np.ndarray:
    """Cluster pixels by k-means, without chance: a strided sample, centres started farthest from each other.

    Args:
        features: (P, D) float32, one row a pixel.
        count: Clusters.

    Returns:
        (P,) int32 cluster of each pixel, 0 to count - 1; clusters may be empty.
    """
    sample = np.ascontiguousarray(features[:: max(1, len(features) // KMEANS_SAMPLES)])
    labels, nearest = np.zeros(len(features), np.int32), np.full(len(sample), np.inf)
    sums, sizes = np.zeros((count, features.shape[1])), np.zeros(count)
    centres = sums.astype(np.float32)
    _centres(sample, KMEANS_ITERATIONS, labels[: len(sample)], nearest, sums, sizes, centres)
    _assign(np.ascontiguousarray(features), centres, labels)
    return labels


@kernel(borrows=True, inner=True, fastmath=True)
def _squared(first: np.ndarray, second: np.ndarray) -> float:
    total = 0.0
    for axis in range(len(first)):
        total += (first[axis] - second[axis]) ** 2
    return total


@kernel(borrows=True)
def _assign(features: np.ndarray, centres: np.ndarray, labels: np.ndarray) -> None:
    for index in range(len(features)):
        best, nearest = np.inf, 0
        for cluster in range(len(centres)):
            distance = _squared(features[index], centres[cluster])
            if distance < best:
                best, nearest = distance, cluster
        labels[index] = nearest


@kernel(borrows=True)
def _centres(
    sample: np.ndarray,
    iterations: int,
    labels: np.ndarray,
    distances: np.ndarray,
    sums: np.ndarray,
    sizes: np.ndarray,
    centres: np.ndarray,
) -> None:
    """Run Lloyd's algorithm from centres that are each the sample farthest from those before.

    Args:
        sample: (S, D) float32.
        iterations: How often centres are moved.
        labels: (S,) int32 zeros.
        distances: (S,) float64, infinite.
        sums, sizes: (C, D) and (C,) float64, room for `_move`.
        centres: (C, D) float32 zeros, set to the result.
    """
    _move(sample, labels, sums[:1], sizes[:1], centres[:1])
    chosen, nearest = 0, np.inf
    for index in range(len(sample)):
        distance = _squared(sample[index], centres[0])
        if distance < nearest:
            chosen, nearest = index, distance
    for cluster in range(len(centres)):
        for axis in range(sample.shape[1]):  # an assignment of arrays compiles the sentence of its error, too
            centres[cluster, axis] = sample[chosen, axis]
        distances[chosen] = 0
        for index in range(len(sample)):
            distances[index] = min(distances[index], _squared(sample[index], centres[cluster]))
            if distances[index] > distances[chosen]:
                chosen = index
    for _ in range(iterations):
        _assign(sample, centres, labels)
        _move(sample, labels, sums, sizes, centres)


@kernel(borrows=True, inner=True)
def _move(sample: np.ndarray, labels: np.ndarray, sums: np.ndarray, sizes: np.ndarray, centres: np.ndarray) -> None:
    """Move each cluster's centre to the mean of its samples; one without any keeps its centre."""
    for cluster in range(len(centres)):
        sizes[cluster] = 0
        for axis in range(sample.shape[1]):
            sums[cluster, axis] = 0
    for index in range(len(sample)):
        sizes[labels[index]] += 1
        for axis in range(sample.shape[1]):
            sums[labels[index], axis] += sample[index, axis]
    for cluster in range(len(centres)):
        for axis in range(sample.shape[1] if sizes[cluster] > 0 else 0):
            centres[cluster, axis] = sums[cluster, axis] / sizes[cluster]
