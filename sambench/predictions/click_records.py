"""Clicked masks as files: a small JSON an image with all clicks, the masks scored and the first click's candidates."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sambench.datasets.base import Dataset
from sambench.errors import PredictionError, listing
from sambench.files.json_files import unpacked
from sambench.files.json_text import parse_json
from sambench.masks import rle
from sambench.masks.prompted.clicking import ClickedObjects
from sambench.masks.rle import reaches
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.run_lengths.strings import runs_of_strings
from sambench.masks.windows import runs_of_rles
from sambench.predictions.reader import PredictionReader, Saving
from sambench.predictions.sample_files import compare_files, files_ending, files_fingerprint, find_file, write_packed
from sambench.prompts.click_settings import ClickSettings
from sambench.prompts.clicks import checked_counts
from sambench.types import Annotation, Sample, Size

ENDING = ".json.gz"
MEND = "predict it again, or write the file as sambench does: `sambench run task=points` makes examples"


@dataclass(frozen=True)
class ClickPrediction:
    """What was predicted for one image.

    Attributes:
        objects: Ids of the annotations that were clicked on.
        clicked: What came of it, in that order; None without objects.
    """

    objects: list[str]
    clicked: ClickedObjects | None


def write_clicks(prediction: ClickPrediction, size: Size, folder: Path, sample_id: str) -> None:
    """Write one image's clicks and masks, atomically and always to the same bytes.

    The file holds {"size": [H, W], "clicks": [1, 2, ...], "objects": [{"id", "points": [[x, y, label], ...], "masks":
    [compressed run lengths, one a number of clicks], "predicted_iou": [...], "candidates": [...], "candidates_iou":
    [...]}, ...]}, where the candidates are the several answers to the first click.
    """
    clicked = prediction.clicked
    entries = [] if clicked is None else [_entry(name, clicked, i) for i, name in enumerate(prediction.objects)]
    content = {"size": list(size), "clicks": [] if clicked is None else list(clicked.counts), "objects": entries}
    write_packed(content, folder, sample_id, ENDING)


def _entry(name: str, clicked: ClickedObjects, index: int) -> dict[str, Any]:
    """Return the JSON form of one object."""
    several = clicked.candidates_iou.shape[1]
    own = index * several + np.arange(several)
    candidates = [] if clicked.candidates is None else clicked.candidates.compressed(own)
    points = np.concatenate([clicked.points_xy[index], clicked.labels[index, :, None]], axis=1)
    masks = [runs.compressed(np.array([index]))[0] for runs in clicked.masks]
    return {
        "id": name,
        "points": points.tolist(),
        "masks": [rle.to_json(mask)["counts"] for mask in masks],
        "predicted_iou": clicked.predicted_iou[index].tolist(),
        "candidates": [rle.to_json(mask)["counts"] for mask in candidates],
        "candidates_iou": clicked.candidates_iou[index].tolist(),
    }


def check_clicks_made(prediction: ClickPrediction, ious: np.ndarray, settings: ClickSettings, sample_id: str) -> None:
    """Refuse masks of objects on which somebody stopped clicking before these settings do.

    Args:
        prediction: One image's, with objects.
        ious: (N,) IoU of its objects after the last number of clicks.
        settings: What it is scored by.
        sample_id: For messages.

    Raises:
        PredictionError: Names the first such object.
    """
    clicked = prediction.clicked
    if clicked is None or settings.no_error == "keep":
        return
    made = (clicked.labels[:, : clicked.counts[-1]] >= 0).sum(axis=1)
    early = made < clicked.counts[-1]
    if settings.target_iou is not None:
        early &= ~reaches(ious, settings.target_iou)
    for index in np.flatnonzero(early)[:1]:
        what = f"object {prediction.objects[index]} was clicked on {made[index]} of {clicked.counts[-1]} times, to an"
        mend = "score with the task.target_iou and task.no_error that it was predicted with, or predict again"
        raise PredictionError(f"{what} IoU of {ious[index]:.3f}", where=sample_id, mend=mend)


class ClickFolder:
    """A folder of clicked masks, as `sambench.predictions.reader.PredictionReader`.

    Args:
        folder: The folder, such as a run's `predictions`.
        all_keys: Sample ids of the whole split.
        counts: Numbers of clicks that are scored.
        expected: Gives the ids of the annotations that must be answered.

    Raises:
        PredictionError: The folder is not there.
    """

    missing_means: Literal["left out", "empty"] = "left out"

    def __init__(
        self, folder: Path, all_keys: Sequence[str], counts: Sequence[int], expected: Callable[[Sample], list[str]]
    ) -> None:
        if not folder.is_dir():
            raise PredictionError("the folder of clicked masks does not exist", where=folder, mend="predictions=FOLDER")
        self.folder, self._all_keys, self._counts, self._expected = folder, list(all_keys), tuple(counts), expected

    def compare(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the samples without a file, and the files that answer no sample of the split."""
        return compare_files(self.folder, ENDING, keys, self._all_keys)

    def read(self, sample: Sample) -> ClickPrediction:
        """Read one image's masks, brought into the order of the objects that are scored."""
        path = find_file(self.folder, sample.id, ENDING)
        try:
            content = parse_json(unpacked(path.read_bytes()))
            stored = {str(entry["id"]): entry for entry in content["objects"]}
            size, counts = tuple(content["size"]), [int(count) for count in content["clicks"]]
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise PredictionError(f"clicked masks cannot be read: {error!r}", where=path, mend=MEND) from error
        if size != sample.size:
            raise PredictionError(
                f"masks are {size[0]} x {size[1]} (height x width), the image {sample.size[0]} x {sample.size[1]}",
                where=path,
                mend="predict at the image's own size",
            )
        expected = self._expected(sample)
        self._check(stored, expected, counts, sample, path)
        try:
            return _prediction(expected, stored, counts, self._counts, sample.size)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise PredictionError(f"clicked masks cannot be used: {error!r}", where=path, mend=MEND) from error

    def fingerprint(self) -> str:
        """Return a SHA-256 over names and bytes of all files."""
        return files_fingerprint(self.folder, files_ending(self.folder, ENDING))

    def _check(
        self, stored: dict[str, Any], expected: list[str], counts: list[int], sample: Sample, path: Path
    ) -> None:
        """Refuse answers to objects that are not there, and objects or numbers of clicks without an answer."""
        strangers = sorted(stored.keys() - {str(annotation.id) for annotation in sample.target.annotations})
        if strangers:
            raise PredictionError(
                f"{len(strangers)} masks answer no object of the image: {listing(strangers)}",
                where=path,
                mend="choose the data they were made for (data=..., data.split=...)",
            )
        if missing := [name for name in expected if name not in stored]:
            raise PredictionError(
                f"{len(missing)} of {len(expected)} objects have no mask: {listing(missing)}", where=path, mend=MEND
            )
        if absent := [str(count) for count in self._counts if count not in counts and expected]:
            raise PredictionError(
                f"no masks after {', '.join(absent)} clicks are stored, only after {', '.join(map(str, counts))}",
                where=path,
                mend=f"score what there is with task.clicks=[{','.join(map(str, counts))}]",
            )


def _prediction(
    objects: list[str], stored: dict[str, Any], counts: list[int], wanted: tuple[int, ...], size: Size
) -> ClickPrediction:
    """Make the chosen entries, and of each the wanted (C,) numbers of clicks, into a prediction."""
    if not objects:
        return ClickPrediction([], None)
    entries, indices = [stored[name] for name in objects], [counts.index(count) for count in wanted]
    points = np.array([entry["points"] for entry in entries], np.int64)
    several = len(entries[0]["candidates"])
    estimates = np.array([entry["candidates_iou"] for entry in entries], np.float64).reshape(len(entries), several)
    clicked = ClickedObjects(
        points_xy=points[..., :2],
        labels=points[..., 2],
        counts=wanted,
        masks=[_runs([entry["masks"][index] for entry in entries], size) for index in indices],
        predicted_iou=np.array([entry["predicted_iou"] for entry in entries], np.float64)[:, indices],
        candidates=_runs([one for entry in entries for one in entry["candidates"]], size) if several else None,
        candidates_iou=estimates,
    )
    return ClickPrediction(list(objects), clicked)


def _runs(counts: Sequence[str], size: Size) -> RunLengths:
    """Expand compressed run lengths after checking that each fills the image."""
    runs = RunLengths(*runs_of_strings(counts), size)
    if _fill(runs):
        return runs
    return runs_of_rles([rle.from_segmentation({"size": list(size), "counts": one}, size) for one in counts], size)


def _fill(runs: RunLengths) -> bool:
    """Tell whether each of the masks fills the image, without a run of no pixels but its first."""
    if not runs.lengths.all():
        return False
    starts = np.cumsum(runs.lengths) - runs.lengths
    short = runs.counts < 1
    short[starts] = runs.counts[starts] < 0
    height, width = runs.size
    return not short.any() and bool((np.add.reduceat(runs.counts, starts, dtype=np.int64) == height * width).all())


class ClickSaving(Saving):
    """A task whose predictions are clicked masks, in a file an image."""

    @property
    @abstractmethod
    def clicks(self) -> tuple[int, ...]:
        """Numbers of clicks that are scored."""

    @abstractmethod
    def objects(self, sample: Sample) -> list[Annotation]:
        """Return the annotations that are clicked on."""

    def save(self, sample: Sample, prediction: ClickPrediction, folder: Path) -> None:
        """Write clicks, masks and candidates as compressed run lengths, one file an image."""
        write_clicks(prediction, sample.size, folder, sample.id)

    def reader(self, path: Path, dataset: Dataset) -> PredictionReader:
        """Open the `predictions` folder of a run, or one made elsewhere in its form."""
        counts = checked_counts(self.clicks)
        return ClickFolder(path, dataset.all_keys, counts, lambda sample: [str(one.id) for one in self.objects(sample)])
