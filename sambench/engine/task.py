"""The interface every task follows: predict with a model, score without one, summarise from rows alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sambench.errors import PredictionError
from sambench.types import Metric, Row, Sample

if TYPE_CHECKING:
    from sambench.engine.predictor import Predictor


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

    @abstractmethod
    def predict(self, sample: Sample, predictor: Predictor) -> Any:
        """Prompt the model about one sample; returns a picklable prediction."""

    @abstractmethod
    def score(self, sample: Sample, prediction: Any) -> list[Row]:
        """Compare a prediction with the sample's ground truth; no model, no files; one or more rows."""

    @abstractmethod
    def summarize(self, rows: Sequence[Row], seed: int = 0) -> dict[str, Metric]:
        """Turn the rows of all samples into metrics with intervals; `seed` feeds the bootstrap."""

    def save(self, sample_id: str, prediction: Any, folder: Path) -> None:  # noqa: B027 - optional
        """Write a prediction below `folder` in the field's own format, atomically and always to the same bytes."""

    def read(self, sample: Sample, folder: Path) -> Any:
        """Read back what `save` wrote or what another program made in the same format.

        Raises:
            PredictionError: The file is damaged or does not fit the sample, or the task has no such format.
        """
        raise self._no_format(folder)

    def missing(self, sample_ids: Sequence[str], folder: Path) -> tuple[list[str], list[str]]:
        """Compare a folder of predictions with the samples it should answer.

        Returns:
            The sample ids without a prediction, and the predictions (file names) that answer no sample.

        Raises:
            PredictionError: The folder is not there, or the task has no format for predictions.
        """
        raise self._no_format(folder)

    def illustrate(self, sample: Sample, prediction: Any, folder: Path) -> None:  # noqa: B027 - optional
        """Draw the sample with its prediction below `folder`; the runner asks for the first few samples."""

    def _no_format(self, folder: Path) -> PredictionError:
        return PredictionError(
            f"task {self.name} has no format for predictions made elsewhere",
            where=folder,
            mend=f"let a model make them: sambench run task={self.name}",
        )
