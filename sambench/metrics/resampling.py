"""How a task's rows are resampled: what the gate compares, on how many images a metric rests, what a baseline keeps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import numpy as np

from sambench.errors import UsageError
from sambench.metrics.uncertainty.support import Support, run_support
from sambench.types import Row


class Resampling:
    """A task whose metrics can be made again from resampled images; as it stands here, they cannot.

    The classes that resample a family of metrics stand beside it: `BoundaryResampling`, `RegionResampling`,
    `ProposalResampling`, `InstanceResampling`, `ClickResampling`.
    """

    name: ClassVar[str]

    def replicates(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return the metrics of resamples of images; `sambench gate` compares runs with it.

        Args:
            rows: Of the samples, as `score` or `compact` made them, in any order.
            sample_ids: The N samples.
            weights: (B, N) int64, how often each resample holds each sample; a row of ones gives the metrics' values.

        Returns:
            Metric -> (B,) float64, NaN where it is undefined.

        Raises:
            UsageError: The task has no such numbers.
        """
        raise UsageError(
            f"task {self.name} cannot be resampled", where="sambench gate", mend="define replicates in the task"
        )

    def calibration(self, rows: Sequence[Row], sample_ids: Sequence[str], weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return how far a model's confidence can be believed, in the form of `replicates`.

        It is asked for by policies that judge it; nothing where rows do not tell it.
        """
        return {}

    def strata(self, rows: Sequence[Row], sample_ids: Sequence[str]) -> list[str]:
        """Return what is resampled on its own for each sample (the data set it is from); "" for all, as a rule."""
        return [""] * len(sample_ids)

    def support(self, rows: Sequence[Row]) -> dict[str, Support]:
        """Return how many images carry each metric of a run; nothing where the task cannot be resampled.

        Args:
            rows: All rows of the run.

        Returns:
            Metric, as `replicates` names it -> its `Support`, by the jackknife over `replicates` and by `strata`.
        """
        ids = list(dict.fromkeys(row["sample_id"] for row in rows))
        if not ids or type(self).replicates is Resampling.replicates:
            return {}
        return run_support(partial(self.replicates, rows, ids), self.strata(rows, ids))

    def unsteady(self, rows: Sequence[Row]) -> dict[str, str]:
        """Return metric -> why these rows give it neither interval nor verdict, however many images carry it."""
        return {}

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Return rows with only what `replicates` and `image_quality` read, small enough to be kept in a repository."""
        return list(rows)

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return how well one sample was done, higher is better, from its rows; `sambench look` ranks by it.

        Raises:
            UsageError: The task has no such number.
        """
        raise UsageError(
            f"task {self.name} does not rank images", where="sambench look", mend="define image_quality in the task"
        )


def in_order(rows: Sequence[Row], sample_ids: Sequence[str]) -> list[Row]:
    """Return the rows of these samples in this order, one row a sample."""
    by_sample = {row["sample_id"]: row for row in rows}
    return [by_sample[key] for key in sample_ids]
