"""Models on two axes and the front that nobody beats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sambench.drawing.figures.parts import drawing, save_figure
from sambench.tables.pareto import ParetoPoint


def pareto_front(points: Sequence[ParetoPoint], titles: tuple[str, str], folder: Path) -> list[Path]:
    """Draw models with their intervals on both axes; those on the front filled, with the front's stairs.

    Args:
        points: The models.
        titles: What the axes show.
        folder: Where `pareto.png` and `.svg` are written.

    Returns:
        The two files.
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(6.4, 4.4), layout="constrained")
        axes = figure.add_subplot(xlabel=titles[0], ylabel=titles[1])
        for point in points:
            on = point.standing == "on"
            axes.errorbar(
                point.x.value,
                point.y.value,
                xerr=_reach(point.x.value, point.x.ci95),
                yerr=_reach(point.y.value, point.y.ci95),
                fmt="o",
                color="C0" if on else "0.55",
                markerfacecolor="C0" if on else "white",
                capsize=3,
            )
            axes.annotate(point.model, (point.x.value, point.y.value), (6, 6), textcoords="offset points", fontsize=8)
        front = sorted((point.x.value, point.y.value) for point in points if point.standing == "on")
        if len(front) > 1:
            lower_is_better = not points[0].x.higher_is_better
            axes.step(
                *np.array(front).T, where="post" if lower_is_better else "pre", color="C0", linewidth=1, alpha=0.6
            )
        axes.grid(color="0.9")
        axes.margins(0.15)
        return [save_figure(figure, folder / f"pareto.{ending}") for ending in ("png", "svg")]


def _reach(value: float, ends: tuple[float, float] | None) -> np.ndarray | None:
    """Return (2, 1) how far an interval reaches below and above, or None where there is none."""
    if ends is None or ends[0] != ends[0]:
        return None
    return np.array([[max(value - ends[0], 0)], [max(ends[1] - value, 0)]])
