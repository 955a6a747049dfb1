"""Figure of moved prompts: IoU against the strength of the noise, mean and worst of the draws."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sambench.drawing.figures.parts import add_legend, drawing, save_figure
from sambench.runs.run import Run
from sambench.types import Metric


def iou_against_noise(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Draw mean IoU over draws with its interval, and the worst draw dashed, from the prompt as it is (0) on.

    Args:
        runs: Finished runs of the noise task.
        folder: Where `iou_against_noise.png` and `.svg` are written.

    Returns:
        The two files.
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(5.6, 4.2), layout="constrained")
        axes = figure.add_subplot(xlabel="strength of the noise", ylabel="mean IoU", ylim=(0, 1))
        for run in runs:
            mean = by_strength(run, "mIoU")
            values = np.array([metric.value for metric in mean.values()])
            ends = np.array([metric.ci95 or (np.nan, np.nan) for metric in mean.values()]).T
            label = f"{run.label}, {run.record.switches.get('prompt_noise')}, {run.record.data.name}"
            bars = axes.errorbar(list(mean), values, np.abs(ends - values), marker="o", ms=4, capsize=3, label=label)
            worst = {0.0: mean[0.0], **by_strength(run, "worst")}
            heights = [metric.value for metric in worst.values()]
            axes.plot(list(worst), heights, "--", color=bars[0].get_color(), marker="v", ms=4)
        axes.grid(color="0.9")
        if runs:
            add_legend(axes, loc="lower left", fontsize=8, title="dashed: worst of the draws", title_fontsize=8)
        return [save_figure(figure, folder / f"iou_against_noise.{ending}") for ending in ("png", "svg")]


def by_strength(run: Run, kind: str) -> dict[float, Metric]:
    """Return a run's metrics of a kind ("mIoU", "worst") by strength, ascending; mIoU has 0 too."""
    metrics = {}
    for name, metric in run.metrics.items():
        if match := re.fullmatch(rf"{kind}@([\d.e+-]+)", name):
            metrics[float(match[1])] = metric
    return dict(sorted(metrics.items()))
