"""How often a gate is wrong, and how often it sees what it says it can: simulated pairs of checkpoints.

Usage: python tests/benchmarks/simulate_gate.py OUT.csv [simulations=1000] [images=150] [replicates=500] [figure=FILE]
       [families=points,edges,...] [counts=RUN,RUN]

For each family of metrics: false alarms (any metric called a drop where nothing differs), coverage of each metric's
95 % interval where nothing differs and where the candidate is worse, and the share of simulations that call the
headline metric's drop a regression when it is truly as large as the printed minimum detectable effect. `counts` takes
the edge scores of two finished runs over the same images: their true difference is that over all of them.
"""

import csv
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from simulated_pairs import FAMILIES, HEADLINE, strata

from sambench.metrics.bootstrap import stratified_weights
from sambench.metrics.boundary.resampled import boundary_replicates, unsteady_scores
from sambench.metrics.boundary.scores import counts_of_rows, levels_of
from sambench.metrics.paired import compare_paired
from sambench.metrics.uncertainty.jackknife import jackknife
from sambench.metrics.uncertainty.spread import spreads
from sambench.runs.open import load_run

LARGE = 6000
"""Images from which a shift's true differences are taken."""


def simulate(family, images, shift, replicates, seed):
    """Compare one simulated pair; returns metric -> Comparison."""
    rng = np.random.default_rng([seed, images])
    return compared(FAMILIES[family](rng, images, shift), strata(family, images), replicates, seed)


def compared(sides, groups, replicates, seed, unsteady=MappingProxyType({})):
    """Compare two sides, each a function of (B, images) weights, as a gate does; returns metric -> Comparison."""
    images = len(groups)
    ones, weights = np.ones((1, images), np.int64), stratified_weights(groups, replicates, seed)
    values = [{name: float(drawn[0]) for name, drawn in side(ones).items()} for side in sides]
    draws = [side(weights) for side in sides]
    before, after = sides

    def change(held):
        own, other = before(held), after(held)
        return {name: other[name] - own[name] for name in own}

    spread = spreads(jackknife(change, groups), weights, unsteady)
    return compare_paired(*values, *draws, dict.fromkeys(values[0], True), spread)


def of_runs(paths, images, swapped, replicates, seed):
    """Compare two runs' edge scores over drawn images; with sides swapped image by image, nothing differs."""
    counts = [counts_of_rows(load_run(path).rows()) for path in paths]
    rng = np.random.default_rng([seed, images])
    drawn = rng.integers(0, len(counts[0]), images)
    levels, sides = levels_of(counts[0].shape[1]), np.stack([own[drawn] for own in counts])
    if swapped:
        place = rng.integers(0, 2, images)
        sides = np.stack([sides[place, np.arange(images)], sides[1 - place, np.arange(images)]])
    held = [partial(boundary_replicates, own, levels) for own in sides]
    unsteady = unsteady_scores(sides[0]) | unsteady_scores(sides[1])
    return compared(held, [""] * images, replicates, seed, unsteady)


def measure_runs(paths, simulations, replicates):
    """Return the table's rows of two runs' counts: told apart, and coverage of the true difference."""
    whole = [counts_of_rows(load_run(path).rows()) for path in paths]
    ones, levels = np.ones((1, len(whole[0])), np.int64), levels_of(whole[0].shape[1])
    before, after = (boundary_replicates(own, levels, ones) for own in whole)
    rows = []
    for images in (12, 50, 200):
        for swapped in (True, False):
            with ProcessPoolExecutor(2) as pool:
                part = [[value] * simulations for value in (paths, images, swapped, replicates)]
                found = list(pool.map(of_runs, *part, range(simulations), chunksize=10))
            name = f"counts, {images} images, {'sides swapped' if swapped else 'as they are'}"
            told = [any(map(apart, pair.values())) for pair in found]
            rows.append((name, "told apart, any metric", np.mean(told)))
            for metric in before:
                given = [pair for pair in found if pair[metric].interval[0] == pair[metric].interval[0]]
                truth = 0.0 if swapped else after[metric][0] - before[metric][0]
                rows.append((name, f"coverage, {metric}, {len(given)} given", coverage(given, metric, truth)))
            for row in rows[-5:]:
                print(f"{row[0]:40s} {row[1]:35s} {row[2]:.4f}", flush=True)
    return rows


def true_differences(family, shift, images, seed=7):
    """Return what a shift makes of each metric over sets of so many images: with and without it, all else being equal.

    AP and the best threshold depend on how many images are ranked together, so their differences do.
    """
    ones, found = np.ones((1, images), np.int64), []
    for part in range(2 * LARGE // images):
        after, before = (FAMILIES[family](np.random.default_rng([seed, part]), images, by)[1] for by in (shift, 0.0))
        own, plain = after(ones), before(ones)
        found.append({name: float(own[name][0] - plain[name][0]) for name in own})
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def shift_for(family, drop, images):
    """Return the shift whose true drop of the headline metric is the one asked for."""
    shifts = np.array([0.02, 0.05, 0.1, 0.2, 0.4])
    drops = [-true_differences(family, shift, images)[HEADLINE[family]] for shift in shifts]
    return float(np.interp(drop, drops, shifts))


def measure(family, simulations, images, replicates):
    """Return the table's rows of one family."""
    with ProcessPoolExecutor() as pool:

        def run(shift, first):
            jobs = range(first, first + simulations)
            part = [[value] * simulations for value in (family, images, shift, replicates)]
            return list(pool.map(simulate, *part, jobs, chunksize=10))

        null = run(0.0, 0)
        detectable = float(np.mean([found[HEADLINE[family]].detectable for found in null]))
        shift = shift_for(family, detectable, images)
        worse = run(shift, simulations)
    truth = true_differences(family, shift, images)
    head = HEADLINE[family]
    alarms = np.mean([any(map(dropped, found.values())) for found in null])
    seen = np.mean([dropped(found[head]) for found in worse])
    either = np.mean([any(map(apart, pair.values())) for pair in null])
    rows = [(family, "told apart, any metric", either), (family, "drops told, any metric", alarms)]
    rows.append((family, "coverage, all metrics together", together(worse, truth)))
    rows.append((family, f"detected, {head} at the printed effect", seen))
    rows.append((family, "mean detectable effect", detectable))
    rows.append((family, "true drop simulated", -truth[head]))
    for name in null[0]:
        rows.append((family, f"coverage, {name}, no difference", coverage(null, name, 0.0)))
        rows.append((family, f"coverage, {name}, worse", coverage(worse, name, truth[name])))
    return rows


def dropped(one):
    """Tell whether a verdict calls it a drop: the p value and the interval both do."""
    return one.interval[1] < 0


def apart(one):
    """Tell whether the printed interval leaves out 0."""
    return one.interval[0] > 0 or one.interval[1] < 0


def together(found, truth):
    """Return the share of simulations in which every interval holds its metric's truth."""
    inside = [[one.interval[0] <= truth[name] <= one.interval[1] for name, one in pair.items()] for pair in found]
    return float(np.mean([all(own) for own in inside]))


def coverage(found, name, truth):
    """Return the share of simulations whose interval holds the truth."""
    intervals = [one[name].interval for one in found]
    return float(np.mean([low <= truth <= high for low, high in intervals]))


def draw(rows, simulations, path):
    """Draw every rate with its binomial 95 % range against what was promised."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "sambench"
    kinds = (
        ("told apart", "told apart", (0.03, 0.07), 0.05),
        ("coverage", "interval coverage", (0.93, 0.97), 0.95),
    )
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
    for axis, (start, title, band, wanted) in zip(
        axes, (*kinds, ("detected", "detected", (0.75, 0.85), 0.8)), strict=True
    ):
        families = list(dict.fromkeys(row[0] for row in rows))
        axis.axhspan(*band, color="0.9")
        axis.axhline(wanted, color="0.5", lw=1)
        for place, family in enumerate(families):
            rates = np.array([rate for name, what, rate in rows if name == family and what.startswith(start)])
            spread = 1.96 * np.sqrt(rates * (1 - rates) / simulations)
            x = place + np.linspace(-0.25, 0.25, len(rates)) if len(rates) > 1 else [place]
            axis.errorbar(x, rates, spread, fmt="o", ms=3, lw=1, color=f"C{place}")
        axis.set(title=title, xticks=range(len(families)))
        axis.set_xticklabels(families, rotation=20)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main():
    given = {"simulations": "1000", "images": "150", "replicates": "500", "figure": "", "families": ",".join(FAMILIES)}
    given |= {"counts": ""}
    given |= dict(word.split("=", 1) for word in sys.argv[2:])
    simulations, images, replicates = (int(given[key]) for key in ("simulations", "images", "replicates"))
    rows = []
    if given["counts"]:
        rows += measure_runs(given["counts"].split(","), simulations, replicates)
    for family in filter(None, given["families"].split(",")):
        rows += measure(family, simulations, images, replicates)
        for row in rows[-100:]:
            if row[0] == family:
                print(f"{row[0]:10s} {row[1]:45s} {row[2]:.4f}", flush=True)
    with Path(sys.argv[1]).open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["family", "what", "value"])
        table.writerows((family, what, f"{value:.4f}") for family, what, value in rows)
    if given["figure"]:
        draw(rows, simulations, given["figure"])


if __name__ == "__main__":
    main()
