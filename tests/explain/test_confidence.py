"""Confidence held against IoU: figures over objects with one, an interval each, and a diagram."""

import base64

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from sambench.explain.confidence import FIGURES, confidence_of


def frame_of(confidence, iou, images):
    return pd.DataFrame(
        {"dataset": "", "sample_id": [f"im{one}" for one in images], "confidence": confidence, "iou": iou}
    )


def test_objects_without_a_confidence_are_counted_and_left_out(tmp_path):
    rng = np.random.default_rng(0)
    confidence, iou = rng.random(60), rng.random(60)
    confidence[::10] = np.nan
    known = ~np.isnan(confidence)
    found = confidence_of(frame_of(confidence, iou, np.arange(60) // 4))
    assert (found.objects, found.unrated) == (54, 6)
    assert found.figures["rank"].value == pytest.approx(spearmanr(confidence[known], iou[known]).statistic)
    for name in FIGURES:
        low, high = found.figures[name].ci95
        assert low <= found.figures[name].value <= high
    drawn = base64.b64decode(found.drawn(tmp_path, "stability score").partition(",")[2]).decode()
    assert drawn.count("<svg") == 1


def test_one_confidence_tells_nothing():
    assert confidence_of(frame_of(np.ones(5), np.linspace(0, 1, 5), range(5))) is None
    assert confidence_of(frame_of(np.full(5, np.nan), np.linspace(0, 1, 5), range(5))) is None
