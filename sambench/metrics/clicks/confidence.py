"""How far the estimates of clicked masks can be believed, over resampled images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.metrics.calibration import calibration_draws
from sambench.types import Row


def click_calibration(rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Hold predicted IoU against IoU at each number of clicks.

    Args:
        rows: One a mask and number of clicks: `sample_id`, `dataset`, `clicks`, `iou`, `predicted_iou`.
        sample_ids: N images.
        weights: (B, N) how often each resample holds each image.

    Returns:
        "ECE@1", "rank@1", "AURC@1" and so on (`sambench.metrics.calibration`) -> (B,) float64; of several data sets the
        mean over those where it is defined. Numbers of clicks at which a mask has no estimate are not told, and nothing
        of rows of a frozen baseline, which keep none.
    """
    if any("iou" not in row for row in rows):  # those of a frozen baseline
        return {}
    index_of = {key: index for index, key in enumerate(sample_ids)}
    by_figure: dict[str, list[np.ndarray]] = {}
    for count in sorted({row["clicks"] for row in rows}):
        after = [row for row in rows if row["clicks"] == count]
        if any(row.get("predicted_iou") is None for row in after):
            continue
        for dataset in dict.fromkeys(row["dataset"] for row in after):
            own = [row for row in after if row["dataset"] == dataset]
            confidence, quality = (
                np.array([row[name] for row in own], np.float64) for name in ("predicted_iou", "iou")
            )
            image = np.array([index_of[row["sample_id"]] for row in own])
            for name, drawn in calibration_draws(confidence, quality, image, weights).items():
                by_figure.setdefault(f"{name}@{count}", []).append(drawn)
    return {name: _mean(np.stack(own)) for name, own in by_figure.items()}


def _mean(values: np.ndarray) -> np.ndarray:
    """Average (D, B) over the D values that are defined; NaN where none is."""
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    mean: np.ndarray = np.where(known, values, 0).sum(axis=0) / np.where(counts > 0, counts, np.nan)
    return mean
