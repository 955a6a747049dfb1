"""How often the 95 % interval of a single run misses the truth, and where none is given.

Usage: python tests/benchmarks/simulate_intervals.py OUT.csv [simulations=1000] [replicates=500] [edges=200]
       [figure=FILE] [data=normal,bernoulli,...] [counts=RUN,RUN]

Means over the images that carry a metric (normal, Bernoulli, skewed and clustered scores), means over 23 strata, and
the edge scores of images drawn `edges` times from those of finished runs (`counts`), whose scores over all images are
the truth. Of rare scores, samples that hold at least one are counted apart: no interval knows of what is not there.
"""

import csv
import sys
import warnings
from pathlib import Path

import numpy as np

from sambench.metrics.bootstrap import bootstrap_intervals
from sambench.metrics.boundary.resampled import boundary_ci95, boundary_replicates
from sambench.metrics.boundary.scores import counts_of_rows, levels_of, recall_precision_f
from sambench.runs.open import load_run

IMAGES, SUPPORTS, STRATA = (12, 50, 200, 1000), (1, 2, 3, 5, 10, 30), 23
SIZES = {"equal": [9] * STRATA, "unequal": [2] * 12 + [20] * 8 + [200] * 3, "one image each": [1] * STRATA}
FREE = (-np.inf, np.inf)
PARTS = 20
"""Simulations of a kind share weights in parts; every part draws its own."""


def normal(rng, shape):
    """Draw overlaps around .6."""
    return 0.6 + 0.1 * rng.normal(size=shape), 0.6


def bernoulli(rng, shape):
    """Draw objects that are found or not, each sample's with a chance of its own.

    At one chance the coverage of any interval jumps with the number of images, as means take few values; its mean over
    chances does not (Brown, Cai and DasGupta 2001).
    """
    chances = np.linspace(0.4, 0.8, shape[0])
    return (rng.random(shape) < chances[:, None]).astype(float), chances


def skewed(rng, shape):
    """Draw overlaps of which most are high and some are very low."""
    return 1 - rng.exponential(0.15, shape).clip(0, 1), 1 - 0.15 * (1 - np.exp(-1 / 0.15))


def clustered(rng, shape):
    """Draw means of one to six masks an image, alike within it."""
    masks = rng.integers(1, 7, shape)
    return 0.6 + 0.08 * rng.normal(size=shape) + 0.12 * rng.normal(size=shape) / np.sqrt(masks), 0.6


def rare(rng, shape):
    """Draw scores of which one in twenty is far above the others."""
    return 0.3 + 0.02 * rng.normal(size=shape) + 0.5 * (rng.random(shape) < 0.05), 0.325


DATA = {one.__name__: one for one in (normal, bernoulli, skewed, clustered, rare)}
RARE = 0.55
"""Scores above it are the rare ones."""


def means(scores, strata, kept=None):
    """Return the mean over strata of the means of many simulations at once, over weighted images."""
    names = np.array(strata)
    inside = np.stack([names == name for name in dict.fromkeys(strata)]).astype(float)
    kept = np.ones(len(names)) if kept is None else kept

    def replicates(weights):
        held = weights * kept
        with np.errstate(invalid="ignore"):
            parts = [(held * own) @ scores.T / (held @ own)[:, None] for own in inside]
            return dict(enumerate(np.nanmean(parts, axis=0).T))

    return replicates


def simulate(kind, strata, kept, simulations, replicates, seed):
    """Return (S, 3): whether each interval lies above the truth, and below it; NaN where there is none.

    The third tells whether a score above `RARE` is among the images that weigh most in the mean.
    """
    found, rng = [], np.random.default_rng([seed, len(strata), int(kept.sum())])
    mass = kept / np.array([strata.count(name) for name in strata])
    heavy = mass == mass.max()
    for part in range(PARTS):
        scores, truth = DATA[kind](rng, (simulations // PARTS, len(strata)))
        bounds = dict.fromkeys(range(len(scores)), FREE)
        ends = bootstrap_intervals(means(scores, strata, kept), strata, replicates, seed + part, bounds)
        low, high = np.array(list(ends.values())).T
        held = (scores[:, heavy] > RARE).any(axis=1) & (kind == "rare")
        missed = np.where(np.isnan(low), np.nan, [low > truth + 1e-12, high < truth - 1e-12])
        found.append(np.column_stack([*missed, held]))
    return np.concatenate(found)


def edges(counts, images, simulations, replicates):
    """Return (S, 3) of each edge score, of images drawn from a run's; the third tells whether `decisive` is held."""
    levels, found = levels_of(counts.shape[1]), {}
    truth = boundary_replicates(counts, levels, np.ones((1, len(counts)), np.int64))
    deciding = decisive(counts)
    for seed in range(simulations):
        drawn = np.random.default_rng([seed, images]).integers(0, len(counts), images)
        for name, (low, high) in boundary_ci95(counts[drawn], levels, replicates, seed).items():
            missed = (np.nan, np.nan) if np.isnan(low) else (low > truth[name][0], high < truth[name][0])
            found.setdefault(name, []).append((*missed, deciding.get(name, -1) in drawn))
    return {name: np.array(own, float) for name, own in found.items()}


def decisive(counts):
    """Return {"ap": the image that alone makes over a quarter of the variance of the area under the curve}, if any.

    Without the grid of recalls, whose steps lie between any two images.
    """
    areas = []
    for left in counts.sum(axis=0, dtype=np.float64) - counts:
        recall, precision, _ = recall_precision_f(left)
        order = np.argsort(recall, kind="stable")
        areas.append(np.trapezoid(precision[order], recall[order]))
    moved = (np.array(areas) - np.mean(areas)) ** 2
    return {"ap": int(moved.argmax())} if moved.max() > 0.25 * moved.sum() else {}


def rows_of(what, kind, images, support, found):
    """Return a kind's lines; where some samples hold what decides and some do not, also one over those that do."""
    lines = [row(what, kind, images, support, found[:, :2])]
    if kind == "rare" or 0 < found[:, 2].mean() < 1:
        lines.append(row(what, f"{kind}, one held", images, support, found[found[:, 2] == 1, :2]))
    return lines


def row(what, kind, images, support, missed):
    """Return a line of the table: shares of the simulations that give an interval, and of those that cover."""
    given = ~np.isnan(missed[:, 0])
    shares = missed[given].mean(axis=0) if given.any() else np.full(2, np.nan)
    line = (what, kind, images, support, len(missed), f"{given.mean():.3f}", f"{1 - shares.sum():.4f}")
    print(*line, *(f"{share:.4f}" for share in shares), flush=True)
    return (*line, *(f"{share:.4f}" for share in shares))


def draw(rows, path):
    """Draw every coverage with its binomial 95 % range against what was promised."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "sambench"
    figure, axis = plt.subplots(figsize=(9, 3.4), layout="constrained")
    axis.axhspan(0.93, 0.97, color="0.9")
    kinds, titles = list(dict.fromkeys(line[1] for line in rows)), list(dict.fromkeys(line[0] for line in rows))
    for place, title in enumerate(titles):
        own = [line for line in rows if line[0] == title and line[6] != "nan"]
        for x, line in zip(place + np.linspace(-0.35, 0.35, max(len(own), 2)), own, strict=False):
            rate, count = float(line[6]), int(line[4]) * float(line[5])
            spread = 1.96 * np.sqrt(rate * (1 - rate) / count)
            axis.errorbar(x, rate, spread, fmt="o", ms=3, lw=1, color=f"C{kinds.index(line[1]) % 10}")
    axis.set(xticks=range(len(titles)), ylim=(0.4, 1.01), ylabel="coverage")
    axis.set_xticklabels(titles, fontsize=8)
    for place, kind in enumerate(kinds):
        axis.plot([], [], "o", ms=3, color=f"C{place % 10}", label=kind)
    axis.legend(fontsize=7, ncols=2, loc="lower right")
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main():
    warnings.simplefilter("ignore", RuntimeWarning)  # of images left out nothing may be left
    given = {"simulations": "1000", "replicates": "500", "figure": "", "counts": "", "data": ",".join(DATA)}
    given |= {"edges": "200"}
    given |= dict(word.split("=", 1) for word in sys.argv[2:])
    simulations, replicates, rows = int(given["simulations"]), int(given["replicates"]), []
    for kind in filter(None, given["data"].split(",")):
        for images in IMAGES:
            missed = simulate(kind, [""] * images, np.ones(images), simulations, replicates, 1)
            rows += rows_of("all images", kind, images, images, missed)
        for support in SUPPORTS:
            kept = (np.arange(200) < support).astype(float)
            missed = simulate(kind, [""] * 200, kept, simulations, replicates, 2)
            rows += rows_of("few of 200", kind, 200, support, missed)
        for title, sizes in SIZES.items():
            strata = [str(place) for place, size in enumerate(sizes) for _ in range(size)]
            missed = simulate(kind, strata, np.ones(len(strata)), simulations, replicates, 3)
            rows += rows_of(f"23 sets, {title}", kind, len(strata), len(strata), missed)
    for path in filter(None, given["counts"].split(",")):
        counts = counts_of_rows(load_run(path).rows())
        for images in IMAGES[:3]:
            for name, missed in edges(counts, images, int(given["edges"]), replicates).items():
                rows += rows_of("edges", f"{Path(path).name} {name}", images, images, missed)
    with Path(sys.argv[1]).open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["what", "data", "images", "support", "simulations", "given", "coverage", "above", "below"])
        table.writerows(rows)
    if given["figure"]:
        draw(rows, given["figure"])


if __name__ == "__main__":
    main()
