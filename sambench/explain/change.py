"""Which part of the loss changed between two runs, over the objects that both have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sambench.errors import UsageError
from sambench.explain.summary import FAMILIES, LOSS, images_of, means_of, with_loss
from sambench.metrics.bootstrap import REPLICATES, stratified_weights
from sambench.metrics.paired import Comparison, compare_paired
from sambench.metrics.uncertainty.jackknife import jackknife
from sambench.metrics.uncertainty.spread import spreads

Draws = Callable[[np.ndarray], dict[str, np.ndarray]]
"""(B, N) weights of images -> figures of each resample."""

_KEYS = ["dataset", "sample_id", "object"]


@dataclass(frozen=True)
class Change:
    """What two runs lose on the same objects.

    Attributes:
        parts: `LOSS`, each part and each of `FAMILIES` -> both means and their difference, with intervals that hold
            together with a chance of .95.
        objects, images: How many both have.
        left_out: Objects of each run that the other lacks.
    """

    parts: Mapping[str, Comparison]
    objects: int
    images: int
    left_out: tuple[int, int]


def compare_objects(run: pd.DataFrame, other: pd.DataFrame, seed: int = 0) -> Change:
    """Hold two runs' losses against each other, part by part and object by object.

    Args:
        run: The objects of a run (`sambench.explain.objects.Objects.frame`).
        other: Those of the run that it is held against, of the same data.
        seed: Of the bootstrap over the images of common objects.

    Raises:
        UsageError: No object is common.
    """
    common = run[_KEYS].merge(other[_KEYS], on=_KEYS)
    if common.empty:
        raise UsageError("the runs have no object in common", where="against", mend="give runs of the same data")
    candidate, baseline = (common.merge(one, on=_KEYS, how="left") for one in (run, other))
    image, strata = images_of(candidate)
    draw = [means_of(_values(one), image, len(strata)) for one in (baseline, candidate)]
    directions = dict.fromkeys(_values(candidate).columns, False)
    comparisons = compared_draws(draw[0], draw[1], strata, directions, seed)
    return Change(comparisons, len(common), len(strata), (len(run) - len(common), len(other) - len(common)))


def compared_draws(
    baseline: Draws, candidate: Draws, strata: Sequence[str], higher_is_better: Mapping[str, bool], seed: int
) -> dict[str, Comparison]:
    """Compare figures of two runs over the same resamples of images.

    Args:
        baseline, candidate: Each gives the figures of (B, N) weights of the N images.
        strata: Data set of each image.
        higher_is_better: Figures that are compared -> their direction.
        seed: Of the bootstrap.
    """

    def both(weights: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        before, after = baseline(weights), candidate(weights)
        return {name: before[name] for name in higher_is_better}, {name: after[name] for name in higher_is_better}

    def fall(weights: np.ndarray) -> dict[str, np.ndarray]:
        before, after = both(weights)
        return {name: after[name] - before[name] for name in before}

    weights = stratified_weights(strata, REPLICATES, seed)
    before, after = (
        {name: float(own[0]) for name, own in one.items()} for one in both(np.ones((1, len(strata)), np.int64))
    )
    spread = spreads(jackknife(fall, strata), weights)
    return compare_paired(before, after, *both(weights), higher_is_better, spread)


def change_verdict(change: Change) -> str:
    """Say in a sentence what changed, as far as simultaneous intervals allow."""
    loss = change.parts[LOSS]
    moved = [_change_text(name, change.parts[name]) for name in FAMILIES if is_sure(change.parts[name])]
    if not moved:
        return f"No part of the loss can be told to have changed; the loss went by {loss.difference:+.3f}."
    whole = f"the loss went by {loss.difference:+.3f}" + ("" if is_sure(loss) else ", which may be chance")
    return f"What changed is in {' and in '.join(moved)}; {whole}."


def _values(frame: pd.DataFrame) -> pd.DataFrame:
    values = with_loss(frame)
    families = {name: values[list(parts)].sum(axis=1) for name, parts in FAMILIES.items()}
    return values.assign(**families)


def is_sure(one: Comparison) -> bool:
    """Tell whether a difference's interval leaves out 0."""
    return one.interval[0] > 0 or one.interval[1] < 0


def _change_text(name: str, one: Comparison) -> str:
    return f"{name} ({one.difference:+.3f}, [{one.interval[0]:+.3f}, {one.interval[1]:+.3f}])"
