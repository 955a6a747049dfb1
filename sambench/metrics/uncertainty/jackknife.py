"""Leaving images out, one by one or in groups: how far each moves a metric, and which carry it at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Replicates = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""(B, N) weights of images -> metric -> (B,) values."""

GROUPS, LEAST = 128, 8
"""Groups that are left out where there are more images than that, and the least of them in a stratum."""

SPARSE = 30
"""Groups up to which those that carry a metric are looked into, image by image."""

_SAME = 1e-12


@dataclass(frozen=True)
class Jackknife:
    """What leaving out G groups of images does.

    Attributes:
        whole: Metric -> its value over all images.
        groups: G groups, each the places of its images, of one stratum.
        strata: (G,) number of each group's stratum.
        falls: Metric -> (G,) float64, by how much the value falls where a group is left out; 0 where that leaves none.
        carrying: Metric -> (G,) bool, whether the group carries the metric: it is defined on the group alone, or
            changes where the group is left out. Of a metric that nothing changes, all do.
    """

    whole: Mapping[str, float]
    groups: Sequence[np.ndarray]
    strata: np.ndarray
    falls: Mapping[str, np.ndarray]
    carrying: Mapping[str, np.ndarray]


def jackknife(replicates: Replicates, strata: Sequence[str]) -> Jackknife:
    """Leave out images one by one; where there are many, in groups, and one by one in the groups of sparse metrics.

    Args:
        replicates: Computes the metrics of weighted images.
        strata: Stratum of each of N images.
    """
    n, names = len(strata), np.array(strata)
    groups, numbers = [], []
    for number, name in enumerate(dict.fromkeys(strata)):
        inside = np.flatnonzero(names == name)
        parts = np.array_split(inside, min(len(inside), max(LEAST, GROUPS * len(inside) // n)))
        groups += parts
        numbers += [number] * len(parts)
    whole, falls, carrying = left_out(replicates, groups, n)
    sparse = [own for own in carrying.values() if own.sum() <= SPARSE]
    chosen = np.logical_or.reduce([np.zeros(len(groups), bool), *sparse]) & [len(group) > 1 for group in groups]
    single = [np.array([image]) for index in np.flatnonzero(chosen) for image in groups[index]]
    if single and len(single) <= 2 * GROUPS:
        again = left_out(replicates, single, n)[1:]
        falls, carrying = (
            {name: np.concatenate([one[name][~chosen], own]) for name, own in other.items()}
            for one, other in zip((falls, carrying), again, strict=True)
        )
        kept = np.flatnonzero(~chosen)
        inner = [numbers[index] for index in np.flatnonzero(chosen) for _ in groups[index]]
        groups, numbers = [groups[index] for index in kept] + single, [numbers[index] for index in kept] + inner
    for name, own in carrying.items():
        own |= not own.any() and whole[name] == whole[name]
    return Jackknife(whole, groups, np.array(numbers), falls, carrying)


def left_out(
    replicates: Replicates, groups: Sequence[np.ndarray], n: int
) -> tuple[dict[str, float], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Leave out groups of images, one group at a time.

    Args:
        replicates: Computes the metrics of weighted images.
        groups: The places of each group's images.
        n: Number N of images.

    Returns:
        Metric -> its value over all images; by how much it falls without each group, 0 where that leaves none; and
        which groups carry it: it is defined on them alone, or changes without them.
    """
    alone = np.zeros((len(groups), n), np.int64)
    for index, group in enumerate(groups):
        alone[index, group] = 1
    with np.errstate(invalid="ignore", divide="ignore"):  # of a single image nothing is left
        # One call for all: what a task lays out for its resamples (sorted detections) costs as much as many of them.
        figures = replicates(np.concatenate([np.ones((1, n), np.int64), 1 - alone]))
        whole = {name: float(own[0]) for name, own in figures.items()}
        falls = {name: whole[name] - np.asarray(own[1:], np.float64) for name, own in figures.items()}
    carrying = {
        name: ~((np.abs(own) <= _SAME) | (np.isnan(own) & (whole[name] != whole[name]))) for name, own in falls.items()
    }
    asked = np.flatnonzero(~np.logical_and.reduce(list(carrying.values())))
    if len(asked):
        for name, own in replicates(alone[asked]).items():
            carrying[name][asked] |= ~np.isnan(own)
    return whole, {name: np.nan_to_num(own) for name, own in falls.items()}, carrying
