"""Resamples walked several at once give, to the last bit, what a plain walk of each one gives."""

import numpy as np
import pytest

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.coco.average_precision import precision_replicates, summary
from sambench.metrics.coco.matches import NEVER_COUNTED, InstanceMatches
from sambench.metrics.coco.params import IOU_THRESHOLDS, RECALL_LEVELS
from sambench.metrics.coco.precision_curve import LANES
from sambench.metrics.groups import AREA_RANGES

LIMITS = [1, 3, 10]


def made(images, seed=0, most=12):
    """Return matches with many ties, within images and between them, and detections that do not count."""
    rng = np.random.default_rng(seed)
    found = []
    for image in range(images):
        categories = np.sort(rng.integers(1, 4, rng.integers(0, most)))
        n, areas = len(categories), len(AREA_RANGES)
        scores = np.round(rng.random(n), 1)
        order = np.lexsort((-scores, categories))
        uncounted = rng.integers(0, NEVER_COUNTED + 1, (n, areas)) & rng.integers(0, NEVER_COUNTED + 1, (n, areas))
        uncounted[rng.random((n, areas)) < 0.2] = NEVER_COUNTED
        hits = rng.integers(0, NEVER_COUNTED + 1, (n, areas)) & ~uncounted
        hits[rng.random((n, areas)) < 0.4] = 0
        own = categories[order]
        truth = np.unique(rng.integers(1, 5, 3))
        found.append(
            InstanceMatches(
                image_id=image,
                categories=own,
                scores=scores[order],
                places=np.array([int(np.count_nonzero(own[:j] == own[j])) for j in range(n)], np.int32),
                hits=hits.astype(np.uint16),
                uncounted=uncounted.astype(np.uint16),
                truth_categories=truth,
                truth_counts=rng.integers(0, 6, (len(truth), areas)),
            )
        )
    return found


def plain(matches, weights):
    """Walk each category of one resample from the best score down, copy by copy, without any shortcut."""
    categories = np.unique(np.concatenate([match.truth_categories for match in matches]))
    values = {}
    for a, area in enumerate(AREA_RANGES):
        n_truth = np.zeros(len(categories), int)
        for match, weight in zip(matches, weights, strict=True):
            for category, counts in zip(match.truth_categories, match.truth_counts, strict=True):
                n_truth[np.searchsorted(categories, category)] += weight * counts[a]
        precision = np.zeros((len(categories), 10))
        recall = np.zeros((len(categories), len(LIMITS), 10))
        for k, category in enumerate(categories):
            walk = [
                (-match.scores[j], image, copy, j)
                for image, match in enumerate(matches)
                for copy in range(weights[image])
                for j in np.flatnonzero(match.categories == category)
            ]
            for t in range(10 if n_truth[k] else 0):
                precision[k, t], within = curve(matches, sorted(walk), a, t, n_truth[k])
                recall[k, :, t] = np.array(within) / n_truth[k]
        values[area] = precision, recall, n_truth > 0
    return summary(values, LIMITS, None)


def curve(matches, walk, a, t, n_truth):
    """Return average precision, and how many objects are found within each limit."""
    right = wrong = 0
    points, within = [], [0] * len(LIMITS)
    for _, image, _, j in walk:
        match = matches[image]
        if match.uncounted[j, a] >> t & 1:
            continue
        if match.hits[j, a] >> t & 1:
            right += 1
            within = [n + (match.places[j] < limit) for n, limit in zip(within, LIMITS, strict=True)]
        else:
            wrong += 1
        points.append((right / n_truth, right / (right + wrong + np.spacing(1.0))))
    best = [max((p for r, p in points if r >= level), default=0.0) for level in RECALL_LEVELS]
    return sum(best) / len(RECALL_LEVELS), within


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_several_resamples_at_once_equal_a_plain_walk_of_each(seed):
    matches = made(14, seed)
    weights = np.vstack([resampling_weights(14, LANES + 3, seed), np.eye(14, dtype=int)[:2], np.zeros((1, 14), int)])
    drawn = precision_replicates(matches, weights, max_dets=LIMITS)
    for b, row in enumerate(weights):
        for name, value in plain(matches, row).items():
            assert drawn[name][b] == pytest.approx(value, abs=1e-13, nan_ok=True), (b, name)


def test_a_resample_is_the_same_whatever_stands_beside_it():
    matches = made(40, 7)
    weights = resampling_weights(40, 3 * LANES, 1)
    together = precision_replicates(matches, weights, max_dets=LIMITS)
    for b in range(len(weights)):
        alone = precision_replicates(matches, weights[b : b + 1], max_dets=LIMITS)
        for name, values in alone.items():
            assert np.array_equal(values[0], together[name][b], equal_nan=True)


def test_more_hits_than_objects_end_at_full_recall():
    """Rows that somebody else made may say so; by hand: two of one object found, precision 1 at every recall."""
    one = np.ones((1, len(AREA_RANGES)))
    all_hit = (NEVER_COUNTED * one).astype(np.uint16)
    match = InstanceMatches(
        image_id=0,
        categories=np.array([1, 1]),
        scores=np.array([0.9, 0.8]),
        places=np.array([0, 1], np.int32),
        hits=np.vstack([all_hit, all_hit]),
        uncounted=np.zeros((2, len(AREA_RANGES)), np.uint16),
        truth_categories=np.array([1]),
        truth_counts=one.astype(np.int64),
    )
    assert len(IOU_THRESHOLDS) == 10
    found = precision_replicates([match], np.ones((1, 1), int), max_dets=LIMITS)
    assert found["AP"][0] == pytest.approx(1.0)
