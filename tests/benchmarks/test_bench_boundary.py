"""Speed of the boundary metric: run with `--benchmark-enable -m slow`."""

import resource
import time

import numpy as np
import pytest
from edge_scenes import N_ANNOTATORS, SHAPE, annotators, dense_edges, plain_counts
from scipy.ndimage import gaussian_filter
from skimage.morphology import thin as skimage_thin

from sambench.metrics.boundary.counts import DEFAULT_THRESHOLDS, boundary_counts
from sambench.metrics.boundary.thinning import thin


@pytest.mark.slow
def test_bench_against_scipy_on_every_problem(benchmark):
    strength, truths, thresholds = dense_edges(0), annotators(0), DEFAULT_THRESHOLDS[::8]
    boundary_counts(strength, truths, thresholds[:1])
    start = time.process_time()
    theirs = plain_counts(strength, truths, thresholds)
    peer_seconds = time.process_time() - start
    start = time.process_time()
    ours = benchmark.pedantic(boundary_counts, (strength, truths, thresholds), rounds=1)
    own_seconds = time.process_time() - start
    np.testing.assert_array_equal(ours[:, [0, 1, 3]], theirs[:, [0, 1, 3]])
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], rtol=0.005, atol=5)  # equal optima differ in this alone
    benchmark.extra_info.update(
        peer="scipy min_weight_full_bipartite_matching, skimage thin",
        problems=len(thresholds) * N_ANNOTATORS,
        peer_cpu_seconds=peer_seconds,
        own_cpu_seconds=own_seconds,
        ratio=peer_seconds / own_seconds,
    )


@pytest.mark.slow
def test_bench_images_at_all_thresholds(benchmark):
    images = [(dense_edges(seed), annotators(seed)) for seed in range(4)]
    boundary_counts(*images[0], DEFAULT_THRESHOLDS[:1])

    def score():
        start = time.process_time()
        counts = [boundary_counts(*image) for image in images]
        return counts, time.process_time() - start

    counts, seconds = benchmark.pedantic(score, rounds=1)
    assert all(one.shape == (99, 4) for one in counts)
    benchmark.extra_info.update(
        cpu_seconds_an_image=seconds / len(images),
        problems_a_second=len(images) * 99 * N_ANNOTATORS / seconds,
        pixels_at_lowest_threshold=int(np.mean([one[0, 3] for one in counts])),
        true_pixels_an_image=int(np.mean([one[0, 1] for one in counts])),
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    )


@pytest.mark.slow
def test_bench_thinning_against_skimage(benchmark):
    mask = gaussian_filter(np.random.default_rng(0).normal(size=SHAPE), 2.0) > 0.05
    thin(mask)
    start = time.process_time()
    theirs = skimage_thin(mask)
    peer_seconds = time.process_time() - start
    start = time.process_time()
    ours = benchmark.pedantic(thin, (mask,), rounds=1)
    own_seconds = time.process_time() - start
    np.testing.assert_array_equal(ours, theirs)
    benchmark.extra_info.update(peer_cpu_seconds=peer_seconds, ratio=peer_seconds / own_seconds)
