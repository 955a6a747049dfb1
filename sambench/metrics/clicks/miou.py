"""Means of clicked masks: over the masks of a data set, then over data sets, with intervals over resampled images."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from sambench.metrics.baseline_rows import compact_clicks, expanded_clicks
from sambench.metrics.bootstrap import Resampling, bootstrap_intervals, weighted_sums
from sambench.metrics.clicks.confidence import click_calibration
from sambench.metrics.clicks.noc import Columns, Counting, is_count, noc_columns
from sambench.metrics.groups import size_members
from sambench.types import Row


class MeanIou(NamedTuple):
    """A mean with its 95 % interval and the number of images it rests on."""

    value: float
    ci95: tuple[float, float]
    n: int


Draws = dict[str, np.ndarray]
"""Figure's name -> (B,) values over resampled images."""

HEADLINES = ("mIoU@", "oracle@", "NoC")
"""Beginnings of the names of figures that are given for each data set where there are several."""

Averages = Callable[[np.ndarray], Draws]
"""(B, N) weights of images -> the figures' values."""


def click_figures(
    rows: Sequence[Row], seed: int = 0, counting: Counting | None = None
) -> tuple[dict[str, dict[str, MeanIou]], dict[str, MeanIou]]:
    """Average masks within each data set, and the data sets' means with equal weight.

    Figures are named after the number of clicks: mIoU@1 (mIoUs@1, mIoUm@1, mIoUl@1 by size), boundary_IoU@1, oracle@1
    (the best of the candidates for the first click) and ranking_share@1: of all that the first click's mean IoU lacks
    to 1, the share that choosing the best candidate would have won, (oracle - mIoU) / (1 - mIoU). Where clicks are
    counted, NoC@90, NoF@90 and unreached@90 of each threshold (`sambench.metrics.clicks.noc`) and mIoU@1 and so on of
    all sizes together.

    Args:
        rows: One a mask and number of clicks: `sample_id`, `dataset`, `clicks`, `area`, `iou`, `boundary_iou`,
            `oracle_iou` (None where there were no candidates); `object` where clicks are counted.
        seed: Of the bootstrap; data sets are resampled independently.
        counting: What is told of counted clicks, or None where they are not counted.

    Returns:
        Figures by data set, and their means over data sets (of those where they are defined; numbers of objects have
        none).
    """
    names = [row["dataset"] for row in rows]
    averages: dict[str, Averages] = {}
    images: dict[str, int] = {}
    by_dataset = {}
    for number, name in enumerate(dict.fromkeys(names)):
        own = [row for row, dataset in zip(rows, names, strict=True) if dataset == name]
        keys = list(dict.fromkeys(row["sample_id"] for row in own))
        averages[name], images[name] = _averages(own, keys, counting), len(keys)
        by_dataset[name] = _figures(averages[name], [""] * len(keys), seed + number)
    strata = [name for name, count in images.items() for _ in range(count)]
    return by_dataset, _figures(partial(_means, averages, images), strata, seed)


def click_replicates(
    rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray, counting: Counting | None = None
) -> dict[str, np.ndarray]:
    """Return the figures over resampled images: of one data set by name, else the means and "DATASET mIoU@1" of each.

    Args:
        rows: As `click_figures` takes them, or as `sambench.metrics.baseline_rows` left them.
        sample_ids: N images.
        weights: (B, N) how often each resample holds each image.
        counting: As for `click_figures`.

    Returns:
        (B,) float64 by figure.
    """
    rows = expanded_clicks(rows)
    index_of = {key: index for index, key in enumerate(sample_ids)}
    by_dataset: dict[str, Draws] = {}
    for name in dict.fromkeys(row["dataset"] for row in rows):
        own = [row for row in rows if row["dataset"] == name]
        keys = list(dict.fromkeys(row["sample_id"] for row in own))
        by_dataset[name] = _averages(own, keys, counting)(weights[:, [index_of[key] for key in keys]])
    if len(by_dataset) == 1:
        return next(iter(by_dataset.values()))
    singles = {f"{name} {key}": draws for name, own in sorted(by_dataset.items()) for key, draws in own.items()}
    headline = {key: draws for key, draws in singles.items() if key.split(" ", 1)[1].startswith(HEADLINES)}
    return _mean_draws(list(by_dataset.values())) | headline


def _figures(averages: Averages, strata: Sequence[str], seed: int) -> dict[str, MeanIou]:
    """Return figures with their intervals; `strata` names that of each image."""
    values = averages(np.ones((1, len(strata)), np.int64))
    bounds = {name: (0.0, math.inf) for name in values if name.startswith("NoC") or is_count(name)}
    ends = bootstrap_intervals(averages, strata, seed=seed, bounds=bounds)
    return {name: MeanIou(float(own[0]), ends[name], len(strata)) for name, own in values.items()}


def _averages(rows: Sequence[Row], keys: Sequence[str], counting: Counting | None) -> Averages:
    """Return what averages the masks of one data set over (B, N) weights of its N images, named by `keys`."""
    index_of = {key: index for index, key in enumerate(keys)}
    image = np.array([index_of[row["sample_id"]] for row in rows])
    columns = _columns(rows, counting)
    sums = [np.bincount(image, np.where(kept, values, 0), len(keys)) for kept, values in columns.values()]
    counts = [np.bincount(image, kept, len(keys)) for kept, _ in columns.values()]
    return partial(_averaged, list(columns), np.stack(sums + counts, axis=1))


def _averaged(names: Sequence[str], table: np.ndarray, weights: np.ndarray) -> Draws:
    drawn = weighted_sums(weights, table)
    with np.errstate(invalid="ignore"):
        draws = drawn[:, : len(names)] / np.where([is_count(name) for name in names], 1, drawn[:, len(names) :])
    return _with_share(dict(zip(names, draws.T, strict=True)))


def _columns(rows: Sequence[Row], counting: Counting | None) -> Columns:
    """Return for each figure which of the (R,) rows it averages, and their values."""
    clicks = np.array([row["clicks"] for row in rows])
    iou = np.array([row["iou"] for row in rows], np.float64)
    boundary, oracle = (
        np.array([np.nan if row.get(name) is None else row[name] for row in rows], np.float64)
        for name in ("boundary_iou", "oracle_iou")
    )
    counts = np.unique(clicks).tolist()
    if counting is None:
        columns, sizes = Columns(), size_members(np.array([row["area"] for row in rows], np.float64))
    else:
        columns, sizes = noc_columns(rows, counting.thresholds), {"": np.ones(len(rows), bool)}
        counts = [count for count in counts if count == 1 or not counting.stopped]
    for count in counts:
        after = clicks == count
        columns |= {f"mIoU{size}@{count}": (after & members, iou) for size, members in sizes.items()}
        if not np.isnan(boundary).all():  # a compact row has none
            columns[f"boundary_IoU@{count}"] = (after, boundary)
    if not np.isnan(oracle).all():
        columns["oracle@1"] = (~np.isnan(oracle), oracle)
    return columns


def _with_share(draws: Draws) -> Draws:
    """Add the share of what is lacking that ranking loses, from the means it is made of."""
    if "oracle@1" not in draws or "mIoU@1" not in draws:
        return draws
    oracle, mean = draws["oracle@1"], draws["mIoU@1"]
    with np.errstate(invalid="ignore", divide="ignore"):
        return {**draws, "ranking_share@1": (oracle - mean) / np.where(mean < 1, 1 - mean, np.nan)}


def _means(averages: Mapping[str, Averages], images: Mapping[str, int], weights: np.ndarray) -> Draws:
    """Average the figures of data sets, whose images follow each other in the columns of the weights."""
    parts = np.split(weights, np.cumsum(list(images.values()))[:-1], axis=1)
    return _mean_draws([average(own) for average, own in zip(averages.values(), parts, strict=True)])


def _mean_draws(datasets: Sequence[Draws]) -> Draws:
    """Average the figures of data sets, resample by resample."""
    names = dict.fromkeys(
        key for figures in datasets for key in figures if key != "ranking_share@1" and not is_count(key)
    )
    return _with_share({name: _nanmean(np.stack([own[name] for own in datasets if name in own])) for name in names})


def _nanmean(values: np.ndarray) -> np.ndarray:
    """Average (D, B) over the D values that are defined; NaN where none is."""
    defined = ~np.isnan(values)
    counts = defined.sum(axis=0)
    return np.where(defined, values, 0).sum(axis=0) / np.where(counts > 0, counts, np.nan)


class ClickResampling(Resampling):
    """A task whose rows are clicked masks, one a mask and number of clicks."""

    @property
    @abstractmethod
    def noc_at(self) -> tuple[float, ...] | None:
        """IoUs to which clicks are counted, or None where they are not."""

    @property
    @abstractmethod
    def target_iou(self) -> float | None:
        """From which IoU on an object is clicked on no more, or None."""

    @property
    def counting(self) -> Counting | None:
        """The figures of counted clicks (number of clicks)."""
        return None if self.noc_at is None else Counting(self.noc_at, self.target_iou is not None)

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Average anew over the masks of each resample's images."""
        return click_replicates(rows, sample_ids, weights, self.counting)

    def calibration(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Hold predicted IoU against IoU at each number of clicks."""
        return click_calibration(rows, sample_ids, weights)

    def strata(self, rows: Sequence[Row], sample_ids: Sequence[str]) -> list[str]:
        """Return the data set of each image: they are resampled one by one."""
        datasets = {row["sample_id"]: row["dataset"] for row in rows}
        return [datasets[key] for key in sample_ids]

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Round overlaps to 16 bits and keep sizes as ranges; boundary IoU is left out."""
        return compact_clicks(rows, self.noc_at or ())

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return the mean IoU of the image's objects at the fewest clicks; NaN without objects."""
        rows = expanded_clicks(rows)
        fewest = min((row["clicks"] for row in rows), default=0)
        ious = [row["iou"] for row in rows if row["clicks"] == fewest]
        return float(np.mean(ious)) if ious else float("nan")
