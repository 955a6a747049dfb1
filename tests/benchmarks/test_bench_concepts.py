"""What scoring concepts takes beside SAM 3's own evaluator, and that its memory does not grow with the pairs.

SAMBENCH_SAM3_EVAL names CHECKOUT/sam3/eval of github.com/facebookresearch/sam3, which is run on files with the same
pairs where it is there; reading them is part of its work.
"""

import os
import resource
import sys
import time

import numpy as np
import pytest
from concept_official import evaluate, evaluator_of, ours, write_files
from concept_pairs import coded, random_pair

from sambench.metrics.concepts.counts import count_pair, joined
from sambench.metrics.concepts.oracle import oracle
from sambench.metrics.concepts.resampling import concept_metrics
from sambench.metrics.concepts.rows import columns_of_pair
from sambench.metrics.concepts.rules import ConceptRules
from sambench.metrics.concepts.scores import concept_scores, pair_sums, scores_of_sums

GOLD = 168_900
"""Pairs of SA-Co/Gold, 84 % of them negative."""

BLOCK = 1000
GROUP = "1,000 pairs x 3 annotators"


@pytest.fixture(scope="module")
def pool():
    """A thousand coded pairs of three annotators."""
    rng = np.random.default_rng(0)
    made = [coded(random_pair(rng, 3, absent=0.844, silent=0.3)) for _ in range(BLOCK)]
    return [{**pair, "exhaustive": [True] * 3} for pair in made]


def best_counts(pairs):
    """Counts of pairs, each against its best annotator."""
    truths = [[pair["truths"][number] for pair in pairs] for number in range(3)]
    return oracle(
        [
            joined(
                [
                    count_pair(pair["codes"], pair["scores"], truth["codes"], truth["crowd"])
                    for pair, truth in zip(pairs, own, strict=True)
                ]
            )
            for own in truths
        ]
    )


def resident():
    """Largest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


@pytest.mark.benchmark(group=GROUP)
def test_sambench(benchmark, pool):
    scores = benchmark(lambda: concept_scores(best_counts(pool)))
    assert 0 < scores["cgF1"] < 1


@pytest.mark.benchmark(group=GROUP)
def test_sam3(benchmark, pool, tmp_path):
    folder = os.environ.get("SAMBENCH_SAM3_EVAL")
    if not folder:
        pytest.skip("SAMBENCH_SAM3_EVAL does not name CHECKOUT/sam3/eval")
    evaluators, files = evaluator_of(folder), write_files(pool, tmp_path)
    found = benchmark(lambda: evaluate(evaluators, files, "segm"))
    own = concept_scores(best_counts(pool))
    for name, value in found.items():
        assert own[ours(name)] == pytest.approx(value, abs=1e-9), name


@pytest.mark.slow
def test_pairs_of_a_whole_benchmark_are_scored_in_flat_memory(pool, capsys):
    once = scores_of_sums(pair_sums(best_counts(pool)).sum(axis=0, keepdims=True))["cgF1"][0]
    before, start, sums = resident(), time.process_time(), 0.0
    for first in range(0, GOLD, BLOCK):
        sums = sums + pair_sums(best_counts(pool[: min(BLOCK, GOLD - first)])).sum(axis=0, keepdims=True)
    seconds, grown = time.process_time() - start, resident() - before
    with capsys.disabled():
        print(f"\n{GOLD} pairs x 3 annotators: {seconds:.1f} s of one core, {grown:.1f} MB more at most")
    assert scores_of_sums(sums)["cgF1"][0] == pytest.approx(once, abs=0.01)
    assert grown < 20


@pytest.mark.slow
def test_a_whole_benchmarks_rows_become_metrics(pool, capsys):
    rules, rows = ConceptRules(), []
    for place, pair in enumerate(pool):
        counts = [count_pair(pair["codes"], pair["scores"], one["codes"], one["crowd"]) for one in pair["truths"]]
        told = {"dataset": "made", "pair": str(place), "confidence": max(pair["scores"], default=0.0)}
        rows.append({**told, **columns_of_pair(counts, rules)})
    every = [{**row, "sample_id": f"{number}/{place // 10}"} for number in range(168) for place, row in enumerate(rows)]
    before, start = resident(), time.process_time()
    metrics = concept_metrics(every, rules, (), {})
    seconds, grown = time.process_time() - start, resident() - before
    with capsys.disabled():
        print(f"\nmetrics and intervals of {len(every)} rows: {seconds:.1f} s of one core, {grown:.0f} MB more at most")
    assert metrics["pairs"].value == len(every)
