"""How often a gate is wrong where sides are means of runs: `python tests/benchmarks/simulate_runs.py`.

Nothing differs between the sides but chance: 60 images, whose scores are correlated between the sides, and a deviation
of each run whose variance in the difference is 0 to 10 times that of the images.
"""

import numpy as np

from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.paired import compare_paired
from sambench.metrics.uncertainty.run_noise import run_noise
from sambench.metrics.uncertainty.spread import ENOUGH_UNITS, spread_of_units

IMAGES, DRAWS, PAIRS, OWN = 60, 400, 200, 0.1


def main():
    rng, weights = np.random.default_rng(1), resampling_weights(IMAGES, DRAWS) / IMAGES
    print("runs    ratio   told at all   drops   gains   covered of told")
    for before, after in ((2, 1), (2, 2), (3, 3), (5, 5)):
        for ratio in (0, 0.1, 0.3, 1, 3, 10):
            deviation = (ratio * 2 * OWN**2 / IMAGES / (1 / before + 1 / after)) ** 0.5
            told = [one for seed in range(PAIRS) if (one := pair(rng, weights, before, after, deviation, seed))]
            drops, gains, covered = np.array(told).sum(axis=0) if told else (0, 0, 0)
            shares = f"{len(told) / PAIRS:11.2f} {drops / PAIRS:7.3f} {gains / PAIRS:7.3f}"
            print(f"{before} + {after} {ratio:8} {shares} {covered / max(len(told), 1):17.3f}", flush=True)


def pair(rng, weights, before, after, deviation, seed):
    """Return whether a drop and a gain are told and the interval covers 0, or nothing where the runs cannot tell."""
    shared = rng.normal(0.5, 0.2, IMAGES)
    sides = [shared + rng.normal(0, OWN, IMAGES) + rng.normal(0, deviation, (count, 1)) for count in (before, after)]
    values = [[{"m": float(run.mean())} for run in side] for side in sides]
    drawn = [weights @ side.mean(axis=0) for side in sides]
    noise = run_noise(*values)
    units = noise.units("m", drawn[1] - drawn[0], IMAGES)
    if units < ENOUGH_UNITS:
        return None
    means = [{"m": float(side.mean())} for side in sides]
    draws = {"m": drawn[0]}, {"m": drawn[1] + noise.draws("m", DRAWS, seed)}
    low, high = compare_paired(*means, *draws, {"m": True}, {"m": spread_of_units(units, DRAWS, least=ENOUGH_UNITS)})[
        "m"
    ].interval
    return high < 0, low > 0, low <= 0 <= high


if __name__ == "__main__":
    main()
