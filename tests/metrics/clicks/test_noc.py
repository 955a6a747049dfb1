import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sambench.tasks.points import PointsTask

from sambench.errors import UsageError
from sambench.masks.rle import reaches
from sambench.metrics.baseline_rows import STEPS, compact_clicks, expanded_clicks
from sambench.metrics.clicks.miou import click_figures
from sambench.metrics.clicks.noc import Counting, check_counting, clicks_needed, is_count, percent

IOUS = np.array(
    [
        [0.5, 0.9, 0.7],  # there at the second click, whatever follows
        [0.2, 0.3, 0.95],  # there with the last: no success for NoF
        [0.1, 0.2, 0.89],  # never
        [0.9, 0.9, 0.9],
    ]
)
TASK = PointsTask(clicks=(1, 2, 3), noc_at=(0.9, 0.95))


def rows_of(ious, image=lambda number: str(number), dataset="toys"):
    """One row an object and number of clicks; each object in an image of its own."""
    return [
        {"sample_id": image(number), "dataset": dataset, "object": str(number), "clicks": count, "area": 50.0}
        | {"iou": float(iou), "boundary_iou": None, "oracle_iou": None}
        for number, own in enumerate(ious)
        for count, iou in enumerate(own, 1)
    ]


def test_clicks_needed_by_hand():
    assert clicks_needed(IOUS, 0.9).tolist() == [2, 3, 4, 1]
    assert clicks_needed(IOUS, 0.95).tolist() == [4, 3, 4, 4]
    assert clicks_needed(np.full((1, 3), np.nan), 0.1).tolist() == [4]
    assert clicks_needed(np.zeros((0, 3)), 0.1).tolist() == []


def test_thresholds_are_reached_in_single_precision():
    # As RITM keeps overlaps and makes thresholds: np.arange(.8, .951, .05)[2] is .9000000000000001.
    assert reaches(np.array([0.9, 0.9 - 1e-9, 0.9 - 1e-7]), 0.9000000000000001).tolist() == [True, True, False]


def test_noc_and_nof_as_the_field_counts_them_and_what_is_out_of_reach():
    metrics = TASK.summarize(rows_of(IOUS))
    assert metrics["NoC_3@90"].value == (2 + 3 + 3 + 1) / 4
    assert metrics["NoF_3@90"].value == 2
    assert metrics["unreached_3@90"].value == 1
    assert metrics["NoC_3@95"].value == 3
    assert metrics["NoF_3@95"].value == 4
    assert metrics["unreached_3@95"].value == 3
    assert metrics["mIoU@3"].value == pytest.approx((0.7 + 0.95 + 0.89 + 0.9) / 4)
    assert not metrics["NoC_3@90"].higher_is_better
    assert not metrics["NoF_3@90"].higher_is_better
    assert (metrics["NoC_3@90"].unit, metrics["NoF_3@90"].unit) == ("clicks", "masks")
    assert metrics["NoC_3@90"].bounds == (0, math.inf)


def test_twenty_clicks_are_the_custom_and_stand_in_no_name():
    task = PointsTask(clicks=tuple(range(1, 21)), noc_at=(0.9,), target_iou=0.9)
    metrics = task.summarize(rows_of(np.full((7, 20), 0.5)))
    assert metrics.keys() == {"NoC@90", "NoF@90", "unreached@90", "mIoU@1", "objects"}
    assert (metrics["NoC@90"].value, metrics["NoF@90"].value, metrics["unreached@90"].value) == (20, 7, 7)


def test_intervals_and_resamples_are_of_images():
    rng = np.random.default_rng(0)
    ious = np.sort(rng.uniform(0.5, 1, (40, 3)), axis=1)
    rows = rows_of(ious, image=lambda number: str(number // 2))
    metrics = TASK.summarize(rows)
    low, high = metrics["NoC_3@90"].ci95
    assert low < metrics["NoC_3@90"].value < high <= 3
    assert metrics["NoF_3@90"].ci95[1] > 1  # a count, not held below 1
    weights = np.ones((2, 20), np.int64)
    weights[1, :10] = [2] * 10
    weights[1, 10:] = 0
    found = TASK.replicates(rows, [str(number) for number in range(20)], weights)
    needed = clicks_needed(ious, 0.9)
    assert found["NoC_3@90"][0] == metrics["NoC_3@90"].value
    assert found["NoC_3@90"][1] == pytest.approx(np.minimum(needed[:20], 3).mean())
    assert found["NoF_3@90"][1] == 2 * (needed[:20] >= 3).sum()


def test_over_data_sets_clicks_are_averaged_and_counts_are_not():
    rows = [
        {**row, "sample_id": f"{name}/{row['sample_id']}", "dataset": name}
        for name, ious in (("gtea", IOUS[:1]), ("dram", IOUS[1:2]))
        for row in rows_of(ious)
    ]
    metrics = PointsTask(clicks=(1, 2, 3), noc_at=(0.9,), members={"gtea/0": "gtea"}).summarize(rows)
    assert metrics["NoC_3@90 (mean of 2 of 23 data sets)"].value == 2.5
    assert metrics["gtea NoC_3@90"].value == 2
    assert not [name for name in metrics if "NoF" in name]


@given(st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=8))
def test_compact_rows_keep_every_overlap_on_its_side(ious):
    thresholds = (0.8, 0.85, 0.9, 0.95)
    rows = rows_of(np.array(ious)[:, None])
    kept = [row["iou"] for row in expanded_clicks(compact_clicks(rows, thresholds))]
    np.testing.assert_allclose(kept, [row["iou"] for row in rows], atol=1.0001 / STEPS)
    for threshold in thresholds:
        assert (reaches(np.array(kept), threshold) == reaches(np.array(ious), threshold)).all()


def test_compact_rows_give_the_same_clicks():
    rows = rows_of(IOUS, image=lambda number: str(number % 2))
    ids = ["0", "1"]
    found = TASK.replicates(TASK.compact(rows), ids, np.ones((1, 2), np.int64))
    whole = TASK.replicates(rows, ids, np.ones((1, 2), np.int64))
    assert {name: values.tolist() for name, values in found.items()} == {
        name: pytest.approx(values.tolist(), abs=1e-5) for name, values in whole.items()
    }


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(UsageError, match="NoC counts clicks one by one, and masks are scored after 1, 3") as caught:
        PointsTask(clicks=(3, 1), noc_at=(0.9,))
    assert "task.clicks=[1,2,3]" in caught.value.mend
    with pytest.raises(UsageError, match=r"from an IoU of 0\.9 on, which is below 0\.95"):
        check_counting((0.8, 0.95), (1, 2), 0.9)
    check_counting((0.8, 0.9), (1, 2), 0.9)
    with pytest.raises(UsageError, match="noc_at"):
        PointsTask(clicks=(1, 2), noc_at=(1.5,))


def test_rows_of_any_run_can_be_counted_unless_they_leave_out_clicks():
    by_dataset, _ = click_figures(rows_of(IOUS), counting=Counting((0.9,), stopped=False))
    assert by_dataset["toys"]["NoC_3@90"].value == (2 + 3 + 3 + 1) / 4
    some = [row for row in rows_of(IOUS) if row["clicks"] != 2]
    with pytest.raises(UsageError, match="masks are scored after 1, 3"):
        click_figures(some, counting=Counting((0.9,), stopped=False))


def test_names():
    assert [percent(threshold) for threshold in (0.9, 0.925, 0.85)] == ["90", "92.5", "85"]
    assert [is_count(name) for name in ("NoF@90", "unreached_9@85", "NoC@90", "mIoU@1")] == [True, True, False, False]
