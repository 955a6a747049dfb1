"""Calibration of clicked masks against values computed by hand, and a resample against the set that it names."""

import numpy as np
import pytest
from made_rows import point_rows

from sambench.metrics.clicks.confidence import click_calibration


def told(image, iou, predicted, clicks=1, dataset="one"):
    return {"sample_id": image, "dataset": dataset, "clicks": clicks, "iou": iou, "predicted_iou": predicted}


def test_by_hand():
    rows = [told("a", 0.5, 0.95), told("a", 0.9, 0.95), told("b", 0.3, 0.15), told("b", 0.2, 0.5, clicks=2)]
    found = click_calibration(rows, ["a", "b"], np.array([[1, 1], [2, 0]]))
    assert found["ECE@1"] == pytest.approx([(0.5 + 0.15) / 3, 0.25])
    assert found["AURC@1"] == pytest.approx([(2 * 0.3 + 1.3 / 3) / 3, 0.3])
    assert found["ECE@2"][0] == pytest.approx(0.3)
    assert np.isnan(found["ECE@2"][1])
    assert np.isnan(found["rank@2"]).all()


def test_data_sets_count_alike():
    rows = [told("a", 0.5, 0.6), told("b", 0.5, 0.9, dataset="two"), told("b", 0.5, 0.9, dataset="two")]
    found = click_calibration(rows, ["a", "b"], np.ones((1, 2)))
    assert found["ECE@1"][0] == pytest.approx((0.1 + 0.4) / 2)


def test_masks_without_an_estimate_tell_nothing():
    rows = [told("a", 0.5, 0.6), told("b", 0.5, None), told("b", 0.5, 0.7, clicks=2)]
    assert set(click_calibration(rows, ["a", "b"], np.ones((1, 2)))) == {"ECE@2", "rank@2", "AURC@2"}
    assert click_calibration([{"sample_id": "a", "clicks": [1]}], ["a"], np.ones((1, 1))) == {}


def test_a_resample_is_the_set_it_names():
    rng = np.random.default_rng(0)
    rows = [{**row, "predicted_iou": float(rng.random())} for row in point_rows(6)]
    ids = list(dict.fromkeys(row["sample_id"] for row in rows))
    counts = [2, 0, 1, 3, 1, 0]
    repeated = [
        {**row, "sample_id": f"{row['sample_id']}/{copy}"}
        for row in rows
        for copy in range(counts[ids.index(row["sample_id"])])
    ]
    names = list(dict.fromkeys(row["sample_id"] for row in repeated))
    drawn = click_calibration(rows, ids, np.array([counts]))
    whole = click_calibration(repeated, names, np.ones((1, len(names))))
    assert drawn.keys() == whole.keys()
    for name, values in drawn.items():
        assert values[0] == pytest.approx(whole[name][0]), name
