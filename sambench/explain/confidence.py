"""How far the run's own estimates of its masks can be believed, over the objects that are explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sambench.drawing.figures.confidence import draw_confidence
from sambench.explain.summary import Estimate, images_of
from sambench.metrics.bootstrap import bootstrap_intervals
from sambench.metrics.calibration import Bin, calibration_draws, reliability, risk_by_coverage
from sambench.pages.report.figures import svg_uri

FIGURES = {
    "ECE": "how far confidence is from the IoU, the mean over ten bins of confidence",
    "rank": "whether the more confident mask is the better one: Spearman's correlation",
    "AURC": "what masks lack to an IoU of 1, the mean over all shares of them that are kept, the most confident first",
}
"""Figure -> what it is."""


CONFIDENCES = {
    "confidence": "confidence",
    "predicted_iou": "predicted IoU",
    "stability_score": "stability score",
}
"""Column of an object's estimates -> what it is called."""


@dataclass(frozen=True)
class Confidence:
    """Confidence against IoU.

    Attributes:
        figures: `FIGURES` with intervals over images.
        bins: The reliability diagram.
        risk: Shares of masks that are kept, the most confident first, and what those lack to an IoU of 1.
        objects: How many have a mask with a confidence.
        unrated: How many have none.
    """

    figures: Mapping[str, Estimate]
    bins: Sequence[Bin]
    risk: tuple[np.ndarray, np.ndarray]
    objects: int
    unrated: int

    def drawn(self, folder: Path, name: str) -> str:
        """Draw both diagrams of an estimate of this name; returns an SVG as a data URI."""
        return svg_uri(draw_confidence(self.bins, self.risk, folder, name))


def confidences_of(frame: pd.DataFrame, seed: int = 0) -> dict[str, Confidence]:
    """Hold all that is said of masks against their IoU: `CONFIDENCES` -> what is found, without what is not known."""
    confidences = {about: confidence_of(frame, seed, column) for column, about in CONFIDENCES.items()}
    return {about: one for about, one in confidences.items() if one is not None}


def confidence_of(frame: pd.DataFrame, seed: int = 0, column: str = "confidence") -> Confidence | None:
    """Hold confidence against IoU.

    Args:
        frame: As `sambench.explain.objects.Objects` has it.
        column: Of the frame, one of `CONFIDENCES`.
        seed: Of the bootstrap over images.

    Returns:
        None where no two masks differ in confidence, as of boxes of the truth that carry the score 1.
    """
    known = frame[frame[column].notna()]
    if known[column].nunique() < 2:
        return None
    confidence, quality = (known[name].to_numpy(np.float64) for name in (column, "iou"))
    image, strata = images_of(known)

    def draws(weights: np.ndarray) -> dict[str, np.ndarray]:
        return calibration_draws(confidence, quality, image, weights)

    ends = bootstrap_intervals(draws, strata, seed=seed, bounds={"rank": (-1.0, 1.0)})
    whole = draws(np.ones((1, len(strata)), np.int64))
    figures = {name: Estimate(float(whole[name][0]), ends[name]) for name in FIGURES}
    risk = risk_by_coverage(confidence, quality)
    return Confidence(figures, reliability(confidence, quality), risk, len(known), len(frame) - len(known))
