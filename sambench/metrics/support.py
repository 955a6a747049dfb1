"""How many images carry a metric: what a verdict rests on, however many images were scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Replicates = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""(B, N) weights of images -> metric -> (B,) values."""

BLOCKS = 128
"""Groups of images that are left out at once, where there are more images than this."""

_SAME = 1e-12


def support(replicates: Replicates, n: int) -> dict[str, int]:
    """Count the images that carry each metric.

    An image carries a metric that is defined on it alone, or that changes where it is left out (Tukey's jackknife). Of
    more than `BLOCKS` images, groups are looked at first, and only groups that carry are looked into, unless all do:
    then all their images are taken to.

    Args:
        replicates: Computes the metrics of weighted images.
        n: Number N of images.

    Returns:
        Metric -> number of images. A metric that no image changes and none has alone, as one whose every stratum is
        constant, is carried by all; one that is undefined by none.

    Example:
        >>> values = np.array([0.5, np.nan, 0.5, 0.5])
        >>> def mean(weights):
        ...     kept = weights * ~np.isnan(values)
        ...     with np.errstate(invalid="ignore"):
        ...         return {"mean": kept @ np.nan_to_num(values) / kept.sum(axis=1)}
        >>> support(mean, 4)
        {'mean': 3}
    """
    whole = {name: float(drawn[0]) for name, drawn in replicates(np.ones((1, n), np.int64)).items()}
    groups = np.array_split(np.arange(n), min(n, BLOCKS))
    carrying = _carrying(replicates, groups, n, whole)
    counts = {name: _all_if_none(int(sum(map(len, own))), whole[name], n) for name, own in _chosen(groups, carrying)}
    within = {name: own for name, own in carrying.items() if len(groups) < n and not own.all()}
    if within:
        inside = [group for _, own in _chosen(groups, within) for group in own]
        single = [np.array([image]) for image in (np.unique(np.concatenate(inside)) if inside else ())]
        counts |= dict.fromkeys(within, 0)
        for place in range(0, len(single), BLOCKS):
            found = _carrying(replicates, single[place : place + BLOCKS], n, whole)
            for name in within:
                counts[name] += int(found[name].sum())
        counts |= {name: _all_if_none(counts[name], whole[name], n) for name in within}
    return counts


def _carrying(
    replicates: Replicates, groups: list[np.ndarray], n: int, whole: Mapping[str, float]
) -> dict[str, np.ndarray]:
    """Tell for each metric which groups of images carry it: (groups,) bool."""
    alone = np.zeros((len(groups), n), np.int64)
    for place, group in enumerate(groups):
        alone[place, group] = 1
    without, only = replicates(1 - alone), replicates(alone)
    return {
        name: ~np.isnan(only[name])
        | ~((np.abs(without[name] - value) <= _SAME) | (np.isnan(without[name]) & (value != value)))
        for name, value in whole.items()
    }


def _chosen(groups: list[np.ndarray], carrying: Mapping[str, np.ndarray]) -> list[tuple[str, list[np.ndarray]]]:
    return [(name, [group for group, one in zip(groups, own, strict=True) if one]) for name, own in carrying.items()]


def _all_if_none(count: int, value: float, n: int) -> int:
    return count if count or value != value else n
