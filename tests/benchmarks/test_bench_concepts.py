"""What scoring concepts takes, and that its memory does not grow with the pairs: run with `-m slow`."""

import time
import tracemalloc

import numpy as np
import pytest
from concept_pairs import random_pair, rle

from sambench.metrics.concepts.counts import count_pair, joined
from sambench.metrics.concepts.oracle import oracle
from sambench.metrics.concepts.scores import pair_sums, scores_of_sums

GOLD = 168_900
"""Pairs of SA-Co/Gold, 84 % of them negative."""

BLOCK = 1000


@pytest.fixture(scope="module")
def pool():
    """A thousand coded pairs of three annotators."""
    rng = np.random.default_rng(0)
    made = [random_pair(rng, 3, absent=0.844, silent=0.3) for _ in range(1000)]
    for pair in made:
        pair["codes"] = [rle(mask) for mask in pair["masks"]]
        for own in pair["truths"]:
            own["codes"] = [rle(mask) for mask in own["masks"]]
    return made


def block_sums(pool):
    """Sums of a block of pairs, each against its best annotator."""
    counts = [
        joined([count_pair(p["codes"], p["scores"], p["truths"][k]["codes"], p["truths"][k]["crowd"]) for p in pool])
        for k in range(3)
    ]
    return pair_sums(oracle(counts)).sum(axis=0, keepdims=True)


def score(pool, pairs):
    """Score so many pairs a block at a time; seconds of this process and cgF1."""
    start, sums = time.process_time(), 0.0
    for first in range(0, pairs, BLOCK):
        sums = sums + block_sums(pool[: min(BLOCK, pairs - first)])
    found = scores_of_sums(sums)["cgF1"][0]
    return time.process_time() - start, found


@pytest.mark.slow
def test_pairs_of_a_whole_benchmark_are_scored_in_flat_memory(pool, record_property):
    seconds, once = score(pool, BLOCK)
    record_property("seconds for 1,000 pairs x 3 annotators", round(seconds, 3))
    tracemalloc.start()
    score(pool, BLOCK)
    block = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    score(pool, 5 * BLOCK)
    assert tracemalloc.get_traced_memory()[1] < 1.1 * block
    tracemalloc.stop()
    seconds, whole = score(pool, GOLD)
    record_property(f"seconds for {GOLD} pairs x 3 annotators", round(seconds, 1))
    assert whole == pytest.approx(once, abs=0.01)
