"""The whole BSDS500 test set by the command, workers and their start included.

Run with `SAMBENCH_TEST_DATA=FOLDER pytest tests/benchmarks/test_bench_boundary_set.py --benchmark-enable -m slow -s`.
"""

import os
import resource
import subprocess
import sys
import time

import numpy as np
import pytest
from edge_scenes import plain_counts, thin_edges
from PIL import Image

from sambench.datasets.edges.bsds500 import Bsds500
from sambench.metrics.boundary.counts import DEFAULT_THRESHOLDS, boundary_counts, strength_from_image
from sambench.metrics.boundary.scores import counts_of_rows
from sambench.runs.open import load_run

KEPT = 23_500
"""Pixels of a map above 0, so that about 20,000 remain of them once they are thinned."""

WORKERS = 2


def write_maps(dataset, folder):
    """Write every image's gradient, blurred and suppressed to thin edges, as 8-bit PNG."""
    folder.mkdir()
    for key in dataset.keys:
        strength = thin_edges(dataset.load(key).image.mean(axis=2), KEPT)
        # The weakest edge that is kept is at the lowest threshold or above it: 3 of 255.
        levels = np.where(strength > 0, np.maximum(np.round(strength * 255), 3), 0).astype(np.uint8)
        Image.fromarray(levels).save(folder / f"{key.rpartition('/')[2]}.png")


def score_by_command(root, maps, run):
    """Score the maps in a process of its own; returns wall seconds, CPU seconds and the largest process's megabytes."""
    words = ["score", "task=edges", "data=bsds500", f"data.root={root}", f"predictions={maps}", f"run.dir={run}"]
    words += [f"workers={WORKERS}", "progress=off", "illustrate=0"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "sambench.cli", *words],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, after.ru_maxrss / 1e3


def plain_ratio(dataset, maps):
    """Return how many times the CPU time of this metric a plain solver takes: two images at all 99 thresholds."""
    own = plain = 0.0
    for key in (dataset.keys[0], dataset.keys[len(dataset.keys) // 2]):
        strength = strength_from_image(np.asarray(Image.open(maps / f"{key.rpartition('/')[2]}.png")))
        truths = dataset.load_truth(key).boundaries
        boundary_counts(strength, truths, DEFAULT_THRESHOLDS[:1])
        start = time.process_time()
        ours = boundary_counts(strength, truths)
        middle = time.process_time()
        theirs = plain_counts(strength, truths, DEFAULT_THRESHOLDS)
        own, plain = own + middle - start, plain + time.process_time() - middle
        np.testing.assert_array_equal(ours[:, [0, 1, 3]], theirs[:, [0, 1, 3]])
    return plain / own


@pytest.mark.slow
def test_bench_the_whole_test_set(benchmark, real_data, tmp_path):
    if benchmark.disabled:
        pytest.skip("takes minutes; run with --benchmark-enable")
    dataset = Bsds500(real_data, "test")
    write_maps(dataset, tmp_path / "maps")
    load = os.getloadavg()[0]
    arguments = (real_data, tmp_path / "maps", tmp_path / "run")
    seconds, cpu, megabytes = benchmark.pedantic(score_by_command, arguments, rounds=1)
    rows = load_run(tmp_path / "run").rows()
    counts = counts_of_rows(rows)
    assert counts.shape == (200, 99, 4)
    problems = 99 * sum(row["annotators"] for row in rows)
    told = {
        "images": len(rows),
        "edge_pixels_at_lowest_threshold": int(counts[:, 0, 3].mean()),
        "problems": problems,
        "workers": WORKERS,
        "load_before": round(load, 2),
        "wall_seconds": round(seconds, 1),
        "cpu_seconds": round(cpu, 1),
        "problems_a_second": int(problems / seconds),
        "peak_megabytes_a_process": int(megabytes),
        "ratio_to_plain_solver": round(plain_ratio(dataset, tmp_path / "maps"), 1),
    }
    benchmark.extra_info.update(told)
    print("\n" + "\n".join(f"{name}: {value}" for name, value in told.items()))
