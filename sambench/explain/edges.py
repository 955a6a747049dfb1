"""Why a run's edges are wrong: misses and false alarms of each kind of pixel, at the run's own best threshold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sambench.errors import UsageError
from sambench.explain.change import compared_draws
from sambench.explain.images import loaded, of_each_image
from sambench.explain.summary import Estimate
from sambench.metrics.bootstrap import bootstrap_intervals, weighted_sums
from sambench.metrics.boundary.counts import thin
from sambench.metrics.boundary.inputs import boundaries_from_segs, strength_from_image
from sambench.metrics.boundary.pixel_errors import GROUPS, pixel_errors
from sambench.metrics.boundary.scores import counts_of_rows, levels_of, recall_precision_f
from sambench.metrics.paired import Comparison
from sambench.pages.report.choice import open_again, stored_predictions
from sambench.predictions.edge_maps import EdgePrediction
from sambench.runs.run import Run
from sambench.tasks.edges import EdgesTask
from sambench.types import Sample


@dataclass(frozen=True)
class EdgeGroup:
    """Boundary pixels of one kind.

    Attributes:
        by, name: A property of `GROUPS`, "all" first, and its group.
        misses, false_alarms: Numbers of pixels, misses summed over annotators.
        recall, precision: Of the group's pixels; NaN where there are none.
    """

    by: str
    name: str
    misses: int
    false_alarms: int
    recall: Estimate
    precision: Estimate


@dataclass(frozen=True)
class EdgeErrors:
    """The boundary pixels of a run.

    Attributes:
        run: The run.
        task: Its task.
        threshold: The number of the threshold, or segmentation, of the best F over all images; and its text.
        counts: Image -> property -> (groups, 4) counts (`sambench.metrics.boundary.pixel_errors`).
        notes: What cannot be told.
        maps: Gives one image again with its binary map at the threshold.
    """

    run: Run
    task: EdgesTask
    threshold: tuple[int, str]
    counts: Mapping[str, Mapping[str, np.ndarray]] = field(repr=False)
    notes: Sequence[str]
    maps: Callable[[str], tuple[Sample, np.ndarray]] = field(repr=False)


def explain_edges(run: Run, images: bool = True) -> EdgeErrors:
    """Match a run's stored edge maps again at the threshold of its ODS.

    Args:
        run: A finished run of task edges.
        images: Whether images are read, for contrast.

    Raises:
        RunError: It kept no predictions.
    """
    task, dataset = open_again(run)
    if not isinstance(task, EdgesTask):
        raise UsageError(f"the run is of task {task.name}", where=run.location, mend="give a run of task edges")
    reader = stored_predictions(run, task, dataset)
    rows = run.rows()
    at = int(recall_precision_f(counts_of_rows(rows).sum(axis=0))[2].argmax())
    operating_point = f"segmentation {at + 1}"
    if rows[0]["levels"] == "thresholds":
        operating_point = f"threshold {levels_of(task.thresholds)[at]:.2f}"

    def maps(key: str, pixels: bool = True) -> tuple[Sample, np.ndarray]:
        sample = loaded(dataset, key, pixels)
        return sample, binary_map(task, reader.read(sample), at)

    def count(key: str) -> dict[str, np.ndarray]:
        sample, predicted = maps(key, images)
        pixels = sample.image if sample.has_pixels else None
        return pixel_errors(predicted, sample.target.boundaries, task.max_dist, pixels)

    counts = of_each_image(run, dataset, count)
    missing = any("contrast" not in one for one in counts.values())
    notes = ["the images were not read, so that contrast is not told"] if missing else []
    return EdgeErrors(run, task, (at, operating_point), counts, notes, maps)


def binary_map(task: EdgesTask, prediction: EdgePrediction, at: int) -> np.ndarray:
    """Return the (H, W) bool map that the benchmark matches at a threshold, or segmentation, by its number."""
    if isinstance(prediction, list):
        boundary = boundaries_from_segs(prediction)[at] > 0
    else:
        level = max(float(levels_of(task.thresholds)[at]), float(np.finfo(np.float64).eps))
        boundary = strength_from_image(prediction) >= level
    return thin(boundary) if task.thin else boundary


def edge_groups(errors: EdgeErrors, seed: int = 0) -> list[EdgeGroup]:
    """Return recall and precision of each kind of pixel, all pixels first, with intervals over images."""
    names = _names(errors)
    draw = _draws(errors, list(errors.counts))
    values = draw(np.ones((1, len(errors.counts)), np.int64))
    ends = bootstrap_intervals(draw, [""] * len(errors.counts), seed=seed)
    properties = dict.fromkeys(by for by, _ in names)
    sums = {by: np.sum([one[by] for one in errors.counts.values()], axis=0) for by in properties}
    groups = []
    for by, name in names:
        hit, true, right, predicted = sums[by][_groups(by).index(name)].tolist()
        own = [Estimate(float(values[key][0]), ends[key]) for key in _keys(by, name)]
        groups.append(EdgeGroup(by, name, true - hit, predicted - right, *own))
    return groups


def edge_changes(errors: EdgeErrors, other: EdgeErrors, seed: int = 0) -> dict[str, Comparison]:
    """Hold recall and precision of each kind of pixel against another run's, on the images that both have.

    Raises:
        UsageError: No image is common.
    """
    ids = [key for key in errors.counts if key in other.counts]
    if not ids:
        raise UsageError("the runs have no image in common", where="against", mend="give runs of the same data")
    known = [key for by, name in _names(errors) for key in _keys(by, name) if (by, name) in _names(other)]
    comparisons = compared_draws(
        _draws(other, ids), _draws(errors, ids), [""] * len(ids), dict.fromkeys(known, True), seed
    )
    return {name: one for name, one in comparisons.items() if one.difference == one.difference}


def worst_edges(errors: EdgeErrors, count: int) -> list[str]:
    """Return the images of the lowest F at the run's threshold, the worst first."""
    f = {key: float(recall_precision_f(one["all"][0])[2]) for key, one in errors.counts.items()}
    return sorted(f, key=lambda key: (f[key], key))[:count]


def _names(errors: EdgeErrors) -> list[tuple[str, str]]:
    there = set.intersection(*(set(one) for one in errors.counts.values()))
    return [("all", "all"), *((by, name) for by, names in GROUPS.items() if by in there for name in names)]


def _groups(by: str) -> tuple[str, ...]:
    return GROUPS.get(by, ("all",))


def _keys(by: str, name: str) -> tuple[str, str]:
    suffix = "" if by == "all" else f", {by} {name}"
    return f"recall{suffix}", f"precision{suffix}"


def _draws(errors: EdgeErrors, ids: Sequence[str]) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Return what gives recall and precision of each group in (B, N) resamples of the images named."""
    names = _names(errors)
    flat = [np.concatenate([errors.counts[key][by][_groups(by).index(name)] for by, name in names]) for key in ids]

    def draw(weights: np.ndarray) -> dict[str, np.ndarray]:
        sums = weighted_sums(weights, np.stack(flat)).reshape(len(weights), len(names), 2, 2)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = sums[..., 0] / np.where(sums[..., 1] > 0, sums[..., 1], np.nan)
        return {
            key: shares[:, index, side]
            for index, (by, name) in enumerate(names)
            for side, key in enumerate(_keys(by, name))
        }

    return draw
