"""Which stored mask stands for which object, in predictions of instances and proposals."""

import numpy as np
import pytest
from sambench.tasks.edges import EdgesTask
from sambench.tasks.instances import InstancesTask
from sambench.tasks.points import PointsTask
from sambench.tasks.proposals import ProposalsTask

from sambench.errors import RunError, UsageError
from sambench.explain.compared import compare_masks, explained_task
from sambench.masks.overlap import mask_ious
from sambench.masks.rle import encode_masks
from sambench.metrics.coco.detections import Detections
from sambench.types import Annotation, InstanceTruth, without_pixels

SIZE = (1, 20)


def row(start, stop):
    return np.isin(np.arange(20), np.arange(start, stop))[None]


def sample(*objects):
    codes = encode_masks(np.stack([row(*ends) for _, ends in objects]))
    found = [Annotation(at, category, codes[at], 1.0) for at, (category, _) in enumerate(objects)]
    return without_pixels("a", SIZE, InstanceTruth(found, 1))


def detections(*found):
    """Take (category, ends), the best-scored first."""
    codes = encode_masks(np.stack([row(*ends) for _, ends in found])) if found else []
    return Detections(1 / (1 + np.arange(len(found))), np.array([one[0] for one in found], int), codes)


def overlaps(task, image, found, top=None, prompted=False):
    one = compare_masks(task, image, found, top, prompted)
    return [mask_ious(masks, one.truth).tolist() for masks in (one.chosen, one.best)], one.candidates


def test_a_prompted_mask_stands_for_its_own_object():
    image = sample((1, (0, 10)), (2, (10, 20)))
    ious, candidates = overlaps(InstancesTask(), image, detections((1, (10, 20)), (2, (10, 15))), prompted=True)
    assert (ious, candidates) == ([[0, 0.5], [0, 0.5]], False)
    with pytest.raises(RunError, match="2 objects prompted the model, 1 masks are stored"):
        compare_masks(InstancesTask(), image, detections((1, (0, 10))), None, True)


def test_a_detection_stands_for_the_object_of_its_category_that_it_fits_best():
    image = sample((1, (0, 10)), (2, (10, 20)))
    found = detections((2, (0, 10)), (1, (0, 8)), (1, (0, 5)))
    assert overlaps(InstancesTask(), image, found)[0][0] == [0.8, 0]
    assert overlaps(InstancesTask(), image, detections())[0][0] == [0, 0]


def test_the_best_proposal_may_lie_below_the_top():
    image, found = sample((1, (0, 10))), detections((5, (0, 4)), (5, (0, 9)))
    assert overlaps(ProposalsTask(), image, found) == ([[0.9], [0.9]], False)
    assert overlaps(ProposalsTask(), image, found, top=1) == ([[0.4], [0.9]], True)


def test_an_image_without_objects_has_nothing_to_compare():
    empty = without_pixels("a", SIZE, InstanceTruth([], 1))
    assert compare_masks(ProposalsTask(), empty, detections(), None, False) is None


def test_tasks_and_keys_that_do_not_fit_are_refused():
    assert explained_task(PointsTask(clicks=(1, 3)), None, None).clicks == (1,)
    with pytest.raises(UsageError, match="runs of task edges have no masks"):
        explained_task(EdgesTask(), None, None)
    with pytest.raises(UsageError, match="makes no clicks"):
        explained_task(InstancesTask(), 1, None)
