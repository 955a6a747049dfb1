"""Precision against recall of edge maps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sambench.drawing.figures.parts import add_legend, drawing, save_figure
from sambench.metrics.boundary.scores import counts_of_rows, levels_of, summarize_counts
from sambench.runs.run import Run


def precision_recall(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Draw boundary precision against recall over iso-F curves, with each run's best point.

    Args:
        runs: Finished runs of the edges task.
        folder: Where `precision_recall.png` and `.svg` are written.

    Returns:
        The two files.
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(5.2, 5.0), layout="constrained")
        axes = figure.add_subplot(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1), aspect="equal")
        for f in np.arange(0.1, 1.0, 0.1):
            recall = np.linspace(f / (2 - f) + 1e-6, 1, 200)
            axes.plot(recall, f * recall / (2 * recall - f), color="0.85", linewidth=0.8, zorder=0)
            axes.annotate(f"{f:.1f}", (0.985, f / (2 - f)), color="0.6", fontsize=7, ha="right", va="bottom")
        for run in runs:
            counts = counts_of_rows(run.rows())
            scores = summarize_counts(counts, levels_of(counts.shape[1]))
            drawn = scores.recall > 0
            label = f"{run.label}, {run.record.data.name}: ODS {scores.ods:.3f}"
            (line,) = axes.plot(scores.recall[drawn], scores.precision[drawn], linewidth=1.8, label=label)
            axes.plot(scores.ods_recall, scores.ods_precision, "o", color=line.get_color(), markersize=6)
        if runs:
            add_legend(axes, loc="lower left", fontsize=8, framealpha=1)
        return [save_figure(figure, folder / f"precision_recall.{ending}") for ending in ("png", "svg")]
