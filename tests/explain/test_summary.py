"""Means and intervals of the parts, and sentences that the intervals allow."""

import numpy as np
import pytest
from lost_objects import made

from sambench.explain.summary import LOSS, groups_of, summarize, verdict
from sambench.metrics.bootstrap import mean_ci95


def test_means_and_intervals_are_the_suites_own():
    frame = made({"spill": 0.1, "ranking": 0.2})
    groups = {(group.by, group.name): group for group in summarize(frame)}
    whole = groups["all", "all"]
    assert (whole.objects, whole.images) == (48, 24)
    assert whole.means[LOSS].value == pytest.approx((1 - frame["iou"]).mean())
    means = frame.groupby("sample_id", sort=False)["spill"].mean().to_numpy()
    assert whole.means["spill"].ci95 == pytest.approx(mean_ci95(means, np.full(24, 2.0)), abs=1e-9)
    small = groups["size", "small"]
    assert small.objects == 24
    assert small.means["ranking"].value == pytest.approx(frame["ranking"][::2].mean())


def test_groups_hold_every_object_once():
    frame = made({"spill": 0.1})
    frame.loc[0, "contrast"] = np.nan
    for by in ("size", "thinness", "contrast", "neighbours", "at the border", "pieces"):
        held = np.sum([kept for (name, _), kept in groups_of(frame).items() if name == by], axis=0)
        assert held.tolist() == [0 if by == "contrast" and place == 0 else 1 for place in range(len(frame))]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"ranking": 0.3, "spill": 0.05}, "The loss is in the choice among candidates, not in masks"),
        ({"spill": 0.3, "ranking": 0.05}, "Most of the loss is in boundaries"),
        ({"spill": 0.14, "ranking": 0.08, "rest": 0.1}, "though not surely the most of it, is in boundaries"),
        ({"spill": 0.1, "missed": 0.1}, "No kind of error can be told to be the largest"),
        ({}, "There is no loss"),
    ],
)
def test_a_verdict_says_what_intervals_support(parts, expected):
    assert expected in verdict(made(parts))


def test_few_images_support_no_verdict():
    assert "No kind of error" in verdict(made({"ranking": 0.3, "spill": 0.05}, images=3))
