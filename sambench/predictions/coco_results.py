"""Detections as files: a COCO results list made elsewhere, and which form a file or folder of detections has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from sambench.datasets.base import Dataset
from sambench.datasets.formats.coco_fields import identity
from sambench.datasets.instances import InstanceDataset
from sambench.errors import PredictionError, UsageError, listing
from sambench.files.atomic import file_sha256
from sambench.files.json_text import whole
from sambench.masks.generator_settings import Rank
from sambench.metrics.coco.detections import Detections
from sambench.metrics.coco.params import IouType
from sambench.predictions.doubts import Doubts
from sambench.predictions.list_folders import ListFolder, ending_of_lists
from sambench.predictions.reader import PredictionReader, Saving
from sambench.predictions.result_entries import box_fault, entry_fault, mend_of, to_detections, unknown_image_fault
from sambench.predictions.results_folders import ResultsFolder, write_detections
from sambench.predictions.results_index import ResultsIndex
from sambench.types import Sample, Size


class ResultsFile:
    """A COCO results list of one JSON file, as `sambench.predictions.reader.PredictionReader`.

    Args:
        path: The file.
        key_of_image_id: Sample id by image id, for the whole split.
        size_of: (height, width) by image id.
        category_ids: Known categories; None where categories do not count, so that entries need none.
        boxes: Whether boxes are what is read: those beside masks must be sound too, and are taken instead of them.

    Attributes:
        notes: What makes one doubt the detections (`sambench.predictions.doubts`).
        choices: Which boxes are read where boxes are scored: those "stated" in the file, or those "of_masks".

    Raises:
        PredictionError: The file cannot be read, or has entries with unknown images or categories, boxes that are
            empty, not finite or outside their image, masks of another size, no score, or neither box nor mask; each
            kind is counted. Some masks have boxes beside them and some have none, where boxes are read.
    """

    missing_means: Literal["left out", "empty"] = "empty"
    may_be_empty: ClassVar[bool] = True
    """An empty list is the answer of a detector that found nothing."""

    def __init__(
        self,
        path: Path,
        key_of_image_id: Mapping[int | str, str],
        size_of: Mapping[int | str, Size],
        category_ids: set[int] | None,
        boxes: bool = False,
    ) -> None:
        self._boxes, self._stated = boxes, 0
        self.path, self._keys, self._sizes, self._categories = path, key_of_image_id, size_of, category_ids
        self._doubts = Doubts(size_of)
        self.index = ResultsIndex(path, self._fault)
        self.notes = self._doubts.messages()
        if self.index.faults:
            faults = [
                f"{count} with {what} (entries {listing([str(index) for index in indices], 5)}{'...' * (count > 5)})"
                for what, (count, indices) in self.index.faults.items()
            ]
            what = f"the results file does not fit this data: {'; '.join(faults)}"
            raise PredictionError(what, where=path, mend=mend_of(self.index.faults))
        if boxes and 0 < self._stated < len(self.index):
            raise PredictionError(
                f"{self._stated} of {len(self.index)} detections have a bbox, the others a mask alone",
                where=path,
                mend="store a bbox for every detection, or for none",
            )
        self.choices = {} if not boxes else {"boxes": "stated" if self._stated else "of_masks"}

    def compare(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the samples without an entry; strangers were refused when the file was opened."""
        answered = {self._keys[image_id] for image_id in self.index.image_ids}
        return [key for key in keys if key not in answered], []

    def read(self, sample: Sample) -> Detections:
        """Read one image's detections, by `sample.target.image_id`."""
        if self._boxes and self._stated:
            return self.read_boxes(sample)
        where = f"{self.path}, image {sample.target.image_id}"
        return to_detections(self.index.read(sample.target.image_id), sample.size, where)

    def read_boxes(self, sample: Sample) -> Detections:
        """Read one image's boxes as prompts, whether or not there are masks beside them."""
        entries = self.index.read(sample.target.image_id)
        if not entries:
            return Detections(np.zeros(0), np.zeros(0, np.int64), None, np.zeros((0, 4)))
        if any(entry.get("bbox") is None for entry in entries):
            raise PredictionError("a detection has no bbox to prompt with", where=self.path, mend="add it")
        return to_detections([{**entry, "segmentation": None} for entry in entries], sample.size, self.path)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file."""
        return file_sha256(self.path)

    def _fault(self, entry: dict[str, Any]) -> str | None:
        """Say what is wrong with an entry."""
        image_id = identity(entry.get("image_id"))
        if image_id is None or image_id not in self._keys:
            return unknown_image_fault(image_id, self._keys)
        if self._categories is not None and whole(entry.get("category_id")) not in self._categories:
            return "an unknown category_id"
        fault = entry_fault(entry, self._sizes[image_id])
        if fault is None and self._boxes and entry.get("bbox") is not None:
            self._stated += 1
            fault = box_fault(entry["bbox"], self._sizes[image_id])
        if fault is None:
            self._doubts.look(entry)
        return fault


def open_results(
    path: Path,
    dataset: Dataset,
    categories: bool,
    boxes: bool = False,
    rank: Rank | None = None,
    names: str | None = None,
) -> ResultsFolder | ListFolder | ResultsFile:
    """Open detections made elsewhere, for a dataset of instances.

    Args:
        path: A run's `predictions` folder, a folder of one list an image, or a JSON file.
        dataset: An `InstanceDataset`.
        categories: Whether category ids must be the dataset's.
        boxes: As `ResultsFile`.
        rank, names: As `ListFolder`.

    Raises:
        PredictionError: See `ResultsFile`.
        UsageError: The dataset holds no instances, or a template of names is given where files are not found by it.
    """
    ending = ending_of_lists(path) if path.is_dir() else None
    own = path.is_dir() and ending is None
    if names is not None and (own or not path.is_dir()):
        what = "only folders of one list an image are read by the names of their files"
        raise UsageError(what, where=f"predictions.names={names}", mend="leave predictions.names out")
    if own:
        return ResultsFolder(path, dataset.all_keys, categories)
    if not isinstance(dataset, InstanceDataset):
        raise UsageError(f"{dataset.card.name} has no instances", where="data", mend="choose data=coco or data=lvis")
    known = {int(category["id"]) for category in dataset.categories} if categories else None
    if ending is not None:
        return ListFolder(path, ending, dataset, known, boxes, rank, names)
    return ResultsFile(path, dataset.key_of_image_id, dataset.size_of_image_id, known, boxes)


def open_detector(path: Path, dataset: Dataset) -> ResultsFile:
    """Open a detector's boxes, with which a model is prompted.

    Raises:
        PredictionError: See `ResultsFile`.
        UsageError: It is a folder, or the dataset holds no instances.
    """
    opened = open_results(path, dataset, categories=True, boxes=True)
    if not isinstance(opened, ResultsFile):
        raise UsageError("boxes is a folder", where=str(path), mend="give a COCO results file, or boxes=gt")
    return opened


class DetectionSaving(Saving):
    """A task whose predictions are detections.

    Attributes:
        with_categories: Whether those made elsewhere need the dataset's categories.
        iou_type: What is scored; boxes that stand in a file are taken instead of those of the masks beside them.
    """

    with_categories: ClassVar[bool] = True
    iou_type: IouType

    def save(self, sample: Sample, prediction: Detections, folder: Path) -> None:
        """Write the masks as a compressed COCO results list, one file an image."""
        write_detections(prediction, sample.target.image_id, folder, sample.id)

    def reader(self, path: Path, dataset: Dataset, names: str | None = None) -> PredictionReader:
        """Open a COCO results file, the `predictions` folder of a run, or one list of masks an image.

        Args:
            path: The file or folder.
            dataset: What they answer to.
            names: A template of the names of lists; None finds it.
        """
        boxes, rank = self.iou_type == "bbox", getattr(self, "rank", None)
        opened = open_results(path, dataset, self.with_categories, boxes, rank, names)
        if isinstance(opened, ListFolder) and opened.ranked:
            opened.notes.append(f"masks without a score are ranked by task.rank={rank}")
        return opened
