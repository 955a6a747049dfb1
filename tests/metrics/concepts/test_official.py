"""Concept scores equal those of SAM 3's own evaluator, kept by tests/parity/make_concepts_golden.py, to 1e-9."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from concept_lvis import lvis_pairs, perfect
from concept_official import ours
from concept_pairs import box_xywh, cases, coded

from sambench.metrics.concepts.counts import count_pair, joined
from sambench.metrics.concepts.oracle import oracle
from sambench.metrics.concepts.scores import concept_scores

FOLDER = Path(__file__).parents[2] / "golden"
GOLDEN, OF_LVIS = (json.loads((FOLDER / name).read_text()) for name in ("concepts.json", "concepts_lvis.json"))
CASES = cases()


def shapes(codes, kind):
    """Masks, or the boxes of them, as the metrics take them."""
    return codes if kind == "segm" else np.array([box_xywh(code) for code in codes]).reshape(-1, 4)


def against(pairs, annotator, kind):
    """Count every pair that all annotators saw to the end against one of them."""
    truths = [pair["truths"][annotator] for pair in pairs]
    return joined(
        [
            count_pair(shapes(pair["codes"], kind), pair["scores"], shapes(truth["codes"], kind), truth["crowd"])
            for pair, truth in zip(pairs, truths, strict=True)
            if all(pair["exhaustive"])
        ]
    )


def agree(pairs, kind, golden):
    found = concept_scores(oracle([against(pairs, number, kind) for number in range(len(pairs[0]["truths"]))]))
    assert found.keys() == {ours(name) for name in golden}
    for name, value in golden.items():
        own = found[ours(name)]
        assert (-1.0 if math.isnan(own) else own) == pytest.approx(value, abs=1e-9), name


def test_the_golden_holds_these_cases():
    assert GOLDEN.keys() == CASES.keys()


@pytest.mark.parametrize("kind", ["segm", "bbox"])
@pytest.mark.parametrize("case", CASES)
def test_every_figure_is_the_official_one(case, kind):
    agree([coded(pair) for pair in CASES[case]], kind, GOLDEN[case][kind])


def test_every_figure_of_lvis_as_pairs_is_the_official_one(real_data):
    pairs = lvis_pairs(real_data / "lvis_val_100.json")
    positive = [pair for pair in pairs if pair["truths"][0]["codes"]]
    assert (len(pairs), len(positive), sum(len(pair["truths"][0]["codes"]) for pair in pairs)) == (1241, 299, 977)
    assert sum(not all(pair["exhaustive"]) for pair in pairs) == 16
    for kind in ("segm", "bbox"):
        agree(pairs, kind, OF_LVIS["made up"][kind])
        agree(perfect(pairs), kind, OF_LVIS["perfect"][kind])
    assert OF_LVIS["perfect"]["segm"]["cgF1"] == pytest.approx(0.99995, abs=1e-5)
