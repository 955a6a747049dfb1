"""How often equal runs are told apart by `sambench compare`.

`python tests/benchmarks/simulate_compare.py [simulations]` takes three runs without any difference, two metrics, means
over images that the runs share. For each number of images it prints the share of simulations in which any of the six
pairs is told apart, where 5 % may be, and the share of single intervals that cover zero.
"""

import sys

import numpy as np

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.simultaneous import compare_all, pair_differences
from sambench.metrics.uncertainty.spread import spread_of_units

RUNS, METRICS, REPLICATES = 3, ("a", "b"), 500


def simulate(images, simulations, seed=0):
    """Return the share of simulations with an alarm, and the coverage of single intervals."""
    rng = np.random.default_rng([seed, images])
    weights = resampling_weights(images, REPLICATES)
    alarms, covered = 0, []
    for _ in range(simulations):
        shared = rng.normal(0.6, 0.2, images)
        runs = [{name: shared + rng.normal(0, 0.1, images) for name in METRICS} for _ in range(RUNS)]
        values = [{name: float(own.mean()) for name, own in run.items()} for run in runs]
        draws = [{name: weights @ own / images for name, own in run.items()} for run in runs]
        spreads = dict.fromkeys(pair_differences(draws, METRICS), spread_of_units(images, REPLICATES))
        pairs = compare_all(values, draws, spreads, [dict.fromkeys(METRICS, images)] * RUNS)
        inside = [one.interval[0] <= 0 <= one.interval[1] for one in pairs]
        alarms += not all(inside)
        covered += inside
    return alarms / simulations, float(np.mean(covered))


if __name__ == "__main__":
    simulations = int(sys.argv[1]) if sys.argv[1:] else 2000
    for images in (6, 12, 60, 500):
        alarms, coverage = simulate(images, simulations)
        print(f"{images} images: told apart {100 * alarms:.1f} %, single intervals cover {100 * coverage:.1f} %")
