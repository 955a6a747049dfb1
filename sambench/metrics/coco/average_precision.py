"""Average precision and recall over images, and over any resample of them, from one image's matches each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import sparse

from sambench.metrics.coco.matches import NEVER_COUNTED, InstanceMatches, default_limits
from sambench.metrics.coco.params import IOU_THRESHOLDS, RuleKind, frequency_of
from sambench.metrics.coco.precision_curve import LANES, Ranking, weighted_precision
from sambench.metrics.groups import AREA_RANGES, FREQUENCY_GROUPS, letter

Values = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Of one area range: (K, 10) average precision, (K, M, 10) recall, and (K,) bool whether a category has objects."""


def precision_figures(
    matches: Sequence[InstanceMatches],
    *,
    kind: RuleKind = "coco",
    max_dets: Sequence[int] | None = None,
    frequencies: Mapping[int, str] | None = None,
) -> dict[str, float]:
    """Return the figures of COCO's or LVIS's summary over images.

    Args:
        matches: One an image; images are taken in the order of their ids (`image_order`), as the official code does,
            which settles ties between images.
        kind: "coco" gives AP, AP50, AP75, APs, APm, APl at the last limit, AR@k for each limit k, and ARs@k, ARm@k,
            ARl@k at the last. "lvis" adds APr, APc, APf.
        max_dets: Limits k, ascending; the last should be the one the images were matched with. 1, 10, 100 for COCO and
            300 for LVIS if left out.
        frequencies: Category id to "r", "c" or "f"; LVIS needs it.

    Returns:
        Fractions by name; NaN where no category has an object.

    Raises:
        DatasetError: A category has no frequency.
    """
    replicates = precision_replicates(
        matches, np.ones((1, len(matches)), np.int64), kind=kind, max_dets=max_dets, frequencies=frequencies
    )
    return {name: float(values[0]) for name, values in replicates.items()}


def precision_replicates(
    matches: Sequence[InstanceMatches],
    weights: np.ndarray,
    *,
    kind: RuleKind = "coco",
    max_dets: Sequence[int] | None = None,
    frequencies: Mapping[int, str] | None = None,
) -> dict[str, np.ndarray]:
    """Return the figures of resamples of images, each exactly as if its images were the whole set.

    An image drawn twice counts as two images with ids next to each other.

    Args:
        matches: One each of N images.
        weights: (B, N) integer, how often each resample holds each image.
        kind, max_dets, frequencies: As in `precision_figures`.

    Returns:
        (B,) float64 by figure.
    """
    limits = list(default_limits(kind) if max_dets is None else max_dets)
    order = image_order([match.image_id for match in matches])
    totals = _Totals([matches[i] for i in order], np.array(limits, np.int64))
    marks = None
    if kind == "lvis":
        marks = np.array([frequency_of(category, frequencies or {}) for category in totals.categories], object)

    def figures(start: int) -> list[dict[str, float]]:
        drawn = weights[start : start + LANES]
        own = np.zeros((len(order), LANES))
        own[:, : len(drawn)] = drawn[:, order].T
        ranges = dict(zip(AREA_RANGES, totals.values(own), strict=True))
        lanes = [{area: tuple(one[lane] for one in values) for area, values in ranges.items()} for lane in range(LANES)]
        return [summary(values, limits, marks) for values in lanes[: len(drawn)]]

    with ThreadPoolExecutor(os.cpu_count()) as threads:  # the inner loop runs outside the interpreter's lock
        rows = [row for block in threads.map(figures, range(0, len(weights), LANES)) for row in block]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]} if rows else {}


def summary(values: Mapping[str, Values], limits: Sequence[int], marks: np.ndarray | None) -> dict[str, float]:
    """Average over categories that have objects.

    Args:
        values: By area range.
        limits: M limits.
        marks: (K,) frequency letters of the categories, or None without frequency groups (COCO).

    Returns:
        The figures by name, as in `precision_figures`.
    """
    precision, recall, present = values["all"]
    last = limits[-1]
    at = {round(float(threshold), 2): t for t, threshold in enumerate(IOU_THRESHOLDS)}
    figures = {
        "AP": _mean(precision[present]),
        "AP50": _mean(precision[present, at[0.5]]),
        "AP75": _mean(precision[present, at[0.75]]),
    }
    for name in ("small", "medium", "large"):
        figures[f"AP{letter(name)}"] = _mean(values[name][0][values[name][2]])
    if marks is not None:
        for name, mark in FREQUENCY_GROUPS.items():
            figures[f"AP{letter(name)}"] = _mean(precision[present & (marks == mark)])
    for m, limit in enumerate(limits):
        figures[f"AR@{limit}"] = _mean(recall[present, m])
    for name in ("small", "medium", "large"):
        figures[f"AR{letter(name)}@{last}"] = _mean(values[name][1][values[name][2], -1])
    return figures


def image_order(image_ids: Sequence[int | str]) -> list[int]:
    """Return the indices of images in the order of their ids, if these are numbers; in the order given, if names."""
    if any(isinstance(number, str) for number in image_ids):
        return list(range(len(image_ids)))
    return sorted(range(len(image_ids)), key=lambda i: image_ids[i])


class _Totals:
    """The matches of N images, laid out once for many resamples.

    Attributes:
        categories: (K,) int64 ids of the categories that have objects.
    """

    def __init__(self, matches: Sequence[InstanceMatches], limits: np.ndarray) -> None:
        self._limits = limits
        counts = [len(match.truth_categories) for match in matches]
        images = np.repeat(np.arange(len(matches)), counts)
        own = _join([match.truth_categories for match in matches], np.int64)
        objects = _join([match.truth_counts for match in matches], np.float64).reshape(-1, len(AREA_RANGES))
        self.categories, index = np.unique(own, return_inverse=True)
        shape = len(self.categories), len(matches)
        self._truth = [sparse.csr_array((column, (index, images)), shape=shape) for column in objects.T]
        self._ranked = list(_rank(matches, self.categories, limits))

    def values(self, weights: np.ndarray) -> Iterator[Values]:
        """Give precision and recall of each area range, for (N, LANES) float64 repeat counts of the images.

        Yields:
            As `Values`, with an axis of the LANES resamples in front.
        """
        for a, ranked in enumerate(self._ranked):
            n_truth = self._truth[a] @ weights
            precision, hits = weighted_precision(ranked, weights, n_truth.astype(np.int64), len(self._limits))
            recall = hits / np.maximum(n_truth, 1)[:, None, None]
            first, second = (np.ascontiguousarray(np.moveaxis(one, -1, 0)) for one in (precision, recall))
            yield first, second, n_truth.T > 0


def _rank(matches: Sequence[InstanceMatches], categories: np.ndarray, limits: np.ndarray) -> Iterator[Ranking]:
    """Sort all detections for each area range, leaving out categories without objects."""
    images = np.repeat(np.arange(len(matches), dtype=np.int32), [len(match.scores) for match in matches])
    scores = _join([match.scores for match in matches], np.float64)
    detected = _join([match.categories for match in matches], np.int64)
    places = _join([match.places for match in matches], np.int32)
    hits = _join([match.hits for match in matches], np.uint16).reshape(-1, len(AREA_RANGES))
    uncounted = _join([match.uncounted for match in matches], np.uint16).reshape(-1, len(AREA_RANGES))
    index = np.searchsorted(categories, detected)
    order = np.lexsort((-scores, index))  # stable: ties stay in the order of images and of places
    order = order[np.isin(detected, categories)[order]]
    for a in range(len(AREA_RANGES)):
        kept = order[uncounted[order, a] != NEVER_COUNTED]
        joins = np.zeros(len(kept), bool)
        joins[1:] = True
        for column in (index, images, scores):
            joins[1:] &= column[kept[1:]] == column[kept[:-1]]
        starts, ends = _steps(joins, (hits[kept, a] | uncounted[kept, a]) != 0)
        begins = np.searchsorted(index[kept], np.arange(len(categories) + 1))
        yield Ranking(
            images=images[kept],
            groups=np.searchsorted(limits, places[kept], side="right").astype(np.int32),
            hits=hits[kept, a],
            uncounted=uncounted[kept, a],
            starts=begins[:-1],
            steps=np.searchsorted(starts, begins),
            step_starts=starts,
            step_ends=ends,
        )


def _steps(joins: np.ndarray, eventful: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (E,) starts and ends of the runs of ties that hold a detection that is not simply wrong.

    Args:
        joins: (D,) bool, the detection ties with the one before.
        eventful: (D,) bool, the detection is right or does not count at some threshold.
    """
    starts = np.flatnonzero(~joins)
    ends = np.append(starts[1:], len(joins))
    if len(starts) == 0:
        return starts, starts
    kept = np.logical_or.reduceat(eventful, starts)
    return starts[kept], ends[kept]


def _join(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
