"""How IoU falls and scatters when prompts are moved: mean, spread and worst of K draws, averaged over objects."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from sambench.metrics.baseline_rows import identity_of
from sambench.metrics.bootstrap import Resampling, bootstrap_intervals, weighted_sums
from sambench.types import Row

FIGURES = ("mIoU", "drop", "spread", "worst", "box_IoU")
"""At each strength: mean IoU over draws; IoU of the prompt as it is less that; population standard deviation over
draws; worst draw; IoU of the moved boxes with the box. All are means over objects."""

SUMS = ("clean", "mean", "spread", "worst", "box")
"""Columns of an image's row, a list over strengths each: sums over its `objects`."""


def image_sums(rows: Sequence[Row]) -> list[Row]:
    """Return one row an image, of rows that are so already or one an object and strength.

    Args:
        rows: `sample_id`, `image_sha256`, `strength`, `clean_iou`, `ious` (a list over draws), `box_iou` (None for
            clicks).

    Returns:
        `strengths` and `objects`, a list over strengths each, and `SUMS`; clicks have no `box`.
    """
    by_image: dict[str, dict[float, np.ndarray]] = {}
    identities, done = {}, []
    for row in rows:
        if "objects" in row:
            done.append(row)
            continue
        identities[row["sample_id"]] = identity_of(row)
        ious = np.asarray(row["ious"], np.float64)
        box = np.nan if row["box_iou"] is None else row["box_iou"]
        own = np.array([1, row["clean_iou"], ious.mean(), ious.std(), ious.min(), box])
        sums = by_image.setdefault(row["sample_id"], {})
        sums[row["strength"]] = sums.get(row["strength"], 0) + own
    for key, sums in by_image.items():
        strengths = sorted(sums)
        columns = dict(
            zip(("objects", *SUMS), np.stack([sums[one] for one in strengths], axis=1).tolist(), strict=True)
        )
        if np.isnan(columns["box"]).any():
            del columns["box"]
        done.append({**identities[key], "strengths": strengths, **columns})
    return done


def noise_replicates(rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the figures of resamples of images.

    Args:
        rows: As `image_sums` takes them.
        sample_ids: N images; those without an object have no row.
        weights: (B, N) how often each resample holds each image.

    Returns:
        (B,) float64 by figure: mIoU@0 of the prompts as they are, then `FIGURES` by strength, as mIoU@1 and worst@0.5;
        NaN where a resample has no object.
    """
    index_of = {key: index for index, key in enumerate(sample_ids)}
    tables: dict[float, np.ndarray] = {}
    for row in image_sums(rows):
        boxes = row.get("box") or [np.nan] * len(row["strengths"])
        columns = zip(*(row[name] for name in ("objects", *SUMS[:-1])), boxes, strict=True)
        for strength, values in zip(row["strengths"], columns, strict=True):
            table = tables.setdefault(strength, np.zeros((len(sample_ids), len(SUMS) + 1)))
            table[index_of[row["sample_id"]]] = values
    by_name: dict[str, np.ndarray] = {}
    for strength in sorted(tables):
        sums = weighted_sums(weights, np.nan_to_num(tables[strength])).T
        clean, mean, spread, worst, box = sums[1:] / np.where(sums[0] > 0, sums[0], np.nan)
        by_name.setdefault("mIoU@0", clean)
        figures = dict(zip(FIGURES, (mean, clean - mean, spread, worst, box), strict=True))
        if np.isnan(tables[strength]).any():
            del figures["box_IoU"]
        by_name |= {f"{name}@{strength:g}": values for name, values in figures.items()}
    return by_name


def noise_figures(rows: Sequence[Row], seed: int) -> dict[str, tuple[float, tuple[float, float], int]]:
    """Return each figure with its 95 % interval over images, and the images that have an object.

    Args:
        rows: As `image_sums` takes them, at least one.
        seed: Of the bootstrap.
    """
    keys = list(dict.fromkeys(row["sample_id"] for row in rows))
    resample = partial(noise_replicates, image_sums(rows), keys)
    values = resample(np.ones((1, len(keys)), np.int64))
    bounds = {name: (-1.0, 1.0) for name in values if name.startswith("drop")}
    ends = bootstrap_intervals(resample, [""] * len(keys), seed=seed, bounds=bounds)
    return {name: (float(own[0]), ends[name], len(keys)) for name, own in values.items()}


class NoiseResampling(Resampling):
    """A task whose rows are objects with moved prompts, one an object and strength."""

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Average anew over the objects of each resample's images."""
        return noise_replicates(rows, sample_ids, weights)

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Keep sums over an image's objects."""
        return image_sums(rows)

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return the image's mean over objects of the worst draw at the least strength; NaN without objects."""
        (row,) = image_sums(rows) or [{"objects": [0]}]
        return float(row["worst"][0] / row["objects"][0]) if row["objects"][0] else float("nan")
