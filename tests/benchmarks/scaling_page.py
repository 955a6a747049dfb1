"""What 1 to 256 devices would do, simulated from stated stage costs: the table and the figure of docs/scaling.md.

Run in the project's folder: `python tests/benchmarks/scaling_page.py docs/scaling.svg`. Needs neither data nor device:
the costs below are inputs, each with its source, and the rest follows from them by `sambench.engine.scaling.simulate`.
"""

import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from sambench.drawing.figures.parts import save_figure
from sambench.engine.scaling import Costs, simulate

IMAGES = 20_000
DEVICES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

READ, SCORE = 0.0094, 0.0619
"""Seconds an image, edges on BSDS500 on one processor of the development machine: `sambench plan`, 20 images."""

DRIVER = 0.0001 + 2 * 0.0018
"""Seconds an image: a journal line (same pilot), and a sample with its prediction (3.4 MB) in and out through pipes."""

CASES = {
    "embedded model, one CPU a device": 0.8355,
    "at SAM ViT-H's published speed": 1 / 21.7,
}
"""Seconds a device needs for an image: encode to save of the same pilot; the FPS on an A100 of SAM 2's Table 15."""

STREAMS = (None, 2)
SCORERS = (1, 4)


def rows():
    """Yield (case, scorers a device, shared streams, devices, projection)."""
    for case, device in CASES.items():
        costs = Costs.constant(IMAGES, READ, device, SCORE, DRIVER)
        for scorers in SCORERS:
            for streams in STREAMS:
                for devices in DEVICES:
                    yield case, scorers, streams, devices, simulate(costs, devices, scorers * devices, streams)


def draw(found, path):
    """Draw images a second against devices, with each curve's limits."""
    with mpl.rc_context({"svg.hashsalt": "sambench", "font.size": 9}):
        figure = Figure(figsize=(7.4, 3.4), layout="constrained")
        axes = figure.subplots(1, len(CASES), sharey=True)
        for axis, case in zip(axes, CASES, strict=True):
            for scorers in SCORERS:
                for streams in STREAMS:
                    line = [row for row in found if row[:3] == (case, scorers, streams)]
                    label = f"{scorers} scorer(s) a device, " + (f"{streams} streams" if streams else "own storage")
                    speed = [IMAGES / row[4].wall for row in line]
                    axis.plot([row[3] for row in line], speed, "o-", markersize=3, linewidth=1.2, label=label)
            axis.axhline(1 / DRIVER, color="0.6", linewidth=0.8, linestyle=":")
            axis.annotate("one driver", (1, 1 / DRIVER), fontsize=7, color="0.4", va="bottom")
            axis.set(xscale="log", yscale="log", xlabel="devices", title=case)
            axis.set_xticks(DEVICES, [str(count) for count in DEVICES])
            axis.xaxis.set_minor_locator(NullLocator())
            axis.grid(color="0.92")
        axes[0].set_ylabel("images a second")
        axes[0].legend(fontsize=7)
        save_figure(figure, path)


def main():
    """Print the table for 1, 8 and 64 devices and draw the figure."""
    found = list(rows())
    print("| device | scorers a device | storage | devices | images a second | share of ideal | busiest |")
    print("|---|---:|---|---:|---:|---:|---|")
    for case, scorers, streams, devices, projection in found:
        if devices in (1, 8, 64):
            speed = IMAGES / projection.wall
            ideal = devices / CASES[case]
            where = f"{streams} streams" if streams else "own"
            busy = f"{projection.bottleneck} {100 * projection.busy[projection.bottleneck]:.0f} %"
            print(f"| {case} | {scorers} | {where} | {devices} | {speed:.1f} | {100 * speed / ideal:.0f} % | {busy} |")
    draw(found, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
