"""Figures of moved prompts by hand, from rows of either form, and resampled."""

import numpy as np
import pytest

from sambench.metrics.noise import NoiseResampling, image_sums, noise_figures, noise_replicates


def row(image, strength, ious, clean=0.9, box=0.8):
    own = {"sample_id": image, "image_sha256": "0" * 64, "object": "1", "area": 4.0, "clean_iou": clean}
    return {**own, "strength": strength, "ious": ious, "box_iou": box}


ROWS = [row("a", 1.0, [0.8, 0.6]), row("a", 2.0, [0.5, 0.1]), row("a", 1.0, [1.0, 1.0]), row("a", 2.0, [0.4, 0.4])]
ROWS += [row("b", 1.0, [0.5, 0.7], clean=0.6, box=0.5), row("b", 2.0, [0.0, 0.2], clean=0.6, box=0.5)]


def test_figures_by_hand():
    figures = {name: value for name, (value, _, _) in noise_figures(ROWS, 0).items()}
    assert figures == pytest.approx(
        {
            "mIoU@0": (0.9 + 0.9 + 0.6) / 3,
            "mIoU@1": (0.7 + 1.0 + 0.6) / 3,
            "drop@1": (0.2 - 0.1 + 0.0) / 3,
            "spread@1": (0.1 + 0.0 + 0.1) / 3,
            "worst@1": (0.6 + 1.0 + 0.5) / 3,
            "box_IoU@1": (0.8 + 0.8 + 0.5) / 3,
            "mIoU@2": (0.3 + 0.4 + 0.1) / 3,
            "drop@2": (0.6 + 0.5 + 0.5) / 3,
            "spread@2": (0.2 + 0.0 + 0.1) / 3,
            "worst@2": (0.1 + 0.4 + 0.0) / 3,
            "box_IoU@2": (0.8 + 0.8 + 0.5) / 3,
        }
    )


def test_sums_of_images_give_the_same_and_stay_as_they_are():
    short = NoiseResampling().compact(ROWS)
    assert [one["strengths"] for one in short] == [[1.0, 2.0]] * 2
    assert image_sums(short) == short
    weights = np.array([[1, 1], [2, 0], [0, 3]])
    long, kept = (noise_replicates(rows, ["a", "b"], weights) for rows in (ROWS, short))
    for name, values in long.items():
        np.testing.assert_array_equal(values, kept[name])
    np.testing.assert_allclose(long["worst@1"], [0.7, 0.8, 0.5])


def test_images_without_objects_count_for_nothing():
    found = noise_replicates(ROWS, ["a", "empty", "b"], np.array([[1, 5, 1], [0, 1, 0]]))
    assert found["mIoU@1"][0] == pytest.approx(2.3 / 3)
    assert np.isnan(found["mIoU@1"][1])
    assert np.isnan(NoiseResampling().image_quality([]))
    assert NoiseResampling().image_quality(ROWS[:4]) == pytest.approx(0.8)


def test_clicks_have_no_box():
    rows = [{**one, "box_iou": None} for one in ROWS]
    assert not [name for name in noise_figures(rows, 0) if name.startswith("box")]
    assert "box" not in image_sums(rows)[0]


def test_intervals_hold_the_value_and_drops_may_be_negative():
    rng = np.random.default_rng(0)
    rows = [row(str(image), 1.0, rng.uniform(0.6, 1, 4).tolist(), rng.uniform(0.5, 0.8)) for image in range(40)]
    for name, (value, (low, high), images) in noise_figures(rows, 0).items():
        assert name == "box_IoU@1" or low < value < high, name
        assert images == 40
    assert noise_figures(rows, 0)["drop@1"][0] < 0
