"""Mean IoU against clicks of interactive segmentation: measured curves over published points, a panel a data set."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sambench.drawing.figures.clicks import ENDINGS, headline
from sambench.drawing.figures.parts import drawing, name_ticks, save_figure
from sambench.metrics.published import published
from sambench.runs.run import Run

TABLE = "interactive"

TICKS = (1, 2, 3, 5, 10, 15, 20)

TITLES = {
    "grabcut": "GrabCut",
    "berkeley": "Berkeley",
    "davis": "DAVIS",
    "sbd": "SBD",
    "pascal_voc": "VOC",
    "coco_mval": "COCO_MVal",
    "hqseg44k": "HQSeg-44K",
}
"""Data set -> its name in the published columns."""


def miou_beside_published(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Draw mean IoU after each number of clicks with its interval, and grey beside it what was published.

    Args:
        runs: Finished runs of the points task; those on other data are passed over.
        folder: Where `miou_beside_published.png` and `.svg` are written.

    Returns:
        The two files; none where no run is on a data set of interactive segmentation.
    """
    from matplotlib.figure import Figure

    names = [name for name in TITLES if any(run.record.data.name == name for run in runs)]
    if not names:
        return []
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    with drawing(9):
        figure = Figure(figsize=(1.0 + 3.8 * columns, 0.6 + 3.4 * lines), layout="constrained")
        grid = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes in grid[len(names) :]:
            axes.remove()
        for name, axes in zip(names, grid, strict=False):
            for index, (method, points) in enumerate(published_points(TITLES[name]).items()):
                style = {"color": "0.62", "linewidth": 1.0, "markersize": 4, "zorder": 1}
                axes.plot(list(points), list(points.values()), "-" + "os^vDP*X<>"[index % 10], label=method, **style)
            for run in runs:
                if run.record.data.name == name:
                    _draw(axes, run)
            axes.set(title=TITLES[name], xlabel="clicks", ylabel="mean IoU")
            axes.grid(color="0.92")
            axes.legend(loc="lower right", fontsize=6)
            name_ticks(axes, TICKS, list(map(str, TICKS)))
        return [save_figure(figure, folder / f"miou_beside_published.{ending}") for ending in ENDINGS]


def _draw(axes: object, run: Run) -> None:
    """Draw one run's curve."""
    curve = headline(run, "mIoU")
    means = np.array([metric.value for metric in curve.values()])
    ends = np.array([metric.ci95 or (np.nan, np.nan) for metric in curve.values()]).T
    label = run.label
    axes.errorbar(  # type: ignore[attr-defined]
        list(curve), means, np.abs(ends - means), marker="o", markersize=3, capsize=2, zorder=2, label=label
    )


def published_points(title: str) -> dict[str, dict[int, float]]:
    """Return method -> number of clicks -> published mean IoU of one data set."""
    rows = published(TABLE).to_dict("records")
    counts = {
        column: int(match[1]) for column in rows[0] if (match := re.fullmatch(rf"{title} mIoU@(\d+)", str(column)))
    }
    points = {
        f"{row['method']} ({row['source']})": {
            counts[column]: float(row[column]) for column in counts if not math.isnan(row[column])
        }
        for row in rows
    }
    return {name: dict(sorted(own.items())) for name, own in points.items() if own}
