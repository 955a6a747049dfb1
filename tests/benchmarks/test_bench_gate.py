"""What a gate's resampling costs: `pytest tests/benchmarks/test_bench_gate.py -m slow --benchmark-enable`."""

import numpy as np
import pytest
from made_rows import edge_rows, instance_rows, proposal_rows

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.boundary.resampled import boundary_replicates
from sambench.metrics.boundary.scores import counts_of_rows, levels_of
from sambench.metrics.coco.average_precision import precision_replicates
from sambench.metrics.coco.average_recall import recall_replicates
from sambench.metrics.coco.rows import instances_of_rows, proposals_of_rows
from sambench.metrics.paired import compare_paired
from sambench.metrics.uncertainty.spread import spread_of_units
from sambench.metrics.uncertainty.support import support

REPLICATES = 2000


def edges():
    counts = counts_of_rows(edge_rows(200))
    return lambda weights: boundary_replicates(counts, levels_of(99), weights), 200


def recall():
    matches = proposals_of_rows(proposal_rows(5000, objects=14))
    return lambda weights: recall_replicates(matches, weights, (1, 10, 100, 1000)), 5000


def precision():
    matches = instances_of_rows(instance_rows(5000, found=200, objects=14, categories=80, boxes=False, tied=0.01))
    return lambda weights: precision_replicates(matches, weights), 5000


@pytest.mark.slow
@pytest.mark.parametrize("work", [edges, recall, precision])
def test_replicates(benchmark, work):
    resampled, images = work()
    resampled(resampling_weights(images, 2))  # compiles
    weights = resampling_weights(images, REPLICATES if benchmark.enabled else 20)
    figures = benchmark.pedantic(resampled, (weights,), rounds=1)
    assert all(len(values) == len(weights) for values in figures.values())


def test_comparison(benchmark):
    rng = np.random.default_rng(0)
    names = [f"m{k}" for k in range(24)]
    values = dict.fromkeys(names, 0.5)
    draws = [{name: rng.normal(size=REPLICATES) for name in names} for _ in range(2)]
    spreads = dict.fromkeys(names, spread_of_units(200, REPLICATES))
    found = benchmark(compare_paired, values, values, *draws, dict.fromkeys(names, True), spreads)
    assert len(found) == 24


@pytest.mark.slow
def test_support(benchmark):
    resampled, images = precision()
    resampled(resampling_weights(images, 2))  # compiles
    found = benchmark.pedantic(support, (resampled, images), rounds=1)
    assert found["AP"] == images
