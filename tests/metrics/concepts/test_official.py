"""Concept scores equal those of SAM 3's own evaluator, kept by tests/parity/make_concepts_golden.py, to 1e-9."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from concept_pairs import box_xywh, cases, rle

from sambench.metrics.concepts.counts import count_pair, joined
from sambench.metrics.concepts.oracle import oracle
from sambench.metrics.concepts.scores import concept_scores

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "concepts.json").read_text())
CASES = cases()


def coded(masks, kind):
    """Masks, or the boxes of them, as the metrics take them."""
    return (
        [rle(mask) for mask in masks] if kind == "segm" else np.array([box_xywh(mask) for mask in masks]).reshape(-1, 4)
    )


def against(pairs, annotator, kind):
    """Count every pair that all annotators saw to the end against one of them."""
    return joined(
        [
            count_pair(
                coded(pair["masks"], kind),
                pair["scores"],
                coded(pair["truths"][annotator]["masks"], kind),
                pair["truths"][annotator]["crowd"],
            )
            for pair in pairs
            if all(pair["exhaustive"])
        ]
    )


def ours(name):
    """The name that a figure of the official evaluator has here."""
    return name.replace("positive_micro_F1", "pmF1").replace("@0.5", "@50").replace("@0.75", "@75")


def test_the_golden_holds_these_cases():
    assert GOLDEN.keys() == CASES.keys()


@pytest.mark.parametrize("kind", ["segm", "bbox"])
@pytest.mark.parametrize("case", CASES)
def test_every_figure_is_the_official_one(case, kind):
    pairs = CASES[case]
    found = concept_scores(oracle([against(pairs, number, kind) for number in range(len(pairs[0]["truths"]))]))
    assert found.keys() == {ours(name) for name in GOLDEN[case][kind]}
    for name, value in GOLDEN[case][kind].items():
        own = found[ours(name)]
        assert (-1.0 if math.isnan(own) else own) == pytest.approx(value, abs=1e-9), name
