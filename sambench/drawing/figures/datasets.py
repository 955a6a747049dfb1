"""Figures that only the report needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sambench.drawing.figures.parts import drawing, save_figure
from sambench.runs.run import Run

COLUMN = " mIoU@1"


def dataset_bars(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Draw mean IoU at one click on each data set, for runs over several.

    Args:
        runs: Finished runs of the points task.
        folder: Where `dataset_bars.svg` is written.

    Returns:
        The file; nothing where no run is over several data sets.
    """
    from matplotlib.figure import Figure

    plotted = [(run, {n.removesuffix(COLUMN): m for n, m in run.metrics.items() if n.endswith(COLUMN)}) for run in runs]
    plotted = [(run, metrics) for run, metrics in plotted if metrics]
    if not plotted:
        return []
    names = sorted({name for _, metrics in plotted for name in metrics})
    height = 0.8 / len(plotted)
    with drawing(9):
        figure = Figure(figsize=(6.5, 1 + 0.3 * len(names) * max(1, len(plotted) / 2)), layout="constrained")
        axes = figure.add_subplot(xlabel="mean IoU at one click", xlim=(0, 1))
        for index, (run, metrics) in enumerate(plotted):
            rows = [index for index, name in enumerate(names) if name in metrics]
            values = np.array([metrics[names[index]].value for index in rows])
            ends = np.array([metrics[names[index]].ci95 or (np.nan, np.nan) for index in rows])
            spread = np.abs(ends.T - values)
            label = run.label
            axes.barh(np.array(rows) + index * height, values, height, xerr=spread, label=label, error_kw={"lw": 0.8})
        axes.set_yticks(np.arange(len(names)) + 0.4 - height / 2, names)
        axes.invert_yaxis()
        axes.legend(fontsize=8)
        return [save_figure(figure, folder / "dataset_bars.svg")]
