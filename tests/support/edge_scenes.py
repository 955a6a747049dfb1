"""Scenes with edges at several scales, soft edge maps, hand-drawn truths, and a plain solver to compare with."""

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import cKDTree
from skimage.morphology import thin as skimage_thin

SHAPE = (321, 481)
N_ANNOTATORS = 5


def scene(seed, shape=SHAPE):
    """Return an image with edges at several scales: (H, W) float."""
    rng = np.random.default_rng(seed)
    layers = [gaussian_filter(rng.normal(size=shape), sigma) * sigma * weight for sigma, weight in ((1, 1), (12, 4))]
    return layers[0] + np.round(3 * layers[1])


def dense_edges(seed, shape=SHAPE, count=20_000):
    """Return the `count` strongest thin edge pixels of a scene: (H, W) float in [0, 1]."""
    return thin_edges(scene(seed, shape), count)


def thin_edges(image, count):
    """Return the `count` strongest pixels of an image's blurred gradient after suppression of non-maxima.

    Args:
        image: (H, W) float.
        count: Pixels that stay above 0.

    Returns:
        (H, W) float in [0, 1], square roots of magnitudes.
    """
    gradient = [gaussian_filter(image, 1.0, order) for order in ((1, 0), (0, 1))]
    strength = np.hypot(*gradient)
    steps = [part / np.maximum(strength, 1e-9) for part in gradient]
    places = np.indices(image.shape)
    ahead, behind = (
        map_coordinates(strength, [places[0] + sign * steps[0], places[1] + sign * steps[1]], order=1, mode="nearest")
        for sign in (1, -1)
    )
    edges = np.where((strength >= ahead) & (strength >= behind), strength, 0)
    edges = np.where(edges >= np.sort(edges.ravel())[-count], edges, 0)
    return np.sqrt(edges / edges.max())


def annotators(seed, shape=SHAPE):
    """Return boundary maps of the same scene drawn by several hands: the coarse structure, each a little displaced."""
    rng = np.random.default_rng(seed + 1)
    maps = []
    for _ in range(N_ANNOTATORS):
        image = np.round(gaussian_filter(scene(seed, shape), 4.0) / 5)
        crossing = (image != np.roll(image, 1, 0)) | (image != np.roll(image, 1, 1))
        maps.append(skimage_thin(np.roll(crossing, tuple(rng.integers(-2, 3, 2)), (0, 1))))
    return maps


def plain_counts(strength, truths, thresholds):
    """Score as `boundary_counts`, every problem solved afresh by scipy."""
    radius = 0.0075 * np.hypot(*strength.shape)
    counts = []
    for threshold in thresholds:
        prediction = skimage_thin(strength >= threshold)
        predicted, n_pairs, n_true = np.argwhere(prediction), 0, 0
        matched = np.zeros(len(predicted), bool)
        for truth in truths:
            true = np.argwhere(truth)
            near = cKDTree(true).sparse_distance_matrix(cKDTree(predicted), radius, output_type="ndarray")
            stand_ins = np.arange(len(true))
            rows = np.concatenate([near["i"], stand_ins])
            columns = np.concatenate([near["j"], len(predicted) + stand_ins])
            costs = np.concatenate([np.rint(100 * near["v"]) + 1, np.full(len(true), 10**8)])
            graph = csr_matrix((costs, (rows, columns)), shape=(len(true), len(predicted) + len(true)))
            chosen = min_weight_full_bipartite_matching(graph)[1]
            chosen = chosen[chosen < len(predicted)]
            matched[chosen] = True
            n_pairs, n_true = n_pairs + len(chosen), n_true + len(true)
        counts.append([n_pairs, n_true, matched.sum(), len(predicted)])
    return np.array(counts)
