"""Where predictions come from: a model, or a folder of files made elsewhere."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sambench.datasets.base import Dataset
from sambench.engine.costs import host_peak, peak_bytes
from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.engine.task import Task
from sambench.errors import PredictionError, UsageError, listing
from sambench.masks.nan_guard import NanCounts
from sambench.models.devices import device_of
from sambench.predictions.reader import PredictionReader
from sambench.predictions.sample_files import files_ending
from sambench.types import Sample


class PredictionSource(Protocol):
    """Gives the prediction for a sample.

    Attributes:
        makes: Whether it makes predictions, which are kept then.
    """

    makes: bool

    def prepare(self, samples: Sequence[Sample]) -> None:
        """Do what is cheaper for several samples at once."""

    def predict(self, sample: Sample) -> Any:
        """Return the task's prediction for one sample."""

    def take_nan(self) -> dict[str, NanCounts]:
        """Return and forget what was answered without a number and taken as empty, by sample (`NanGuard.counts`)."""

    def notes(self) -> list[str]:
        """Return what a reader of the numbers must know of the model; more may be found while it answers."""

    def peaks(self) -> dict[str, int]:
        """Return the most bytes that this process has held so far: "host", and "device" where torch counts it."""


@dataclass
class ModelPredictions:
    """Predictions made by a model now."""

    task: Task
    predictor: Predictor
    stages: Stages
    makes: bool = True

    def prepare(self, samples: Sequence[Sample]) -> None:
        """Fetch or encode the samples' embeddings in one batch."""
        self.predictor.forget()  # those of samples that were done before the run went on
        if self.task.embeds:
            self.predictor.prepare(samples)

    def take_nan(self) -> dict[str, NanCounts]:
        """Return and forget what the guard counted."""
        counts = dict(self.predictor.guard.counts)
        self.predictor.guard.counts.clear()
        return counts

    def notes(self) -> list[str]:
        """Return what a reader of the numbers must know of the model; more may be found while it answers."""
        notes = self.predictor.model.provenance.get("notes")
        return [str(note) for note in notes] if isinstance(notes, list) else []

    def peaks(self) -> dict[str, int]:
        """Return the most bytes that this process has held so far: "host", and "device" where torch counts it."""
        return peak_bytes(device_of(self.predictor.model))

    def predict(self, sample: Sample) -> Any:
        """Prompt the model by the task's protocol."""
        with self.stages.timed("post"):
            return self.task.predict(sample, self.predictor)


@dataclass
class StoredPredictions:
    """Predictions read from files."""

    reader: PredictionReader
    stages: Stages
    makes: bool = False

    def prepare(self, samples: Sequence[Sample]) -> None:
        """Nothing is gained by reading several at once."""

    def take_nan(self) -> dict[str, NanCounts]:
        """Return nothing: no model is watched."""
        return {}

    def notes(self) -> list[str]:
        """Return nothing: notes on the files were made when they were opened."""
        return []

    def peaks(self) -> dict[str, int]:
        """Return the most bytes that this process has held so far, as "host"."""
        return host_peak()

    def predict(self, sample: Sample) -> Any:
        """Read the sample's prediction."""
        with self.stages.timed("read"):
            return self.reader.read(sample)


def open_reader(task: Task, path: Path, dataset: Dataset, switches: Mapping[str, Any]) -> PredictionReader:
    """Open predictions made elsewhere.

    Args:
        task: Whose format they have.
        path: The file or folder.
        dataset: What they answer to.
        switches: `predictions.nms` and `predictions.names`, by their last words; a task whose reader does not take one
            takes its default alone.

    Raises:
        UsageError: The task's predictions have nothing to suppress, or are no files of their own.
        PredictionError: See `Task.reader`.
    """
    taken = inspect.signature(task.reader).parameters
    if "nms" not in taken and switches["nms"] == "toolbox":
        raise UsageError(
            f"task {task.name} scores no soft edge maps, which alone can be suppressed",
            where="predictions.nms=toolbox",
            mend="leave predictions.nms out",
        )
    if "names" not in taken and switches["names"] is not None:
        raise UsageError(
            f"task {task.name} does not read a file a sample by name",
            where=f"predictions.names={switches['names']}",
            mend="leave predictions.names out",
        )
    return task.reader(path, dataset, **{name: value for name, value in switches.items() if name in taken})


def check_stored(reader: PredictionReader, keys: Sequence[str], where: Path, allow_missing: bool) -> list[str]:
    """Compare stored predictions with the data before anything is scored.

    Args:
        reader: Of the predictions.
        keys: The samples.
        where: The file or folder of the predictions.
        allow_missing: Whether some samples may have none.

    Returns:
        The keys without a prediction (empty unless `allow_missing`).

    Raises:
        PredictionError: Predictions are missing, or answer no sample; they are counted and named.
    """
    missing, strangers = reader.compare(keys)
    if strangers:
        raise PredictionError(
            f"{len(strangers)} prediction(s) answer no sample of this data: {listing(strangers, 20)}",
            where=where,
            mend="choose the split they were made for (data.split=...), name them by sample (as"
            f" {next(iter(keys), 'its id')}, or by its last part) in the place that is given, or take them out",
        )
    nothing = len(missing) == len(keys) and not getattr(reader, "may_be_empty", False)
    if missing and (not allow_missing or nothing):
        does = "score the rest" if reader.missing_means == "left out" else "score them as empty"
        raise PredictionError(
            f"{len(missing)} of {len(keys)} samples have no prediction: {listing(missing, 20)}"
            f"{_endings(where) if nothing else ''}",
            where=where,
            mend="give the place that holds them, in a form that docs/predictions.md lists"
            if nothing
            else f"add them, or {does} with allow_missing=true",
        )
    return missing


def _endings(folder: Path) -> str:
    """Say what a folder holds in which nothing was found that answers a sample."""
    if not folder.is_dir():
        return ""
    counts = Counter(path.suffix for path in files_ending(folder, ""))
    files = [f"{count} {ending or 'without an ending'}" for ending, count in counts.most_common(4)]
    return f"; the folder's files end in: {', '.join(files)}" if files else "; the folder holds no file"
