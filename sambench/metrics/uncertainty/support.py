"""How many images carry a metric: what a verdict rests on, however many images were scored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sambench.metrics.uncertainty.jackknife import Replicates, left_out
from sambench.types import Metric

BLOCKS = 128
"""Groups of images that are left out at once, where there are more images than this."""


@dataclass(frozen=True)
class Support:
    """How many images carry a metric of one run.

    Attributes:
        images: Of all images.
        strata: Stratum -> how many of its images; empty where the images are of one stratum.
    """

    images: int
    strata: Mapping[str, int] = field(default_factory=dict)


def run_support(replicates: Replicates, strata: Sequence[str]) -> dict[str, Support]:
    """Count the images that carry each metric of a single run, in all and in each stratum.

    Args:
        replicates: Computes the metrics of weighted images, as `Task.replicates` of one run's rows.
        strata: Stratum of each of N images, in the order of the weights' columns (`Task.strata`).

    Returns:
        Metric, as `replicates` names it -> `Support`. What carries a metric is told at `carriers`.
    """
    names, several = np.array(strata), len(set(strata)) > 1
    return {
        metric: Support(
            int(own.sum()), {name: int(own[names == name].sum()) for name in dict.fromkeys(strata)} if several else {}
        )
        for metric, own in carriers(replicates, len(strata)).items()
    }


def with_support(metrics: Mapping[str, Metric], supports: Mapping[str, Support]) -> dict[str, Metric]:
    """Return metrics that know how many images carry them; those that know already, or are not found, as they are.

    Args:
        metrics: Metric, perhaps with a note on its data, as "mIoU@1 (SA-23)" -> what was measured.
        supports: Metric without such a note -> its support.
    """
    by_metric = {name: supports.get(name) or supports.get(plain_name(name)) for name in metrics}
    return {
        name: metric
        if metric.support is not None or (own := by_metric[name]) is None
        else replace(metric, support=own.images, strata=dict(own.strata))
        for name, metric in metrics.items()
    }


def plain_name(name: str) -> str:
    """Return a metric's name without the note on its data, as in "mIoU@1 (SA-23)"."""
    return re.sub(r" \(.*\)$", "", name)


def support(replicates: Replicates, n: int) -> dict[str, int]:
    """Count the images that carry each metric (`carriers`).

    Args:
        replicates: Computes the metrics of weighted images.
        n: Number N of images.

    Example:
        >>> values = np.array([0.5, np.nan, 0.5, 0.5])
        >>> def mean(weights):
        ...     kept = weights * ~np.isnan(values)
        ...     with np.errstate(invalid="ignore"):
        ...         return {"mean": kept @ np.nan_to_num(values) / kept.sum(axis=1)}
        >>> support(mean, 4)
        {'mean': 3}
    """
    return {name: int(own.sum()) for name, own in carriers(replicates, n).items()}


def carriers(replicates: Replicates, n: int) -> dict[str, np.ndarray]:
    """Tell which images carry each metric.

    An image carries a metric that is defined on it alone, or that changes where it is left out (Tukey's jackknife). Of
    more than `BLOCKS` images, groups are looked at first, and only groups that carry are looked into, unless all do:
    then all their images are taken to.

    Args:
        replicates: Computes the metrics of weighted images.
        n: Number N of images.

    Returns:
        Metric -> (N,) bool. A metric that no image changes and none has alone, as one whose every stratum is constant,
        is carried by all; one that is undefined by none.
    """
    groups = np.array_split(np.arange(n), min(n, BLOCKS))
    whole, _, carrying = left_out(replicates, groups, n)
    carried = {name: np.zeros(n, bool) for name in whole}
    within = {name: own for name, own in carrying.items() if len(groups) < n and not own.all()}
    for name, own in carrying.items():
        if name not in within:
            carried[name][_members(groups, own)] = True
    inside = np.unique(np.concatenate([_members(groups, own) for own in within.values()])) if within else np.empty(0)
    for start in range(0, len(inside), BLOCKS):
        images = inside[start : start + BLOCKS]
        single = left_out(replicates, [np.array([image]) for image in images], n)[2]
        for name in within:
            carried[name][images] = single[name]
    for name, own in carried.items():
        if not own.any() and whole[name] == whole[name]:
            own[:] = True
    return carried


def _members(groups: Sequence[np.ndarray], chosen: np.ndarray) -> np.ndarray:
    """Return the images of the chosen groups."""
    kept = [group for group, one in zip(groups, chosen, strict=True) if one]
    return np.concatenate(kept) if kept else np.empty(0, np.int64)
