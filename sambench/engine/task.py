"""The interface every task follows: predict with a model, score without one, summarise from rows alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import is_dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from sambench.config.resolve import check_fields
from sambench.errors import PredictionError, UsageError
from sambench.metrics.support import run_support, with_support
from sambench.types import Metric, Row, Sample

if TYPE_CHECKING:
    import numpy as np

    from sambench.datasets.base import Dataset
    from sambench.engine.predictor import Predictor
    from sambench.metrics.support import Support
    from sambench.models.questions import Question


class PredictionReader(Protocol):
    """Predictions made elsewhere.

    Attributes:
        without: What a sample without a prediction means where that is allowed: it is "left out" of the score, or is
            scored as "empty" (a detector that found nothing).

    It may also have `choices`, how it reads what can be read in several ways, as {"nms": "toolbox"}, which is part of
    the run's identity; and `notes`, sentences that a reader of the numbers must know of the predictions.
    """

    without: Literal["left out", "empty"]

    def compare(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the samples without a prediction, and the names of predictions that answer no sample."""

    def read(self, sample: Sample) -> Any:
        """Read one sample's prediction.

        Raises:
            PredictionError: It is damaged or does not fit the sample.
        """

    def fingerprint(self) -> str:
        """Return a SHA-256 (hex) over the predictions' bytes."""


class Task(ABC):
    """One evaluation protocol; its constructor's keyword arguments are the protocol's named switches.

    A task is written as a dataclass, is picklable (scoring runs in worker processes) and imports torch only inside
    `predict`, so that listing tasks stays fast.

    Attributes:
        name: Registry name, as in `task=NAME`.
        target: The type of ground truth it reads; a dataset with another is refused.
        mini_kind: The form of the embedded data set that fits it.
    """

    name: ClassVar[str]
    target: ClassVar[type]
    mini_kind: ClassVar[str] = "bsds"

    def __post_init__(self) -> None:
        """Hold the switches of a task that is made in Python against their ranges and choices, as a command's are.

        Raises:
            UsageError: Names every switch that does not fit.
        """
        if is_dataclass(self):
            check_fields(self)

    @abstractmethod
    def predict(self, sample: Sample, predictor: Predictor) -> Any:
        """Prompt the model about one sample; returns a picklable prediction."""

    def questions(self) -> list[Question]:
        """Return the kinds of prompts that `predict` may ask; a model that cannot answer one is refused beforehand."""
        return []

    @abstractmethod
    def score(self, sample: Sample, prediction: Any) -> list[Row]:
        """Compare a prediction with the sample's ground truth; no model, no files; one or more rows."""

    @abstractmethod
    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Turn the rows of all samples into metrics with intervals; `seed` feeds the bootstrap."""

    def save(self, sample: Sample, prediction: Any, folder: Path) -> None:  # noqa: B027 - optional
        """Write a prediction below `folder` in the field's own format, atomically and always to the same bytes.

        The file is `sambench.files.safe_names.file_inside(folder, sample.id, ENDING)`, as an id may be any text.
        """

    def reader(self, path: Path, dataset: Dataset) -> PredictionReader:
        """Open predictions made elsewhere, in the format that `save` writes or another the field uses.

        Raises:
            PredictionError: They are not there, are damaged, or the task has no format for them.
        """
        raise PredictionError(
            f"task {self.name} has no format for predictions made elsewhere",
            where=path,
            mend=f"let a model make them: sambench run task={self.name}",
        )

    def image_quality(self, rows: Sequence[Row]) -> float:
        """Return how well one sample was done, higher is better, from its rows; `sambench look` ranks by it.

        Raises:
            UsageError: The task has no such number.
        """
        raise UsageError(
            f"task {self.name} does not rank images", where="sambench look", mend="define image_quality in the task"
        )

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
        if not ids or type(self).replicates is Task.replicates:
            return {}
        return run_support(partial(self.replicates, rows, ids), self.strata(rows, ids))

    def supported(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Turn rows into metrics (`summarize`), each with how many images carry it (`support`)."""
        metrics = self.summarize(rows, seed=seed)
        missing = any(one.support is None and one.ci95 is not None for one in metrics.values())
        return with_support(metrics, self.support(rows)) if missing else metrics

    def compact(self, rows: Sequence[Row]) -> list[Row]:
        """Return rows with only what `replicates` and `image_quality` read, small enough to be kept in a repository."""
        return list(rows)

    def input_fingerprints(self) -> dict[str, str]:
        """Return switch -> SHA-256 (hex) for switches that name files: in a run's identity content stands for path."""
        return {}

    def for_dataset(self, dataset: Dataset) -> Task:
        """Return the task with what it needs to know of the data beyond single samples (categories)."""
        return self

    def illustrate(self, sample: Sample, prediction: Any, folder: Path) -> None:  # noqa: B027 - optional
        """Draw the sample with its prediction below `folder`; the runner asks for the first few samples."""
