"""Rows of matches, resampled: average precision and recall of any choice of their images."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sambench.metrics.baseline_rows import compact_instances, compact_places
from sambench.metrics.bootstrap import Resampling, in_order
from sambench.metrics.coco.average_precision import precision_replicates
from sambench.metrics.coco.average_recall import recall_figures, recall_replicates
from sambench.metrics.coco.box_ious import box_iou_replicates
from sambench.metrics.coco.class_limit import NO_LIMIT, limited_matches
from sambench.metrics.coco.evaluators import instance_limits
from sambench.metrics.coco.matches import InstanceMatches
from sambench.metrics.coco.params import RuleKind
from sambench.metrics.coco.rows import frequencies_of_rows, instances_of_rows, proposals_of_rows
from sambench.types import Row


class Recorded(NamedTuple):
    """Rows of instances as records of matches, with the rules that they were matched by.

    Attributes:
        matches: One an image.
        kind: Whose rules.
        limits: Of the evaluator, on detections.
        frequencies: Category -> its letter, under LVIS's rules.
    """

    matches: list[InstanceMatches]
    kind: RuleKind
    limits: tuple[int, ...]
    frequencies: Mapping[int, str] | None


def recorded(rows: Sequence[Row], max_dets: Sequence[int] | None) -> Recorded:
    """Read rows; LVIS's rules are those of rows that hold frequencies. `max_dets` of None are the rules' own limits."""
    frequencies = frequencies_of_rows(rows)
    kind: RuleKind = "coco" if frequencies is None else "lvis"
    return Recorded(instances_of_rows(rows), kind, instance_limits(kind, max_dets), frequencies)


class InstanceResampling(Resampling):
    """A task whose rows are matches of instances (`columns_of_instances`), with each box's own IoU if it has one."""

    @property
    @abstractmethod
    def max_dets(self) -> tuple[int, ...] | None:
        """Limits of the evaluator; None for the rules' own."""

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Accumulate anew over the images of each resample."""
        rows = in_order(rows, sample_ids)
        matches, kind, limits, frequencies = self.recorded(rows)
        figures = precision_replicates(matches, weights, kind=kind, max_dets=limits, frequencies=frequencies)
        return {**figures, **box_iou_replicates(rows, weights)}

    def recorded(self, rows: Sequence[Row]) -> Recorded:
        """Read rows."""
        return recorded(rows, self.max_dets)

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Keep scores in single precision."""
        return compact_instances(rows)

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return the mean IoU of the prompted objects with `boxes=gt`, else the share of objects found."""
        if rows[0].get("box_iou") is not None:
            return float(np.mean(rows[0]["box_iou"])) if len(rows[0]["box_iou"]) else float("nan")
        hits = sum(int(bits & 0x3FF).bit_count() for bits in rows[0]["found_all"])
        objects = sum(rows[0]["truth_all"])
        return hits / (10 * objects) if objects else float("nan")


class VocabularyResampling(InstanceResampling):
    """A task whose rows are matches by COCO's rules, or by LVIS's with a limit on classes (`columns_of_ranks`)."""

    @property
    @abstractmethod
    def max_per_class(self) -> int:
        """Detections that a class keeps over all images, under LVIS's rules."""

    @property
    def max_dets(self) -> tuple[int, ...] | None:
        """None: COCO's limits; LVIS's rules have none an image."""
        return None

    def recorded(self, rows: Sequence[Row]) -> Recorded:
        """Read rows, and leave out what is beyond the limit on its class in all of them together."""
        record = recorded(rows, None)
        if record.kind == "coco":
            return record
        return record._replace(matches=limited_matches(record.matches, rows, self.max_per_class), limits=(NO_LIMIT,))

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Accumulate average precision anew over the images of each resample."""
        figures = super().replicates(rows, sample_ids, weights)
        return {name: values for name, values in figures.items() if name.startswith("AP")}

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Keep scores in single precision."""
        compact = compact_instances(rows)
        for row in compact:
            if "ranked_score" in row:
                row["ranked_score"] = np.asarray(row["ranked_score"] or [], np.float32).tolist()
        return compact


class ProposalResampling(Resampling):
    """A task whose rows are places of proposals (`columns_of_proposals`)."""

    @property
    @abstractmethod
    def max_dets(self) -> tuple[int, ...]:
        """Numbers of proposals at which recall is reported."""

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Pool the objects anew over the images of each resample."""
        return recall_replicates(proposals_of_rows(in_order(rows, sample_ids)), weights, self.max_dets)

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Keep of each proposal's place only which limits it is within."""
        return compact_places(rows, self.max_dets)

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return the image's average recall; NaN where it has no object."""
        most = max(self.max_dets)
        return recall_figures(proposals_of_rows(rows), (most,))[f"AR@{most}"]
