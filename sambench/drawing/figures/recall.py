"""Recall of proposals against their number and against overlap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sambench.drawing.figures.parts import add_legend, drawing, plain_ticks, save_figure
from sambench.metrics.coco.average_recall import recall_curve
from sambench.metrics.coco.params import IOU_THRESHOLDS
from sambench.metrics.coco.rows import proposals_of_rows
from sambench.runs.run import Run


def recall_curves(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Draw average recall against the number of proposals, and recall against the IoU a match needs.

    Args:
        runs: Finished runs of the proposals task.
        folder: Where `recall_curves.png` and `.svg` are written.

    Returns:
        The two files.
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(9.0, 4.0), layout="constrained")
        by_number, by_iou = figure.subplots(1, 2, sharey=True)
        for run in runs:
            limits, recall = recall_grid(run)
            label = f"{run.label}, {run.record.data.name}: AR@{limits[-1]} "
            average = recall.mean(axis=0)
            by_number.plot(limits, average, linewidth=1.8, label=f"{label}{average[-1]:.3f}")
            by_iou.plot(IOU_THRESHOLDS, recall[:, -1], marker="o", markersize=4, linewidth=1.8)
        by_number.set(xscale="log", xlabel="proposals an image", ylabel="recall", ylim=(0, 1))
        plain_ticks(by_number.xaxis)
        by_number.set_title("average over IoU .50:.05:.95", fontsize=10)
        by_iou.set(xlabel="IoU a match needs")
        by_iou.set_title("all proposals", fontsize=10)
        for axes in (by_number, by_iou):
            axes.grid(color="0.9")
        if runs:
            add_legend(by_number, loc="upper left", fontsize=8)
        return [save_figure(figure, folder / f"recall_curves.{ending}") for ending in ("png", "svg")]


def recall_grid(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return (M,) numbers of proposals from 1 to the run's largest limit, and (10, M) recall at each overlap."""
    matches = proposals_of_rows(run.rows())
    top = max(run.record.switches["max_dets"])
    limits = np.unique(np.round(np.geomspace(1, top, 40)).astype(int))
    return limits, recall_curve(matches, limits.tolist(), "all")
