"""One figure a sweep: metrics against the choice, or against clicks, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sambench.drawing.figures.parts import drawing, name_ticks, save_figure
from sambench.files.safe_names import file_inside
from sambench.runs.run import Run
from sambench.tables.ablations import Ablation


def ablation_figure(ablation: Ablation, runs: Mapping[str, Run], folder: Path) -> list[Path]:
    """Draw a sweep's finished members.

    Args:
        ablation: The sweep.
        runs: Label -> run.
        folder: Where `NAME.png` and `.svg` are written.

    Returns:
        The two files.
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(6.0, 4.0), layout="constrained")
        axes = figure.add_subplot(xlabel=ablation.x or "", title=ablation.title)
        axes.title.set_fontsize(10)
        lines = _over_metrics(ablation, runs) if ablation.curves else _over_members(ablation, runs)
        ticks = list(next(iter(lines.values()))) if lines else []
        for label, points in lines.items():
            values = np.array(list(points.values()))
            positions = [ticks.index(tick) for tick in points]
            style = "o-" if ablation.x else "o"
            axes.errorbar(
                positions,
                values[:, 0],
                np.abs(values[:, 1:] - values[:, :1]).T,
                fmt=style,
                ms=4,
                capsize=3,
                label=label,
            )
        axes.set_ylim(0, 1)
        axes.grid(color="0.9")
        if lines:
            axes.legend(fontsize=8)
        name_ticks(axes, range(len(ticks)), ticks)
        return [save_figure(figure, file_inside(folder, ablation.name, f".{ending}")) for ending in ("png", "svg")]


def _over_members(ablation: Ablation, runs: Mapping[str, Run]) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return metric -> label -> value, low, high; metrics that are no fractions are left out."""
    lines: dict[str, dict[str, tuple[float, float, float]]] = {}
    for label, run in runs.items():
        for name in ablation.metrics:
            metric = run.metrics.get(name)
            if metric is not None and metric.ci95 is not None:
                lines.setdefault(name, {})[label] = (metric.value, *metric.ci95)
    return lines


def _over_metrics(ablation: Ablation, runs: Mapping[str, Run]) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Return label -> number of clicks -> value, low, high."""
    lines: dict[str, dict[str, tuple[float, float, float]]] = {}
    for label, run in runs.items():
        for name in ablation.metrics:
            metric = run.metrics.get(name)
            if metric is not None and metric.ci95 is not None:
                lines.setdefault(label, {})[name.partition("@")[2]] = (metric.value, *metric.ci95)
    return lines
