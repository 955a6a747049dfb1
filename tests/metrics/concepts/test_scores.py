"""cgF1 and its parts by hand, and how sums of draws become scores."""

import math

import numpy as np
import pytest

from sambench.metrics.concepts.counts import PairCounts
from sambench.metrics.concepts.rules import ConceptRules
from sambench.metrics.concepts.scores import concept_scores, pair_sums, scores_of_sums

EXACT = ConceptRules(epsilons="none")


def pairs(*numbers):
    """Pairs of (found, made up, objects), the same at all thresholds but that nothing is found beyond .7."""
    hits, wrong, objects = np.array(numbers).T
    low = np.arange(10) < 5
    true_positives = hits[:, None] * low
    predicted = hits + wrong
    return PairCounts(true_positives, predicted[:, None] - true_positives, predicted, objects, objects > 0)


MADE = pairs((2, 1, 3), (0, 0, 2), (0, 1, 0), (0, 0, 0), (0, 0, 0))
"""Found in part, missed, a false alarm, twice rightly silent."""


def test_by_hand_without_epsilons():
    found = concept_scores(MADE, EXACT)
    assert found["pmF1@50"] == pytest.approx(2 * 2 / (3 + 5))  # 3 predictions in positive pairs, 5 objects
    assert found["pmF1@75"] == 0
    assert found["pmF1"] == pytest.approx(0.25)
    assert found["F1@50"] == pytest.approx(2 * 2 / (4 + 5))  # the false alarm is a fourth
    assert found["precision@50"] == 2 / 4
    assert found["positive_micro_precision@50"] == pytest.approx(2 / 3)
    assert found["recall@50"] == 2 / 5
    assert found["positive_macro_F1@50"] == pytest.approx(2 / 3)  # 2 of 3 and 2 of 3, in the only pair with predictions
    mcc = (1 * 2 - 1 * 1) / math.sqrt((1 + 1) * (1 + 1) * (2 + 1) * (2 + 1))
    assert found["IL_MCC"] == pytest.approx(mcc) == pytest.approx(1 / 6)
    assert found["cgF1"] == pytest.approx(0.25 / 6)
    assert found["cgF1@50"] == pytest.approx(0.5 / 6)
    assert (found["IL_precision"], found["IL_recall"], found["IL_F1"]) == (1 / 2, 1 / 2, 1 / 2)
    assert found["IL_FPR"] == pytest.approx(1 / 3)


def test_the_official_epsilons_move_perfect_scores_of_two_pairs():
    perfect = PairCounts(
        *(np.array([[1] * 10, [0] * 10]) * k for k in (1, 0)),
        np.array([1, 0]),
        np.array([1, 0]),
        np.array([True, False]),
    )
    assert concept_scores(perfect)["cgF1"] == pytest.approx(0.999849, abs=5e-7)
    assert concept_scores(perfect, EXACT)["cgF1"] == 1


def test_the_paper_averages_over_missed_pairs_too():
    every = ConceptRules(epsilons="none", positive_macro="all")
    assert concept_scores(MADE, every)["positive_macro_F1@50"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    "made", [pairs((1, 0, 1), (1, 1, 1)), pairs((0, 1, 0), (0, 0, 0)), pairs((0, 0, 1), (0, 0, 0))]
)
def test_one_kind_of_pairs_or_of_answers_has_no_correlation(made):
    for rules in (None, EXACT):
        assert concept_scores(made, rules)["IL_MCC"] == 0


def test_what_cannot_be_divided_is_no_number():
    silent = concept_scores(pairs((0, 0, 1), (0, 0, 0)), EXACT)
    assert math.isnan(silent["positive_macro_F1"])
    assert math.isnan(silent["IL_precision"])
    assert silent["pmF1"] == silent["IL_recall"] == 0
    negative = concept_scores(pairs((0, 1, 0)), EXACT)
    assert math.isnan(negative["pmF1"])
    assert math.isnan(negative["cgF1"])


def test_worse_than_chance_is_below_nothing():
    found = concept_scores(pairs((1, 0, 1), (0, 0, 1), (0, 0, 2), (0, 1, 0), (0, 1, 0), (0, 0, 0)), EXACT)
    assert found["IL_MCC"] == pytest.approx((1 * 1 - 2 * 2) / math.sqrt(3 * 3 * 3 * 3))
    assert found["cgF1"] < 0


@pytest.mark.parametrize("rules", [None, EXACT, ConceptRules(positive_macro="all")])
def test_a_draw_scores_as_its_pairs_put_together(rules):
    weights = np.array([[1, 1, 1, 1, 1], [2, 0, 1, 0, 3], [0, 1, 0, 2, 1]])
    drawn = scores_of_sums(weights @ pair_sums(MADE, rules), rules)
    for row, own in enumerate(weights):
        taken = np.repeat(np.arange(5), own)
        fields = (MADE.true_positives, MADE.false_positives, MADE.predicted, MADE.objects, MADE.present)
        alone = concept_scores(PairCounts(*(field[taken] for field in fields)), rules)
        assert {name: values[row] for name, values in drawn.items()} == pytest.approx(alone, nan_ok=True)
