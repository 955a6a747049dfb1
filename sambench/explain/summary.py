"""Means of the parts over objects and over groups of them, with intervals over images, and what they allow to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from sambench.metrics.anatomy.parts import PARTS
from sambench.metrics.bootstrap import bootstrap_intervals, weighted_sums
from sambench.metrics.groups import size_members
from sambench.runs.summary import number

FAMILIES = {
    "the choice among candidates": ("level_chosen", "ranking"),
    "masks of another nesting level": ("level_absent",),
    "boundaries": ("spill", "shortfall"),
    "missed parts, extra pieces and holes": ("missed", "extra", "holes"),
    "masks that run out into something else or are elsewhere": ("rest",),
}
"""Parts that are mended in one way, as the verdict names them."""

LOSS = "loss"
_SIZES = {"s": "small", "m": "medium", "l": "large"}
_THIRDS = ("thinness", "skeleton", "concavity", "contrast")


@dataclass(frozen=True)
class Estimate:
    """A mean over objects with its 95 % interval over images; NaN ends where too few images carry it."""

    value: float
    ci95: tuple[float, float]


@dataclass(frozen=True)
class Group:
    """Objects of one kind.

    Attributes:
        by: What they are told apart by: "all", "size", "thinness", ...
        name: Which of them.
        objects, images: How many.
        means: `LOSS` and each part -> its mean.
    """

    by: str
    name: str
    objects: int
    images: int
    means: Mapping[str, Estimate]


def summarize(frame: pd.DataFrame, seed: int = 0) -> list[Group]:
    """Average the parts over all objects, and over those of each size, thinness, ...; the first group is all.

    Args:
        frame: As `sambench.explain.objects.Objects` has it.
        seed: Of the bootstrap; the images of each data set are resampled on their own.
    """
    members = {("all", "all"): np.ones(len(frame), bool), **groups_of(frame)}
    values = with_loss(frame)
    image, strata = images_of(frame)
    tables = {key: _sums(values[kept], image[kept], len(strata)) for key, kept in members.items()}
    names = [(*key, str(part)) for key in tables for part in values.columns]
    draws = partial(_means, list(tables), list(values.columns), np.concatenate(list(tables.values()), axis=1))
    whole = draws(np.ones((1, len(strata)), np.int64))
    ends = bootstrap_intervals(draws, strata, seed=seed)
    estimates = {name: Estimate(float(whole["/".join(name)][0]), ends["/".join(name)]) for name in names}
    return [
        Group(
            *key,
            int(kept.sum()),
            len(np.unique(image[kept])),
            {str(part): estimates[(*key, str(part))] for part in values},
        )
        for key, kept in members.items()
    ]


def with_loss(frame: pd.DataFrame) -> pd.DataFrame:
    """Return 1 - IoU and its parts."""
    return pd.DataFrame({LOSS: 1 - frame["iou"], **{part: frame[part] for part in PARTS}})


def images_of(frame: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    """Return the (R,) number of each object's image, and the data set of each image."""
    image, keys = pd.factorize(pd.MultiIndex.from_frame(frame[["dataset", "sample_id"]]))
    return image, [str(key[0]) for key in keys]


def groups_of(frame: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """Say which objects are in which group: (kind of group, its name) -> (R,) bool, none empty."""
    groups = {("size", _SIZES[key]): kept for key, kept in size_members(frame["area"].to_numpy()).items() if key}
    for by in _THIRDS:
        values = frame[by].to_numpy(np.float64)
        known = values[~np.isnan(values)]
        if not len(known):
            continue
        low, high = np.quantile(known, (1 / 3, 2 / 3))
        groups[by, f"up to {low:.3g}"] = values <= low
        groups[by, f"to {high:.3g}"] = (values > low) & (values <= high)
        groups[by, f"above {high:.3g}"] = values > high
    border, around, pieces = (frame[name].to_numpy() for name in ("border", "neighbours", "pieces"))
    groups |= {("at the border", "no"): ~border, ("at the border", "yes"): border}
    groups |= {("neighbours", "none"): around == 0, ("neighbours", "1 or 2"): (around > 0) & (around < 3)}
    groups |= {
        ("neighbours", "3 or more"): around > 2,
        ("pieces", "1"): pieces == 1,
        ("pieces", "2 or more"): pieces > 1,
    }
    return {key: kept for key, kept in groups.items() if kept.any()}


def verdict(frame: pd.DataFrame, seed: int = 0) -> str:
    """Say in a sentence where the loss is, as far as intervals over images allow.

    A family of parts (`FAMILIES`) is named where the 95 % interval of its mean less that of each other family lies
    above 0; it is said to be most of the loss where that of its mean less all other parts does.
    """
    values = with_loss(frame)
    means = {name: values[list(parts)].sum(axis=1) for name, parts in FAMILIES.items()}
    first = max(means, key=lambda name: means[name].mean())
    others = {name: means[first] - own for name, own in means.items() if name != first}
    table = pd.DataFrame({**others, "most": 2 * means[first] - values[LOSS]})
    loss, share = float(values[LOSS].mean()), float(means[first].mean())
    if loss == 0:
        return "There is no loss: all masks are right."
    ends = mean_intervals(table, frame, seed)
    amount = f"{number(share)} of {number(loss)}"
    if any(not ends[name][0] > 0 for name in others):
        return f"No kind of error can be told to be the largest: {amount} is in {first}, but intervals overlap."
    if not ends["most"][0] > 0:
        return f"The largest part of the loss, though not surely the most of it, is in {first}: {amount}."
    if first == next(iter(FAMILIES)):
        return f"The loss is in {first}, not in masks: {amount}."
    return f"Most of the loss is in {first}: {amount}."


def mean_intervals(table: pd.DataFrame, frame: pd.DataFrame, seed: int) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of the mean of each column over objects; their images are resampled."""
    image, strata = images_of(frame)
    bounds = {str(name): (-1.0, 1.0) for name in table}
    return bootstrap_intervals(means_of(table, image, len(strata)), strata, seed=seed, bounds=bounds)


def means_of(values: pd.DataFrame, image: np.ndarray, images: int) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Return what gives the mean over objects of each column in (B, N) resamples of N images."""
    table = _sums(values, image, images)

    def draw(weights: np.ndarray) -> dict[str, np.ndarray]:
        means = _means([("", "")], list(values.columns), table, weights)
        return {name.removeprefix("//"): own for name, own in means.items()}

    return draw


def _sums(values: pd.DataFrame, image: np.ndarray, images: int) -> np.ndarray:
    """Return (N, K + 1): an image's sums of K columns, and its number of objects."""
    sums = [np.bincount(image, values[name], images) for name in values]
    return np.stack([*sums, np.bincount(image, minlength=images)], axis=1)


def _means(
    keys: list[tuple[str, str]], parts: list[str], table: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the mean of each group's parts in (B, N) resamples."""
    drawn = weighted_sums(weights, table).reshape(len(weights), len(keys), len(parts) + 1)
    with np.errstate(invalid="ignore"):
        means = drawn[..., :-1] / np.where(drawn[..., -1:] > 0, drawn[..., -1:], np.nan)
    return {
        "/".join((*key, part)): means[:, index, at] for index, key in enumerate(keys) for at, part in enumerate(parts)
    }
