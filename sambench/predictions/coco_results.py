"""Detections as files: a COCO results list made elsewhere, or a run's own predictions, one small file an image."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from sambench.datasets.base import Dataset
from sambench.datasets.formats.coco_fields import identity
from sambench.datasets.instances import InstanceDataset
from sambench.errors import PredictionError, UsageError, listing
from sambench.files.atomic import atomic_path
from sambench.files.json_files import number, parse_json, unpacked, whole
from sambench.files.safe_names import file_inside
from sambench.masks import rle
from sambench.metrics.coco.detections import Detections
from sambench.predictions.results_index import ResultsIndex
from sambench.predictions.sample_files import compare_files, files_ending, files_fingerprint, find_file
from sambench.types import Sample, Size

ENDING = ".json.gz"


def write_detections(detections: Detections, image_id: int | str, folder: Path, sample_id: str) -> None:
    """Write one image's masks as a compressed COCO results list, atomically and always to the same bytes.

    No `bbox` is written beside a mask: the official evaluators would take its area for the mask's.
    """
    entries = []
    for index in range(len(detections)):
        entry: dict[str, Any] = {"image_id": image_id, "category_id": int(detections.category_ids[index])}
        if detections.rles is not None:
            entry["segmentation"] = rle.to_json(detections.rles[index])
        elif detections.boxes_xywh is not None:
            entry["bbox"] = detections.boxes_xywh[index].tolist()
        entries.append({**entry, "score": float(detections.scores[index])})
    packed = gzip.compress(json.dumps(entries, separators=(",", ":")).encode(), compresslevel=1, mtime=0)
    with atomic_path(file_inside(folder, sample_id, ENDING)) as temporary:
        temporary.write_bytes(packed)


class ResultsFolder:
    """A run's `predictions/` of detections, as `sambench.engine.task.PredictionReader`.

    Args:
        folder: The folder.
        all_keys: Samples of the whole split.
        categories: Whether every detection needs a category.
    """

    without: Literal["left out", "empty"] = "empty"

    def __init__(self, folder: Path, all_keys: Sequence[str], categories: bool = False) -> None:
        self.folder, self._all_keys, self._categories = folder, list(all_keys), categories

    def compare(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the samples without a file, and the files that answer no sample of the split."""
        return compare_files(self.folder, ENDING, keys, self._all_keys)

    def read(self, sample: Sample) -> Detections:
        """Read one image's detections; none where there is no file."""
        path = find_file(self.folder, sample.id, ENDING)
        if not path.exists():
            return to_detections([], sample.size, path)
        try:
            entries = parse_json(unpacked(path.read_bytes()))
        except (OSError, ValueError) as error:
            raise PredictionError(f"prediction cannot be read: {error}", where=path, mend="predict it again") from error
        if not isinstance(entries, list):
            raise PredictionError("prediction holds no list of detections", where=path, mend="predict it again")
        for place, entry in enumerate(entries):
            fault = "no detection" if not isinstance(entry, dict) else _entry_fault(entry, sample.size)
            if fault is None and self._categories and whole(entry.get("category_id")) is None:
                fault = "no category_id"
            if fault is not None:
                raise PredictionError(f"prediction {place} has {fault}", where=path, mend="predict it again")
        return to_detections(entries, sample.size, path)

    def fingerprint(self) -> str:
        """Return a SHA-256 over names and bytes of all files."""
        return files_fingerprint(self.folder, files_ending(self.folder, ENDING))


class ResultsFile:
    """A COCO results list of one JSON file, as `sambench.engine.task.PredictionReader`.

    Args:
        path: The file.
        key_of_image_id: Sample id by image id, for the whole split.
        size_of: (height, width) by image id.
        category_ids: Known categories; None where categories do not count, so that entries need none.
        boxes: Whether boxes are what is read: those beside masks must be sound too.

    Raises:
        PredictionError: The file cannot be read, or has entries with unknown images or categories, boxes that are
            empty, not finite or outside their image, masks of another size, no score, or neither box nor mask; each
            kind is counted.
    """

    without: Literal["left out", "empty"] = "empty"
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
        self._boxes = boxes
        self.path, self._keys, self._sizes, self._categories = path, key_of_image_id, size_of, category_ids
        self.index = ResultsIndex(path, self._fault)
        if self.index.faults:
            told = [
                f"{count} with {what} (entries {listing([str(place) for place in places], 5)}{'...' * (count > 5)})"
                for what, (count, places) in self.index.faults.items()
            ]
            raise PredictionError(
                f"the results file does not fit this data: {'; '.join(told)}",
                where=path,
                mend="choose the data it was made for (data=..., data.split=...), or take these entries out",
            )

    def compare(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the samples without an entry; strangers were refused when the file was opened."""
        found = {self._keys[image_id] for image_id in self.index.image_ids}
        return [key for key in keys if key not in found], []

    def read(self, sample: Sample) -> Detections:
        """Read one image's detections, by `sample.target.image_id`."""
        where = f"{self.path}, image {sample.target.image_id}"
        return to_detections(self.index.read(sample.target.image_id), sample.size, where)

    def read_boxes(self, sample: Sample) -> Detections:
        """Read one image's boxes as prompts, whether or not there are masks beside them."""
        entries = self.index.read(sample.target.image_id)
        if not entries:
            return Detections(np.zeros(0), np.zeros(0, np.int64), None, np.zeros((0, 4)))
        if any("bbox" not in entry for entry in entries):
            raise PredictionError("a detection has no bbox to prompt with", where=self.path, mend="add it")
        return to_detections([{**entry, "segmentation": None} for entry in entries], sample.size, self.path)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _fault(self, entry: dict[str, Any]) -> str | None:
        """Say what is wrong with an entry."""
        image_id = identity(entry.get("image_id"))
        if image_id is None or image_id not in self._keys:
            return "an unknown image_id"
        if self._categories is not None and whole(entry.get("category_id")) not in self._categories:
            return "an unknown category_id"
        fault = _entry_fault(entry, self._sizes[image_id])
        if fault is None and self._boxes and "bbox" in entry:
            return _box_fault(entry["bbox"], self._sizes[image_id])
        return fault


def open_results(path: Path, dataset: Dataset, categories: bool, boxes: bool = False) -> ResultsFolder | ResultsFile:
    """Open detections made elsewhere, for a dataset of instances.

    Args:
        path: A run's `predictions` folder, or a JSON file.
        dataset: An `InstanceDataset`.
        categories: Whether category ids must be the dataset's.
        boxes: As `ResultsFile`.

    Raises:
        PredictionError: See `ResultsFile`.
        UsageError: The dataset holds no instances.
    """
    if path.is_dir():
        return ResultsFolder(path, dataset.all_keys, categories)
    if not isinstance(dataset, InstanceDataset):
        raise UsageError(f"{dataset.card.name} has no instances", where="data", mend="choose data=coco or data=lvis")
    known = {int(category["id"]) for category in dataset.categories} if categories else None
    return ResultsFile(path, dataset.key_of_image_id, dataset.size_of_image_id, known, boxes)


def to_detections(entries: Sequence[Mapping[str, Any]], size: Size, where: object) -> Detections:
    """Turn one image's entries into detections; masks where the entries have them, boxes elsewhere.

    An entry whose category is no whole number gets category 0, as where categories do not count.

    Raises:
        PredictionError: A mask cannot be decoded or has another size, or some entries have masks and some have none.
    """
    scores = np.array([entry["score"] for entry in entries], np.float64)
    categories = np.array([whole(entry.get("category_id")) or 0 for entry in entries], np.int64)
    masked = [entry.get("segmentation") is not None for entry in entries]
    if not any(masked) and entries:
        return Detections(scores, categories, None, np.array([entry["bbox"] for entry in entries], np.float64))
    if not all(masked):
        raise PredictionError(
            f"{masked.count(False)} of {len(masked)} detections of an image have no segmentation",
            where=where,
            mend="store a mask for every detection, or for none",
        )
    try:
        return Detections(scores, categories, [rle.from_segmentation(entry["segmentation"], size) for entry in entries])
    except ValueError as error:
        raise PredictionError(f"a mask cannot be used: {error}", where=where, mend="write it as COCO RLE") from error


def _entry_fault(entry: Mapping[str, Any], size: Size) -> str | None:
    """Say what is wrong with the score, mask or box of an entry in an image of (height, width)."""
    if number(entry.get("score")) is None:
        return "a missing or non-finite score"
    segmentation = entry.get("segmentation")
    if segmentation is None:
        return _box_fault(entry["bbox"], size) if "bbox" in entry else "neither bbox nor segmentation"
    if isinstance(segmentation, dict):
        stated = segmentation.get("size")
        if not isinstance(stated, list) or "counts" not in segmentation:
            return 'a segmentation without "size" and "counts"'
        return (
            None if [whole(side) for side in stated] == list(size) else "a segmentation of another size than its image"
        )
    return None if isinstance(segmentation, list) else "a segmentation that is no mask"


def _box_fault(box: Any, size: Size) -> str | None:
    """Say what is wrong with a box XYWH in an image of (height, width); reaching over the border is no fault."""
    if not (isinstance(box, list) and len(box) == 4 and all(number(side) is not None for side in box)):
        return "a bbox that is not four finite numbers"
    x, y, width, height = box
    if width <= 0 or height <= 0:
        return "an empty bbox"
    if x >= size[1] or y >= size[0] or x + width <= 0 or y + height <= 0:
        return "a bbox outside its image"
    return None
