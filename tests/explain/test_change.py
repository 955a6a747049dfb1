"""What changed between two runs of the same objects."""

import pytest
from lost_objects import made

from sambench.errors import UsageError
from sambench.explain.change import change_verdict, compare_objects
from sambench.explain.summary import LOSS


def test_the_part_that_changed_is_named():
    before, after = made({"ranking": 0.2, "spill": 0.1}), made({"ranking": 0.05, "spill": 0.1})
    change = compare_objects(after, before)
    told = change_verdict(change)
    assert "What changed is in the choice among candidates (-0.1" in told
    assert "boundaries" not in told
    assert (change.objects, change.images, change.left_out) == (48, 24, (0, 0))
    loss = change.parts[LOSS]
    assert loss.difference == pytest.approx(before["iou"].mean() - after["iou"].mean())
    assert loss.interval[0] < loss.difference < loss.interval[1] < 0


def test_the_same_objects_changed_nothing():
    frame = made({"spill": 0.1})
    assert change_verdict(compare_objects(frame, frame)).startswith("No part of the loss can be told to have changed")


def test_objects_that_one_run_has_are_left_out():
    frame = made({"spill": 0.1})
    change = compare_objects(frame, frame.iloc[6:])
    assert (change.objects, change.left_out) == (42, (6, 0))
    with pytest.raises(UsageError, match="no object in common"):
        compare_objects(frame, frame.assign(sample_id="other"))
