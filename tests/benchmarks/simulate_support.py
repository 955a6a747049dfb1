"""How often a gate is wrong about a metric that few images carry, where nothing differs.

Usage: python tests/benchmarks/simulate_support.py OUT.csv [simulations=2000] [replicates=500]

A metric is the mean over the images that carry it. Both checkpoints score each of them alike in distribution; false
alarms are drops (and gains) that a verdict would tell, coverage that of the printed interval of the difference, 0.
"""

import csv
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.paired import compare_paired
from sambench.metrics.spread import spread_of_units

IMAGES, SUPPORTS = (12, 60, 200), (2, 3, 5, 6, 8, 10, 12, 30)


def normal(rng, shape):
    """Draw overlaps around .6 that images move more than checkpoints do."""
    return 0.6 + 0.1 * rng.normal(size=shape)


def bernoulli(rng, shape):
    """Draw objects that are found or not."""
    return (rng.random(shape) < 0.6).astype(float)


def skewed(rng, shape):
    """Draw overlaps of which most are high and some are very low."""
    return 1 - rng.exponential(0.15, shape).clip(0, 1)


def clustered(rng, shape):
    """Draw means of one to six masks an image, alike within it."""
    masks = rng.integers(1, 7, shape[1:])
    return 0.6 + 0.08 * rng.normal(size=shape) + 0.12 * rng.normal(size=shape) / np.sqrt(masks)


DATA = {one.__name__: one for one in (normal, bernoulli, skewed, clustered)}


def simulate(kind, images, carried, replicates, seed):
    """Return whether a drop is told, a gain is, and the interval holds 0."""
    rng = np.random.default_rng([seed, images, carried])
    sides = DATA[kind](rng, (2, carried))
    weights = resampling_weights(images, replicates, seed)[:, :carried].astype(float)
    with np.errstate(invalid="ignore"):
        draws = [{"m": weights @ side / weights.sum(axis=1)} for side in sides]
    values = ({"m": side.mean()} for side in sides)
    low, high = compare_paired(*values, *draws, {"m": True}, {"m": spread_of_units(carried, replicates)})["m"].interval
    return high < 0, low > 0, low <= 0 <= high


def main():
    given = {"simulations": "2000", "replicates": "500"} | dict(word.split("=", 1) for word in sys.argv[2:])
    simulations, replicates = int(given["simulations"]), int(given["replicates"])
    rows = []
    with ProcessPoolExecutor() as pool:
        for images in IMAGES:
            for carried in (one for one in SUPPORTS if one <= images):
                for kind in DATA:
                    jobs = [[value] * simulations for value in (kind, images, carried, replicates)]
                    found = np.array(list(pool.map(simulate, *jobs, range(simulations), chunksize=100)), float)
                    rows.append((kind, images, carried, *(f"{rate:.4f}" for rate in found.mean(axis=0))))
                    print(*rows[-1], flush=True)
    with Path(sys.argv[1]).open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["data", "images", "support", "drops told", "gains told", "coverage"])
        table.writerows(rows)


if __name__ == "__main__":
    main()
