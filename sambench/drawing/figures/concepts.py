"""Text prompts: the headlines against the score that counts, and how far a model's presence can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sambench.drawing.figures.parts import add_legend, drawing, save_figure
from sambench.metrics.calibration import reliability
from sambench.runs.run import Run

_STYLES = {"cgF1": "-", "IL_MCC": "--", "pmF1": ":"}


def thresholds_and_presence(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Draw what scores would be at the thresholds a run was swept over, and the share of present pairs by confidence.

    Args:
        runs: Finished runs of the concepts task.
        folder: Where `concepts.png` and `.svg` are written.

    Returns:
        The two files.
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(9.6, 4.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.set(xlabel="lowest score that counts", xlim=(0, 1), ylim=(0, 1))
        right.set(xlabel="confidence that the concept is there", ylabel="share of pairs in which it is")
        right.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        right.plot([0, 1], [0, 1], color="0.8", linewidth=0.8, zorder=0)
        for run in runs:
            _draw(run, left, right)
        if runs:
            add_legend(left, fontsize=8)
            add_legend(right, fontsize=8, loc="upper left")
        return [save_figure(figure, folder / f"concepts.{ending}") for ending in ("png", "svg")]


def _draw(run: Run, left: Any, right: Any) -> None:
    """Draw one run in both halves, in one colour; areas of points are in proportion to the pairs they stand for."""
    label = f"{run.label}, {run.record.data.name}"
    rows = run.rows()
    bins = reliability(np.array([row["confidence"] for row in rows]), np.array([row["present"] for row in rows], bool))
    confidence, share, pairs = (np.array(column) for column in zip(*bins, strict=True))
    (line,) = right.plot(confidence, share, linewidth=1.2, label=f"{label}: {len(rows)} pairs")
    right.scatter(confidence, share, s=12 + 240 * pairs / pairs.sum(), color=line.get_color(), alpha=0.6)
    switches = run.record.switches
    least = switches["min_score"]
    for name, style in _STYLES.items():
        at = {score: run.metrics[f"{name}@score{score:g}"].value for score in switches["sweep"] or ()}
        scores, values = zip(*sorted({**at, least: run.metrics[name].value}.items()), strict=True)
        own = {"color": line.get_color(), "label": f"{label}: {name}"}
        left.plot(scores, values, style, marker="o", markersize=4, **own)
