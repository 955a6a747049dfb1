"""The interface every task follows: predict with a model, score without one, summarise from rows alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sambench.config.resolve import check_fields
from sambench.datasets.base import Dataset
from sambench.engine.predictor import Predictor
from sambench.metrics.bootstrap import Resampling
from sambench.metrics.uncertainty.support import with_support
from sambench.models.base import Question
from sambench.predictions.reader import Saving
from sambench.types import Metric, Row, Sample

if TYPE_CHECKING:
    from sambench.models.base import PromptableModel


class Drawing:
    """How a task's predictions are drawn; as it stands here, they are not.

    The classes that draw stand beside their pictures: `EdgeDrawing`, `InstanceDrawing`, `ClickDrawing`.
    """

    def illustrate(self, sample: Sample, prediction: Any, folder: Path) -> None:
        """Draw the sample with its prediction below `folder`; the runner asks for the first few samples."""


class Task(Saving, Drawing, Resampling, ABC):
    """One evaluation protocol; its constructor's keyword arguments are the protocol's named switches.

    A task is three methods: `predict`, `score` and `summarize`. What else a run asks of it has a default, and is mixed
    in by the class that knows the form of its predictions (`Saving`), its pictures (`Drawing`) and its rows
    (`Resampling`). A task is written as a dataclass and is picklable, as scoring runs in worker processes; its module
    imports torch only inside functions, so that what needs no model stays fast.

    Attributes:
        name: Registry name, as in `task=NAME`.
        target: The type of ground truth it reads; a dataset with another is refused.
        mini_kind: The form of the embedded data set that fits it.
        only_model: The one model that its runs take, for a task that prompts none; None for any.
        embeds: Whether the samples' embeddings are made, or fetched from the cache, before `predict` asks for them.
    """

    name: ClassVar[str]
    target: ClassVar[type]
    mini_kind: ClassVar[str] = "bsds"
    only_model: ClassVar[str | None] = None
    embeds: ClassVar[bool] = True

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

    @abstractmethod
    def score(self, sample: Sample, prediction: Any) -> list[Row]:
        """Compare a prediction with the sample's ground truth; no model, no files; one or more rows."""

    @abstractmethod
    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Turn the rows of all samples into metrics with intervals; `seed` feeds the bootstrap."""

    def questions(self) -> list[Question]:
        """Return the kinds of prompts that `predict` may ask; a model that cannot answer one is refused beforehand."""
        return []

    def idle_switches(self, model: PromptableModel) -> Sequence[str]:
        """Return the switches that change nothing with a model; a run that sets one to another value is refused."""
        return ()

    def supported(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Turn rows into metrics (`summarize`), each with how many images carry it (`support`)."""
        metrics = self.summarize(rows, seed=seed)
        missing = any(one.support is None and one.ci95 is not None for one in metrics.values())
        return with_support(metrics, self.support(rows)) if missing else metrics

    def for_dataset(self, dataset: Dataset) -> Self:
        """Return the task with what it needs to know of the data beyond single samples (categories)."""
        return self

    def input_fingerprints(self) -> dict[str, str]:
        """Return switch -> SHA-256 (hex) for switches that name files: in a run's identity content stands for path."""
        return {}
