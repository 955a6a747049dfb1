"""Which annotator a pair is compared with, by hand."""

import pytest
from concept_pairs import rectangle, rle

from sambench.metrics.concepts.counts import count_pair
from sambench.metrics.concepts.oracle import best_annotators, local_f1, oracle
from sambench.metrics.concepts.rules import ConceptRules

BOX, OTHER, SMALLER = rectangle(2, 2, 12, 12), rectangle(16, 4, 26, 14), rectangle(2, 2, 12, 10)


def against(found, *annotators):
    codes = [rle(mask) for mask in found]
    return [
        count_pair(codes, [0.9] * len(found), [rle(mask) for mask in own], [False] * len(own)) for own in annotators
    ]


def test_the_annotator_of_most_thresholds_wins():
    counts = against([BOX], [OTHER], [SMALLER], [BOX])  # 0, 7 of 10, and 10 of 10 thresholds
    assert best_annotators(counts).tolist() == [2]
    assert best_annotators(counts[:2]).tolist() == [1]
    assert oracle(counts).true_positives.tolist() == [[1] * 10]


def test_silence_agrees_with_an_annotator_who_saw_nothing():
    counts = against([], [BOX], [OTHER], [])
    assert best_annotators(counts).tolist() == [2]
    assert not oracle(counts).present.any()


def test_of_equals_the_first_is_taken():
    wrong = [rectangle(28, 20, 31, 23)]
    assert not oracle(against(wrong, [], [BOX, OTHER])).present.any()  # "there is none" first: a false alarm
    assert oracle(against(wrong, [BOX, OTHER], [])).present.all()  # "there are two" first: found something


def test_local_f1_of_one_object_found_twice():
    counts = against([BOX, BOX], [BOX])[0]
    assert (local_f1(counts, "none") == 2 / 3).all()
    precision, recall = 1 / (2 + 1e-4), 1 / (1 + 1e-4)
    assert local_f1(counts, "official")[0, 0] == pytest.approx(
        2 * precision * recall / (precision + recall + 1e-4), abs=1e-15
    )


def test_nothing_to_find_and_nothing_wrong_is_perfect():
    crowd = count_pair([rle(BOX)], [0.9], [rle(BOX)], [True], ConceptRules(crowd="ignore"))
    assert (local_f1(crowd, "official") == 1).all()
