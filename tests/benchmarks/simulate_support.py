"""How often a gate is wrong about a mean over images, whatever carries it, and how often it sees what it says it can.

Usage: python tests/benchmarks/simulate_support.py OUT.csv [simulations=400] [replicates=400] [figure=FILE]
       [data=normal,bernoulli,...] [least=10]

`least` gives intervals to what fewer images carry, to see what they would be worth.

Both checkpoints score each image alike in distribution, and images are easy or hard for both: told drops and gains are
false, and the interval should cover 0. "Seen" is the share of pairs that tell a drop as large as the mean printed
effect, the same in every image. Means over all of 12 to 1,000 images, over the 1 to 30 of 200 that carry the metric,
and over 23 data sets, equal, unequal and of one image each.
"""

import csv
import sys
import warnings
from pathlib import Path

import numpy as np
from simulate_intervals import DATA, IMAGES, SIZES, SUPPORTS, means

from sambench.metrics.bootstrap import stratified_weights
from sambench.metrics.intervals import resampled
from sambench.metrics.uncertainty import spread
from sambench.metrics.uncertainty.detectable import seen
from sambench.metrics.uncertainty.jackknife import jackknife
from sambench.metrics.uncertainty.spread import spreads

PARTS, POWER = 20, 0.8
HEADS = ["what", "data", "images", "support", "simulations", "given", "drops told", "gains told", "coverage"]
HEADS += ["printed effect", "seen"]


def pairs(kind, rng, count, images):
    """Return (count, images) differences of two checkpoints' scores, which share half of what moves an image."""
    sides = [DATA[kind](rng, (count, images))[0] for _ in range(2)]
    shared = rng.random((count, images)) < 0.5  # an image that both score alike
    return np.where(shared, 0.02 * rng.normal(size=(count, images)), sides[1] - sides[0])


def simulate(kind, strata, kept, simulations, replicates, seed):
    """Return (S, 3): each interval and the printed effect; NaN where there is none."""
    found, rng = [], np.random.default_rng([seed, len(strata), int(kept.sum())])
    for part in range(PARTS):
        change = means(pairs(kind, rng, simulations // PARTS, len(strata)), strata, kept)
        weights = stratified_weights(strata, replicates, seed + part)
        left = jackknife(change, strata)
        drawn = change(weights)
        for name, own in spreads(left, weights).items():
            one = resampled(left.whole[name], drawn[name], own)
            if one is None:
                found.append((np.nan, np.nan, np.nan))
            else:
                found.append((*one.interval(0.025), seen(one, drawn[name], 0.025, True, 0.0).drop(POWER)))
    return np.array(found)


def row(what, kind, images, support, found):
    """Return a line of the table, shares of the simulations that give an interval."""
    low, high, effect = found[~np.isnan(found[:, 0])].T
    line = [what, kind, images, support, len(found), f"{len(low) / len(found):.3f}"]
    if len(low):
        shares = (high < 0).mean(), (low > 0).mean(), ((low <= 0) & (high >= 0)).mean(), effect.mean()
        line += [f"{share:.4f}" for share in (*shares, (high < effect.mean()).mean())]
    else:
        line += ["nan"] * 5
    print(*line, flush=True)
    return line


def draw(rows, path):
    """Draw false alarms, coverage and power with their binomial 95 % ranges against what was promised."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "sambench"
    told = [dict(zip(HEADS, line, strict=True)) for line in rows if line[6] != "nan"]
    kinds, places = list(dict.fromkeys(one["data"] for one in told)), {}
    for one in told:
        places.setdefault((one["what"], one["images"], one["support"]), len(places))
    wanted = (("told though nothing differs", (0.03, 0.07), 0.05), ("coverage", (0.93, 0.97), 0.95))
    figure, axes = plt.subplots(3, 1, figsize=(9, 7), sharex=True, layout="constrained")
    for axis, (title, band, line) in zip(
        axes, (*wanted, ("seen at the printed effect", (0.75, 0.87), 0.8)), strict=True
    ):
        axis.axhspan(*band, color="0.9")
        axis.axhline(line, color="0.5", lw=1)
        axis.set_ylabel(title)
        for one in told:
            alarms = float(one["drops told"]) + float(one["gains told"])
            rate = {"told": alarms, "cove": float(one["coverage"]), "seen": float(one["seen"])}[title[:4]]
            reach = 1.96 * np.sqrt(rate * (1 - rate) / (int(one["simulations"]) * float(one["given"])))
            place, kind = places[one["what"], one["images"], one["support"]], kinds.index(one["data"])
            axis.errorbar(place + 0.12 * (kind - 2), rate, reach, fmt="o", ms=3, lw=1, color=f"C{kind}")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylim(0, 0.3)
    axes[1].set_ylim(0.6, 1.01)
    names = [
        f"{images} images" if "all" in what else f"{support} of 200" if "few" in what else what
        for what, images, support in places
    ]
    axes[2].set_xticks(range(len(places)), names, rotation=40, ha="right", fontsize=7)
    for place, kind in enumerate(kinds):
        axes[0].plot([], [], "o", ms=3, color=f"C{place}", label=kind)
    axes[0].legend(fontsize=7, ncols=5)
    figure.savefig(path, metadata={"Date": None})


def main():
    warnings.simplefilter("ignore", RuntimeWarning)  # of images left out nothing may be left
    given = {"simulations": "400", "replicates": "400", "figure": "", "data": ",".join(DATA), "least": "10"}
    given |= dict(word.split("=", 1) for word in sys.argv[2:])
    spread.ENOUGH = int(given["least"])
    asked, rows = (int(given["simulations"]), int(given["replicates"])), []
    for kind in given["data"].split(","):
        for images in IMAGES:
            rows.append(
                row("all images", kind, images, images, simulate(kind, [""] * images, np.ones(images), *asked, 1))
            )
        for support in SUPPORTS:
            kept = (np.arange(200) < support).astype(float)
            rows.append(row("few of 200", kind, 200, support, simulate(kind, [""] * 200, kept, *asked, 2)))
        for title, sizes in SIZES.items():
            strata = [str(place) for place, size in enumerate(sizes) for _ in range(size)]
            found = simulate(kind, strata, np.ones(len(strata)), *asked, 3)
            rows.append(row(f"23 sets, {title}", kind, len(strata), len(strata), found))
    with Path(sys.argv[1]).open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEADS)
        table.writerows(rows)
    if given["figure"]:
        draw(rows, given["figure"])


if __name__ == "__main__":
    main()
