"""TIDE's kinds by hand, their costs by hand, and weights against images that are there several times."""

import numpy as np
import pytest

from sambench.metrics.anatomy.tide import KINDS, TideCosts, tide_counts, tide_image


def image(detections, truth, ious, uncounted=None):
    """Take (score, category) of detections, categories of objects and overlaps."""
    scores, categories = (np.array(column) for column in zip(*detections, strict=True))
    overlaps = np.array(ious, float).reshape(len(detections), len(truth))
    flags = np.zeros(len(detections), bool) if uncounted is None else np.array(uncounted)
    return tide_image(scores, categories, np.array(truth, int), overlaps, flags)


def kinds(one):
    return ["right" if kind < 0 else KINDS[kind] for kind in one.kinds]


def costs(*images):
    return {
        name: round(float(own[0]), 6) for name, own in TideCosts(images).replicates(np.ones((1, len(images)))).items()
    }


def test_each_kind_by_hand():
    found = image(
        [(0.9, 1), (0.8, 1), (0.7, 1), (0.6, 2), (0.5, 2), (0.4, 1)],
        [1, 1, 1],
        [[0.9, 0, 0], [0.8, 0, 0], [0, 0.3, 0], [0, 0, 0.7], [0, 0.2, 0.3], [0.05, 0.05, 0]],
    )
    assert kinds(found) == ["right", "dup", "loc", "cls", "both", "bkg"]
    assert tide_counts([found]).tolist() == [[1, 1, 1, 1, 1, 0]]
    assert kinds(image([(0.9, 1)], [], [])) == ["bkg"]
    nothing_near = image([(0.9, 1)], [1, 2], [[0.05, 0]])
    assert nothing_near.missed.tolist() == [True, True]


def test_the_example_of_the_docstring():
    found = image([(0.9, 1)], [1], [[0.4]])
    assert costs(found) == {"AP50": 0, "cls": 0, "loc": 1, "both": 0, "dup": 0, "bkg": 0, "miss": 0}


def test_costs_by_hand():
    # The right one comes second: precision 1/2 at all recalls. Without the background it is 1.
    assert costs(image([(0.9, 1), (0.8, 1)], [1], [[0], [0.9]])) == pytest.approx(
        {"AP50": 0.5, "cls": 0, "loc": 0, "both": 0, "dup": 0, "bkg": 0.5, "miss": 0}
    )
    # Of two objects one is missed: 51 of 101 recalls are reached.
    missed = costs(image([(0.9, 1)], [1, 1], [[0.9, 0]]))
    assert (missed["AP50"], missed["miss"]) == pytest.approx((51 / 101, 50 / 101), abs=1e-6)
    # A wrong category makes one category of AP 0 more; mended, there is one of AP 1.
    assert costs(image([(0.9, 2)], [1], [[0.9]]))["cls"] == 1


def test_one_mended_detection_an_object():
    found = image([(0.9, 1), (0.8, 1)], [1], [[0.4], [0.45]])
    assert found.mended.tolist() == [True, False]
    assert costs(found)["loc"] == 1


def test_what_is_not_judged_does_not_count():
    one = image([(0.9, 1), (0.8, 1)], [1], [[0], [0.9]], [True, False])
    assert costs(one)["AP50"] == 1
    assert kinds(one) == ["bkg", "right"]


def test_weights_are_images_several_times():
    rng = np.random.default_rng(0)
    images = []
    for _ in range(6):
        count, objects = rng.integers(1, 9), rng.integers(0, 5)
        scores = np.sort(rng.random(count))[::-1]
        found = list(zip(scores, rng.integers(1, 3, count), strict=True))
        images.append(image(found, rng.integers(1, 3, objects), rng.random((count, objects))))
    held = np.array([2, 1, 0, 3, 1, 1])
    again = [one for one, times in zip(images, held, strict=True) for _ in range(times)]
    weighted = TideCosts(images).replicates(held[None])
    assert {name: own[0] for name, own in weighted.items()} == pytest.approx(costs(*again), abs=1e-6)
