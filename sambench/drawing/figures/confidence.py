"""A reliability diagram beside the curve of risk and coverage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sambench.drawing.figures.parts import drawing, save_figure
from sambench.metrics.calibration import Bin


def draw_confidence(
    bins: Sequence[Bin], risk: tuple[np.ndarray, np.ndarray], folder: Path, name: str = "confidence"
) -> list[Path]:
    """Draw mean IoU against confidence, points in proportion to the masks they stand for, and risk against coverage.

    Args:
        bins: As `sambench.metrics.calibration.reliability` gives them.
        risk: As `risk_by_coverage` gives it.
        folder: Where `confidence.png` and `.svg` are written.
        name: What the estimate is called.

    Returns:
        The two files.
    """
    from matplotlib.figure import Figure

    confidence, quality, counts = (np.array(column) for column in zip(*bins, strict=True))
    with drawing():
        figure = Figure(figsize=(9.0, 4.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.set(xlabel=name, ylabel="IoU", xlim=(0, 1), ylim=(0, 1), aspect="equal")
        left.plot([0, 1], [0, 1], color="0.8", linewidth=0.8, zorder=0)
        (line,) = left.plot(confidence, quality, linewidth=1.2)
        left.scatter(confidence, quality, s=14 + 260 * counts / counts.sum(), color=line.get_color(), alpha=0.6)
        right.set(xlabel="share of masks kept, the most confident first", ylabel="what they lack to an IoU of 1")
        right.plot(*risk, linewidth=1.6)
        right.set(xlim=(0, 1), ylim=(0, None))
        return [save_figure(figure, folder / f"confidence.{ending}") for ending in ("png", "svg")]
