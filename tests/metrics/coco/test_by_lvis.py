import json
import subprocess
import sys

import lvis.eval
import numpy as np
import pytest
from instance_scenes import pairs, perturbed, write_scenes
from lvis import LVISEval

from sambench.datasets.lvis import Lvis
from sambench.errors import DatasetError
from sambench.metrics.coco.average_precision import precision_figures
from sambench.metrics.coco.by_lvis import RepairedEval, official_match_lvis, official_precision_lvis
from sambench.metrics.coco.evaluators import frequencies_of
from sambench.metrics.coco.matches import match_instances


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    path = write_scenes(tmp_path_factory.mktemp("scenes") / "lvis.json", seed=41, images=6, crowds=False)
    data = Lvis(annotations=path, check_images=False)
    return data, pairs(data, perturbed(json.loads(path.read_text()), seed=42))


@pytest.mark.parametrize("max_dets", [300, 5])
def test_own_records_are_lvis_records(scenes, max_dets):
    for pair in scenes[1]:
        own = vars(match_instances(pair, kind="lvis", max_dets=max_dets))
        official = vars(official_match_lvis(pair, max_dets=max_dets))
        assert all(np.array_equal(own[name], official[name]) for name in own)


def test_figures_of_lvis_own_sums(scenes):
    data, found = scenes
    frequencies = frequencies_of(data.categories)
    matches = [official_match_lvis(pair) for pair in found]
    official = official_precision_lvis(matches, frequencies=frequencies)
    own = precision_figures(matches, kind="lvis", frequencies=frequencies)
    assert official == pytest.approx(own, abs=1e-12, nan_ok=True)
    assert 0 < official["APr"] < 1
    assert np.isnan(official_precision_lvis([], frequencies=frequencies)["AP"])
    with pytest.raises(DatasetError, match="frequency"):
        official_precision_lvis(matches, frequencies={})


def test_the_repair_leaves_numpy_and_lvis_alone():
    assert not hasattr(np, "float")
    assert lvis.eval.np is np
    assert LVISEval.accumulate.__globals__["np"] is np
    repaired = RepairedEval.accumulate.__globals__["np"]
    assert repaired.float is float
    assert repaired.cumsum is np.cumsum
    assert RepairedEval.accumulate.__code__ is LVISEval.accumulate.__code__, "the same code, under another namespace"


def test_the_fast_evaluator_does_without_the_official_packages():
    """lvis brings OpenCV and matplotlib in, which take seconds to import."""
    code = "import sys, sambench.metrics.coco.evaluators; print([m for m in ('lvis', 'cv2', 'hotcoco', 'matplotlib') if m in sys.modules])"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
