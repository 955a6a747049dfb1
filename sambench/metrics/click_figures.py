"""Means of clicked masks: over the masks of a data set, then over data sets, with intervals over resampled images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sambench.metrics.bootstrap import percentile_interval, resampling_weights, weighted_sums
from sambench.metrics.compact import expanded_clicks
from sambench.metrics.mask_scores import size_members
from sambench.types import Row


class Figure(NamedTuple):
    """A mean with its 95 % interval and the number of images it rests on."""

    value: float
    ci95: tuple[float, float]
    n: int


Replicated = dict[str, tuple[float, np.ndarray]]
"""Figure's name -> its value and (B,) values over resampled images."""


def click_figures(rows: Sequence[Row], seed: int = 0) -> tuple[dict[str, dict[str, Figure]], dict[str, Figure]]:
    """Average masks within each data set, and the data sets' means with equal weight.

    Figures are named after the number of clicks: mIoU@1 (mIoUs@1, mIoUm@1, mIoUl@1 by size), boundary_IoU@1, oracle@1
    (the best of the candidates for the first click) and ranking_share@1: of all that the first click's mean IoU lacks
    to 1, the share that choosing the best candidate would have won, (oracle - mIoU) / (1 - mIoU).

    Args:
        rows: One a mask and number of clicks: `sample_id`, `dataset`, `clicks`, `area`, `iou`, `boundary_iou`,
            `oracle_iou` (None where there were no candidates).
        seed: Of the bootstrap; data sets are resampled independently.

    Returns:
        Figures by data set, and their means over data sets (of those where they are defined).
    """
    names = [row["dataset"] for row in rows]
    replicated: dict[str, Replicated] = {}
    images: dict[str, int] = {}
    for number, name in enumerate(dict.fromkeys(names)):
        own = [row for row, dataset in zip(rows, names, strict=True) if dataset == name]
        replicated[name], images[name] = _replicated(own, seed + number)
    by_dataset = {
        name: {key: Figure(value, percentile_interval(draws), images[name]) for key, (value, draws) in found.items()}
        for name, found in replicated.items()
    }
    return by_dataset, _means(list(replicated.values()), sum(images.values()))


def click_replicates(rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the figures over resampled images: of one data set by name, else the means and "DATASET mIoU@1" of each.

    Args:
        rows: As `click_figures` takes them, or as `sambench.metrics.compact` left them.
        sample_ids: N images.
        weights: (B, N) how often each resample holds each image.

    Returns:
        (B,) float64 by figure.
    """
    rows = expanded_clicks(rows)
    place = {key: index for index, key in enumerate(sample_ids)}
    found: dict[str, Replicated] = {}
    for name in dict.fromkeys(row["dataset"] for row in rows):
        own = [row for row in rows if row["dataset"] == name]
        found[name] = _averaged(
            own, {key: place[key] for key in dict.fromkeys(row["sample_id"] for row in own)}, weights
        )
    if len(found) == 1:
        return {key: draws for key, (_, draws) in next(iter(found.values())).items()}
    singles = {f"{name} {key}": draws for name, own in sorted(found.items()) for key, (_, draws) in own.items()}
    headline = {key: draws for key, draws in singles.items() if key.split(" ", 1)[1].startswith(("mIoU@", "oracle@"))}
    return {key: draws for key, (_, draws) in _mean_draws(list(found.values())).items()} | headline


def _replicated(rows: Sequence[Row], seed: int) -> tuple[Replicated, int]:
    """Average the masks of one data set; also over (B,) resamples of its images. Returns the number of images too."""
    keys = dict.fromkeys(row["sample_id"] for row in rows)
    return _averaged(rows, {key: i for i, key in enumerate(keys)}, resampling_weights(len(keys), seed=seed)), len(keys)


def _averaged(rows: Sequence[Row], places: Mapping[str, int], weights: np.ndarray) -> Replicated:
    """Average the masks of one data set, whose images are the columns `places` of (B, N) weights."""
    keys = {key: index for index, key in enumerate(places)}
    image = np.array([keys[row["sample_id"]] for row in rows])
    columns = _columns(rows)
    sums = np.stack([np.bincount(image, np.where(kept, values, 0), len(keys)) for kept, values in columns.values()], 1)
    counts = np.stack([np.bincount(image, kept, len(keys)) for kept, _ in columns.values()], 1)
    spread = np.zeros((weights.shape[1], 2 * len(columns)))
    spread[list(places.values())] = np.concatenate([sums, counts], axis=1)
    drawn = weighted_sums(weights, spread)
    with np.errstate(invalid="ignore"):
        values, draws = sums.sum(axis=0) / counts.sum(axis=0), drawn[:, : len(columns)] / drawn[:, len(columns) :]
    found = {name: (float(values[k]), draws[:, k]) for k, name in enumerate(columns)}
    return _with_share(found)


def _columns(rows: Sequence[Row]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return for each figure which of the (R,) rows it averages, and their values."""
    clicks = np.array([row["clicks"] for row in rows])
    sizes = size_members(np.array([row["area"] for row in rows], np.float64))
    iou = np.array([row["iou"] for row in rows], np.float64)
    boundary, oracle = (
        np.array([np.nan if row.get(name) is None else row[name] for row in rows], np.float64)
        for name in ("boundary_iou", "oracle_iou")
    )
    columns: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for count in np.unique(clicks).tolist():
        after = clicks == count
        columns |= {f"mIoU{size}@{count}": (after & members, iou) for size, members in sizes.items()}
        if not np.isnan(boundary).all():  # a compact row has none
            columns[f"boundary_IoU@{count}"] = (after, boundary)
    if not np.isnan(oracle).all():
        columns["oracle@1"] = (~np.isnan(oracle), oracle)
    return columns


def _with_share(found: Replicated) -> Replicated:
    """Add the share of what is lacking that ranking loses, from the means it is made of."""
    if "oracle@1" not in found or "mIoU@1" not in found:
        return found
    (oracle, oracle_draws), (mean, mean_draws) = found["oracle@1"], found["mIoU@1"]
    with np.errstate(invalid="ignore", divide="ignore"):
        draws = (oracle_draws - mean_draws) / np.where(mean_draws < 1, 1 - mean_draws, np.nan)
    return {**found, "ranking_share@1": ((oracle - mean) / (1 - mean) if mean < 1 else float("nan"), draws)}


def _means(datasets: list[Replicated], images: int) -> dict[str, Figure]:
    """Average the figures of data sets, with intervals."""
    return {
        name: Figure(float(value), percentile_interval(draws), images)
        for name, (value, draws) in _mean_draws(datasets).items()
    }


def _mean_draws(datasets: list[Replicated]) -> Replicated:
    """Average the figures of data sets, value by value and resample by resample."""
    means: Replicated = {}
    for name in dict.fromkeys(key for found in datasets for key in found if key != "ranking_share@1"):
        parts = [found[name] for found in datasets if name in found]
        values = np.array([value for value, _ in parts])
        draws = np.stack([own for _, own in parts])
        means[name] = (_nanmean(values[:, None])[0], _nanmean(draws))
    return _with_share(means)


def _nanmean(values: np.ndarray) -> np.ndarray:
    """Average (D, B) over the D values that are defined; NaN where none is."""
    defined = ~np.isnan(values)
    counts = defined.sum(axis=0)
    return np.where(defined, values, 0).sum(axis=0) / np.where(counts > 0, counts, np.nan)
