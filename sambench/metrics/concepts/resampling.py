"""Rows of pairs as figures, over any choice of images: subsets one by one, their plain mean as the headline."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sambench.metrics.bootstrap import Resampling, bootstrap_intervals, weighted_sums
from sambench.metrics.concepts.presence import WIDTH, calibration_of_sums, presence_sums
from sambench.metrics.concepts.rows import COUNTED, counts_of_rows, sweep_of_rows
from sambench.metrics.concepts.rules import ConceptRules
from sambench.metrics.concepts.scores import SUMS, pair_sums, scores_of_sums
from sambench.types import SIGNED, Metric, Row

Draws = dict[str, np.ndarray]

HEADLINES = ("cgF1", "pmF1", "IL_MCC")
"""The figures printed for every subset, for the formulas without epsilons, and for every threshold of the score."""

_BLOCK = 10_000
"""Pairs added up at a time, of hundreds of thousands."""

LOWER_IS_BETTER = ("IL_FPR", "presence_ECE", "presence_Brier")


def concept_replicates(
    rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray, rules: ConceptRules, sweep: Sequence[float]
) -> Draws:
    """Return the figures of resampled images with all their pairs.

    Args:
        rows: One a pair.
        sample_ids: N images; one without a row carries nothing.
        weights: (B, N) how often each resample holds each image.
        rules: That the pairs were counted by.
        sweep: Thresholds of the score at which they were counted besides.

    Returns:
        Figure -> (B,) float64; with several subsets means over those, and "SUBSET FIGURE" of each.
    """
    by_subset: dict[str, Draws] = {}
    index_of = {key: index for index, key in enumerate(sample_ids)}
    for name in dict.fromkeys(row["dataset"] for row in rows):
        own = [row for row in rows if row["dataset"] == name]
        keys = list(dict.fromkeys(row["sample_id"] for row in own))
        sums = weighted_sums(weights[:, [index_of[key] for key in keys]], _image_sums(own, keys, rules, sweep))
        by_subset[name] = _figures(sums, rules, sweep)
    if len(by_subset) == 1:
        return next(iter(by_subset.values()))
    means = {name: _mean([own[name] for own in by_subset.values()]) for name in next(iter(by_subset.values()), {})}
    singles = {f"{name} {key}": by_subset[name][key] for name in sorted(by_subset) for key in HEADLINES}
    return means | singles


def concept_metrics(
    rows: Sequence[Row], rules: ConceptRules, sweep: Sequence[float], references: dict[str, str], seed: int = 0
) -> dict[str, Metric]:
    """Turn the rows of a run into metrics.

    Args:
        rows: One a pair, at least one.
        rules, sweep: As for `concept_replicates`.
        references: Figure -> the column where such numbers were published.
        seed: Of the resamples.
    """
    subset = {row["sample_id"]: row["dataset"] for row in rows}
    keys = list(subset)

    def figures(weights: np.ndarray) -> Draws:
        return concept_replicates(rows, keys, weights, rules, sweep)

    values = figures(np.ones((1, len(keys)), np.int64))
    bounds = {name: (-1.0, 1.0) for name in values if _plain(name) in SIGNED}
    ends = bootstrap_intervals(figures, list(subset.values()), seed=seed, bounds=bounds)
    notes = _notes(rows)
    metrics = {
        name: Metric(
            float(value[0]),
            ends[name],
            len(keys),
            higher_is_better=_plain(name) not in LOWER_IS_BETTER,
            unit=unit_of(name),
            reference=references.get(name),
            note=notes if name in SIGNED else "",
        )
        for name, value in values.items()
    }
    positive = sum(bool(row["present"]) for row in rows)
    counted = {"pairs": len(rows), "positive_pairs": positive}
    return metrics | {name: Metric(float(count), None, len(keys), unit="pairs") for name, count in counted.items()}


def unit_of(name: str) -> str:
    """Return the unit of a figure: its plain name where it can be negative, else "F1" or "fraction"."""
    plain = _plain(name)
    return plain if plain in SIGNED else "F1" if plain.endswith("F1") else "fraction"


def _plain(name: str) -> str:
    """Return a figure's name without its subset, threshold and formula."""
    return name.split(" ")[-1].partition("@")[0].removesuffix("_exact")


def _notes(rows: Sequence[Row]) -> str:
    """Say why IL_MCC and cgF1 are 0 whatever the masks are, where they are."""
    present, predicted = {bool(row["present"]) for row in rows}, {row["predicted"] > 0 for row in rows}
    if len(present) == 1:
        return f"0, as {'all' if present == {True} else 'no'} pairs are positive: read pmF1 and positive_macro_F1"
    if len(predicted) == 1:
        return f"0, as {'something' if predicted == {True} else 'nothing'} is predicted for every pair"
    return ""


def _image_sums(rows: Sequence[Row], keys: Sequence[str], rules: ConceptRules, sweep: Sequence[float]) -> np.ndarray:
    """Return the (N, K) numbers of N images whose sums the figures are made of, in the order of `_figures`."""
    index_of = {key: index for index, key in enumerate(keys)}
    sums = np.zeros((len(keys), (2 + len(sweep)) * SUMS + WIDTH))
    for first in range(0, len(rows), _BLOCK):
        block = rows[first : first + _BLOCK]
        np.add.at(sums, [index_of[row["sample_id"]] for row in block], _row_sums(block, rules, sweep))
    return sums


def _row_sums(rows: Sequence[Row], rules: ConceptRules, sweep: Sequence[float]) -> np.ndarray:
    """Return the (P, K) numbers of P pairs."""
    counts = counts_of_rows(rows)
    confidence = np.array([row["confidence"] for row in rows], np.float64)
    blocks = [pair_sums(counts, rules), pair_sums(counts, exact(rules)), presence_sums(confidence, counts.present)]
    blocks += [pair_sums(sweep_of_rows(rows, index), rules) for index in range(len(sweep))]
    return np.concatenate(blocks, axis=1)


def _figures(sums: np.ndarray, rules: ConceptRules, sweep: Sequence[float]) -> Draws:
    """Turn (B, K) sums into figures."""
    widths = [SUMS, SUMS, WIDTH, *[SUMS] * len(sweep)]
    official, plain, presence, *swept = np.split(sums, np.cumsum(widths)[:-1], axis=1)
    figures = scores_of_sums(official, rules)
    if rules != exact(rules):
        scores = scores_of_sums(plain, exact(rules))
        figures |= {f"{name}_exact": scores[name] for name in (*HEADLINES, "positive_macro_F1")}
    figures |= calibration_of_sums(presence)
    for threshold, block in zip(sweep, swept, strict=True):
        scores = scores_of_sums(block, rules)
        figures |= {f"{name}@score{threshold:g}": scores[name] for name in HEADLINES}
    return figures


def exact(rules: ConceptRules) -> ConceptRules:
    """Return the rules of the paper's formulas, which have no epsilons and leave no positive pair out."""
    return replace(rules, epsilons="none", positive_macro="all")


def _mean(draws: Sequence[np.ndarray]) -> np.ndarray:
    """Average (B,) figures of subsets; undefined where one of them is, as the benchmark's average is over all."""
    mean: np.ndarray = np.stack(draws).mean(axis=0)
    return mean


class ConceptResampling(Resampling):
    """A task whose rows are pairs of an image and a phrase."""

    @property
    @abstractmethod
    def rules(self) -> ConceptRules:
        """What the pairs are counted by."""

    @property
    @abstractmethod
    def sweep(self) -> tuple[float, ...] | None:
        """Thresholds of the score at which they are counted besides, or None."""

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Add up anew over the pairs of each resample's images."""
        return concept_replicates(rows, sample_ids, weights, self.rules, self.sweep or ())

    def strata(self, rows: Sequence[Row], sample_ids: Sequence[str]) -> list[str]:
        """Return the subset of each image: they are resampled one by one."""
        subsets = {row["sample_id"]: row["dataset"] for row in rows}
        return [subsets.get(key, "") for key in sample_ids]

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Keep what was counted, without phrases."""
        swept = tuple(f"swept_{name}" for name in COUNTED) if self.sweep else ()
        kept = ("sample_id", "image_sha256", "dataset", "pair", "confidence", *COUNTED, *swept)
        return [{name: row[name] for name in kept} for row in rows]

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return the share of an image's pairs about which the model is right on presence, masks of .5 IoU included."""
        right = [row["tp"][0] == row["objects"] and row["fp"][0] == 0 for row in rows]
        return float(np.mean(right)) if right else float("nan")
