"""Counts of single pairs, by hand."""

import numpy as np
import pytest
from concept_pairs import crosswise, rectangle, rle

from sambench.metrics.concepts.counts import count_pair, joined
from sambench.metrics.concepts.rules import IOU_THRESHOLDS, ConceptRules

IGNORE = ConceptRules(crowd="ignore")


def count(found, truth, crowd=None, scores=None, rules=None):
    codes = [rle(mask) for mask in found], [rle(mask) for mask in truth]
    return count_pair(codes[0], scores or [0.9] * len(found), codes[1], crowd or [False] * len(truth), rules)


def test_an_overlap_of_four_fifths_counts_up_to_four_fifths():
    found = count([rectangle(0, 0, 8, 10)], [rectangle(0, 0, 10, 10)])
    assert found.true_positives.tolist() == [[1] * 7 + [0] * 3]  # .5 to .8
    assert found.false_positives.tolist() == found.false_negatives.tolist() == [[0] * 7 + [1] * 3]


def test_the_assignment_comes_before_the_thresholds():
    pair = crosswise()
    found = count(pair["masks"], pair["truths"][0]["masks"])
    assert not found.true_positives.any()  # a greedy choice finds one of two from .5 to .8
    assert found.false_positives.tolist() == found.false_negatives.tolist() == [[2] * 10]


def test_the_ninth_threshold_lies_below_nine_tenths():
    below = IOU_THRESHOLDS[8]
    assert below == np.nextafter(0.9, 0)
    found = count_pair(np.array([[0.0, 0, below, 1]]), [1.0], np.array([[0.0, 0, 1, 1]]), [False])
    assert found.true_positives.tolist() == [[1] * 9 + [0]]


def test_scores_count_from_one_half_on():
    box = rectangle(0, 0, 8, 10)
    found = count([box, box, box], [box], scores=[0.5, 0.499996, 0.3])
    assert found.predicted.tolist() == [1]
    assert found.true_positives.tolist() == [[1] * 10]
    assert count([box], [box], scores=[0.3], rules=ConceptRules(min_score=0.3)).predicted.tolist() == [1]


def test_a_crowd_is_dropped_or_ignored():
    group, inside, half = rectangle(0, 0, 20, 10), rectangle(2, 2, 6, 6), rectangle(16, 0, 22, 9)
    dropped = count([inside, half], [group], [True])
    assert (dropped.false_positives == 2).all()
    assert not dropped.present.any()
    ignored = count([inside, half], [group], [True], rules=IGNORE)  # wholly inside, and 4 of 6 columns: .667
    assert ignored.false_positives.tolist() == [[0] * 4 + [1] * 6]
    assert ignored.present.all()
    assert ignored.objects.tolist() == [0]


def test_a_prediction_of_an_object_in_a_crowd_is_found_not_forgiven():
    group, one = rectangle(0, 0, 20, 10), rectangle(2, 2, 6, 6)
    found = count([one], [group, one], [True, False], rules=IGNORE)
    assert (found.true_positives == 1).all()
    assert not found.false_positives.any()


def test_an_empty_mask_is_a_prediction():
    found = count([rectangle(0, 0, 0, 0)], [])
    assert found.predicted.tolist() == [1]
    assert (found.false_positives == 1).all()


@pytest.mark.parametrize("boxes", [False, True])
def test_nothing_in_nothing_is_nothing(boxes):
    nothing = np.zeros((0, 4)) if boxes else []
    found = count_pair(nothing, [], nothing, [])
    assert not any(np.any(part) for part in (found.true_positives, found.false_positives, found.present, found.objects))


def test_pairs_are_joined_in_their_order():
    box = rectangle(0, 0, 8, 10)
    found = joined([count([], [box]), count([box], [])])
    assert len(found) == 2
    assert found.present.tolist() == [True, False]
    assert found.predicted.tolist() == [0, 1]
