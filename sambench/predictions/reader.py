"""How a task keeps predictions and reads those made elsewhere: the reader's interface, and a task without files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from sambench.datasets.base import Dataset
from sambench.errors import PredictionError
from sambench.types import Sample


class PredictionReader(Protocol):
    """Predictions made elsewhere.

    Attributes:
        missing_means: What a sample without a prediction means where that is allowed: it is "left out" of the score,
            or is scored as "empty" (a detector that found nothing).

    It may also have `choices`, how it reads what can be read in several ways, as {"nms": "toolbox"}, which is part of
    the run's identity; and `notes`, sentences that a reader of the numbers must know of the predictions.
    """

    missing_means: Literal["left out", "empty"]

    def compare(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the samples without a prediction, and the names of predictions that answer no sample."""

    def read(self, sample: Sample) -> Any:
        """Read one sample's prediction.

        Raises:
            PredictionError: It is damaged or does not fit the sample.
        """

    def fingerprint(self) -> str:
        """Return a SHA-256 (hex) over the predictions' bytes."""


class Saving:
    """How a task's predictions are kept in files; as it stands here, they are not.

    The classes that keep a form of predictions stand beside its reader: `EdgeMapSaving`, `SegmentationReading`,
    `DetectionSaving`, `ClickSaving`.
    """

    name: ClassVar[str]

    def save(self, sample: Sample, prediction: Any, folder: Path) -> None:
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
