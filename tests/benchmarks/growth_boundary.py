"""How the boundary metric's time grows with image size and with the number of edge pixels, as a table and a figure.

Run in the project's folder: `PYTHONPATH=tests/support python tests/benchmarks/growth_boundary.py growth.svg`. Needs no
data; the tolerance is that of a BSDS500 image in pixels (.0075 of the diagonal of 321 x 481) at every size.
"""

import sys
import time
from pathlib import Path

import numpy as np
from edge_scenes import SHAPE, annotators, dense_edges
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from sambench.drawing.figures.parts import save_figure
from sambench.metrics.boundary.counts import boundary_counts

RADIUS = 0.0075 * np.hypot(*SHAPE)
MEGAPIXELS = (0.154, 0.31, 0.62, 1.24, 2.5, 5.0, 8.0)
EDGE_PIXELS = (1250, 2500, 5000, 10_000, 20_000, 40_000)
DENSITY = 20_000 / (SHAPE[0] * SHAPE[1])


def measure(shape, count, repeats):
    """Return CPU seconds at 99 thresholds against five annotators (the best of some), and pixels at the lowest."""
    strength, truths = dense_edges(0, shape, count), annotators(0, shape)
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        counts = boundary_counts(strength, truths, max_dist=RADIUS / np.hypot(*shape))
        seconds.append(time.process_time() - start)
    return min(seconds), int(counts[0, 3])


def by_size():
    """Measure images of equal density of edges."""
    rows = []
    for megapixels in MEGAPIXELS:
        scale = np.sqrt(megapixels * 1e6 / (SHAPE[0] * SHAPE[1]))
        shape = tuple(round(scale * length) for length in SHAPE)
        pixels = shape[0] * shape[1]
        seconds, edge_pixels = measure(shape, int(DENSITY * pixels), repeats=3 if megapixels < 2 else 1)
        rows.append((pixels / 1e6, edge_pixels, seconds))
        print(f"{pixels / 1e6:6.2f} megapixels, {edge_pixels:8,} edge pixels: {seconds:7.2f} s", flush=True)
    return np.array(rows)


def by_edge_pixels():
    """Measure one image with more and more of its edges."""
    rows = []
    for count in EDGE_PIXELS:
        seconds, edge_pixels = measure(SHAPE, count, repeats=3)
        rows.append((edge_pixels, seconds))
        print(f"{edge_pixels:8,} edge pixels of {SHAPE[0]} x {SHAPE[1]}: {seconds:7.3f} s", flush=True)
    return np.array(rows)


def draw(sizes, edges, path):
    """Draw both growths on logarithmic axes, with the power law that fits each best and a line of linear growth."""
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    labels = "megapixels", "edge pixels of a 321 x 481 image"
    for number, (label, rows) in enumerate(zip(labels, (sizes, edges), strict=True), start=1):
        x, y = rows[:, 0], rows[:, -1]
        exponent = np.polyfit(np.log(x), np.log(y), 1)[0]
        last = np.log(y[-1] / y[-2]) / np.log(x[-1] / x[-2])
        print(f"{label}: time grows as the power {exponent:.2f}, {last:.2f} in the last step")
        axes = figure.add_subplot(1, 2, number, xscale="log", yscale="log", xlabel=label, ylabel="CPU seconds an image")
        axes.plot(x, y[-1] * x / x[-1], color="0.75", linewidth=1, label="linear")
        axes.plot(x, y, "o-", linewidth=1, label=f"measured, fitted power {exponent:.2f}")
        axes.set_xticks(x, [f"{value:,.2g}" if value < 100 else f"{value:,.0f}" for value in x], rotation=30)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(which="major", color="0.92")
        axes.legend()
    save_figure(figure, path)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "growth.svg")
    measure(SHAPE, 1000, 1)  # compile
    draw(by_size(), by_edge_pixels(), target)
