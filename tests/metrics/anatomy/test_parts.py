"""The parts of what a mask lacks: they add up, and planted errors come out as what they are."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from planted_masks import CHOSEN, PLANTED, mini_objects

from sambench.masks.overlap import mask_ious
from sambench.masks.rle import encode_masks
from sambench.masks.windows import runs_of_rles
from sambench.metrics.anatomy.pairs import errors_of
from sambench.metrics.anatomy.parts import PARTS, kinds_of, split


def runs(*masks):
    return runs_of_rles(encode_masks(np.stack(masks)), masks[0].shape)


def row(*places):
    return np.isin(np.arange(12), places)[None]


@settings(max_examples=150, deadline=None)
@given(
    arrays(bool, st.tuples(st.just(3), st.integers(1, 14), st.integers(1, 14))),
    st.integers(1, 6),
)
def test_the_parts_add_up_to_what_is_lacking(masks, distance):
    truth, one, other = (runs(mask) for mask in masks)
    ious = mask_ious(one, truth)[0], mask_ious(other, truth)[0]
    best = one if ious[0] >= ious[1] else other
    found = split(errors_of(one, truth, distance), errors_of(best, truth, distance))
    assert list(found) == list(PARTS)
    assert all(part[0] >= 0 for part in found.values())
    assert sum(part[0] for part in found.values()) == pytest.approx(1 - ious[0], abs=1e-12)


def test_the_example_of_the_docstring():
    truth, chosen, best = runs(row(*range(10))), runs(row(*range(4))), runs(row(*range(9)))
    found = split(errors_of(chosen, truth, 1), errors_of(best, truth, 1))
    assert {name: round(part[0], 12) for name, part in found.items() if part[0]} == {
        "level_chosen": 0.5,
        "shortfall": 0.1,
    }


def test_kinds_beside_the_parts():
    truth = runs(row(2, 3, 4, 5))
    cases = {"right": row(2, 3, 4, 5), "shift": row(3, 4, 5, 6), "elsewhere": row(9, 11), "shortfall": row(2, 3, 4)}
    for kind, mask in cases.items():
        errors = errors_of(runs(mask), truth, 2)
        assert kinds_of(split(errors, errors), errors).tolist() == [kind]
    nothing = errors_of(runs(row()), runs(row()), 2)
    assert split(nothing, nothing)["rest"].tolist() == [1]


@pytest.mark.slow
def test_planted_errors_come_out_as_what_they_are(mini):
    told = {name: Counter() for name in PLANTED}
    for sample, _, mask in mini_objects():
        truth = runs(mask)
        right = errors_of(truth, truth, 3)
        for name, (plant, expected) in PLANTED.items():
            chosen = errors_of(runs(plant(mask)), truth, 3)
            best = right if name in CHOSEN else chosen
            (kind,) = kinds_of(split(chosen, best), best)
            told[name][kind in expected] += 1
        assert sample.size == mask.shape
    assert sum(count.total() for count in told.values()) >= 500
    assert sum(count[True] for count in told.values()) >= 0.95 * sum(count.total() for count in told.values())
    assert all(count[True] >= 0.9 * count.total() for count in told.values())
