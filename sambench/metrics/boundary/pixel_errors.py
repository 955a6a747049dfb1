"""Which boundary pixels are missed and which are false: by distance, orientation, contrast and annotators' agreement.

Every annotator's pixels and all predicted ones are of one group by each property, and each is matched or not, as the
benchmark counts (`sambench.metrics.boundary.counts.match_maps`): a true pixel that is not is a miss, a predicted one
that no annotator's is matched with a false alarm. r is the benchmark's tolerance in pixels.

    distance     of a true pixel to the nearest predicted one, of a predicted one to the nearest true one of any
                 annotator: within r (its partner was taken), within 3 r (off the place), farther (nothing is there)
    orientation  of the edge: vertical, horizontal (both within 22.5 degrees) or slanted, by the second derivatives of
                 the map smoothed by 2 pixels; of true pixels from the mean of all annotators' maps
    contrast     largest change of the image's brightness, smoothed by 1 pixel, within 2 pixels: up to 4, to 12 and
                 above 12 grey levels a pixel
    agreement    annotators (beside the pixel's own) with a boundary within r: none, some, all

Example: one annotator's vertical line of 5 pixels, and a predicted one 10 columns away, r = 3: 5 misses and 5 false
alarms, all farther than 3 r and vertical.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from sambench.metrics.boundary.counts import match_maps

GROUPS = {
    "distance": ("within r", "within 3 r", "farther"),
    "orientation": ("vertical", "slanted", "horizontal"),
    "contrast": ("up to 4", "to 12", "above 12"),
    "agreement": ("none", "some", "all"),
}
"""Property -> groups of pixels."""

CONTRAST_ENDS = (4.0, 12.0)

_REACH = 5
"""Side of the square in which the largest change of brightness is looked for."""


def pixel_errors(
    prediction: np.ndarray, truths: Sequence[np.ndarray], max_dist: float, image: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Count one image's matched and all pixels of each group.

    Args:
        prediction: (H, W) bool, as it is matched (thinned).
        truths: One (H, W) bool boundary map an annotator.
        max_dist: Largest distance of a pair as a fraction of the image's diagonal.
        image: (H, W, 3) uint8 RGB; without it there is no "contrast".

    Returns:
        Property, "all" first -> (number of groups, 4) int64: matched true pixels and all true ones, summed over
        annotators, matched predicted pixels and all predicted ones.
    """
    predicted = np.asarray(prediction) != 0
    maps = [np.asarray(truth) != 0 for truth in truths]
    radius = max_dist * float(np.hypot(*predicted.shape))
    matched = [match_maps(predicted, truth, max_dist) for truth in maps]
    right = np.any([own for own, _ in matched], axis=0)
    near = [_distance(truth) <= radius for truth in maps]
    numbers = {
        "all": (np.zeros(predicted.shape, int),) * 2,
        "distance": tuple(_of_distance(_distance(one), radius) for one in (predicted, np.any(maps, axis=0))),
        "orientation": tuple(_of_orientation(one) for one in (np.mean(maps, axis=0), predicted.astype(np.float64))),
    }
    if image is not None:
        numbers["contrast"] = (_of_contrast(image),) * 2
    counts = {name: np.zeros((len(GROUPS.get(name, ("all",))), 4), np.int64) for name in numbers}
    counts["agreement"] = np.zeros((3, 4), np.int64)
    for index, (truth, (_, truth_matched)) in enumerate(zip(maps, matched, strict=True)):
        own = {name: one for name, (one, _) in numbers.items()}
        own["agreement"] = _of_agreement(near[:index] + near[index + 1 :], truth.shape)
        for name, number in own.items():
            _add(counts[name][:, :2], number, truth_matched, truth)
    own = {name: one for name, (_, one) in numbers.items()} | {"agreement": _of_agreement(near, predicted.shape)}
    for name, number in own.items():
        _add(counts[name][:, 2:], number, right & predicted, predicted)
    return counts


def _add(counts: np.ndarray, number: np.ndarray, matched: np.ndarray, all_of: np.ndarray) -> None:
    """Add pixels by the number of their group to (K, 2) counts, in place."""
    for column, pixels in enumerate((matched, all_of)):
        counts[:, column] += np.bincount(number[pixels], minlength=len(counts))


def _distance(pixels: np.ndarray) -> np.ndarray:
    """Return each pixel's distance to the nearest one of a map; infinite where it has none."""
    return ndimage.distance_transform_edt(~pixels) if pixels.any() else np.full(pixels.shape, np.inf)


def _of_distance(distance: np.ndarray, radius: float) -> np.ndarray:
    return (distance > radius).astype(int) + (distance > 3 * radius)


def _of_orientation(strength: np.ndarray) -> np.ndarray:
    """Return 0 for vertical edges, 1 for slanted and 2 for horizontal ones."""
    across, down, mixed = (ndimage.gaussian_filter(strength, 2.0, order) for order in ((0, 2), (2, 0), (1, 1)))
    length = np.hypot(across - down, 2 * mixed)
    turned = (down - across) / np.where(length > 0, length, 1)  # cosine of twice the angle of the edge's normal
    return (turned < np.sqrt(0.5)).astype(int) + (turned < -np.sqrt(0.5))


def _of_contrast(image: np.ndarray) -> np.ndarray:
    change = ndimage.gaussian_gradient_magnitude(image.mean(axis=2), 1.0)
    return np.digitize(ndimage.maximum_filter(change, _REACH), CONTRAST_ENDS, right=True)


def _of_agreement(near: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Return 0 where none of the annotators has a boundary near, 2 where all have, 1 between."""
    if not near:
        return np.zeros(shape, int)
    share = np.mean(near, axis=0)
    return (share > 0).astype(int) + (share == 1)
