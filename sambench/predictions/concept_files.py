"""COCO results lists whose `image_id` names a pair of an image and a phrase, as SA-Co's evaluation reads them.

SAM 3's evaluator gives 0 without a word to a list of other ids, of other categories, of boxes in pixels; here each of
these is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sambench.datasets.base import Dataset
from sambench.datasets.concepts.pairs import PairPlaces
from sambench.datasets.formats.coco_fields import identity, nested_polygons
from sambench.errors import PredictionError, UsageError, listing
from sambench.files.atomic import file_sha256
from sambench.files.json_text import number, whole
from sambench.masks import rle
from sambench.metrics.coco.params import IouType
from sambench.metrics.concepts.rules import ConceptRules
from sambench.predictions.doubts import Doubts
from sambench.predictions.results_index import ResultsIndex
from sambench.prompts.concepts import ConceptPrediction, PhraseDetections
from sambench.types import Sample, Size

EmptyMasks = Literal["refuse", "count"]

FAULTS = {
    "an image_id that is no pair of this data": "image_id is the `id` of the ground truth's `images` entry, which is a"
    " pair of an image and a phrase; choose the data and subset they were made for",
    "a category_id other than 1": "set category_id to 1 in every entry: the phrase is told by image_id",
    "a score outside 0 to 1": "write probabilities, not logits: what is below .5 counts for nothing",
    "a bbox in pixels": "divide x and width by the image's width, y and height by its height, or score masks"
    " (task.iou_type=segm)",
    "a mask without a pixel": "take these entries out, or count each as something wrongly found, as SAM 3's evaluator"
    " does: task.empty_masks=count",
    "no segmentation": "store a mask for every detection, or score boxes: task.iou_type=bbox",
}
"""Fault of an entry -> what mends it, where that is not to write the file again."""


def to_phrase(
    entries: Sequence[Mapping[str, Any]], size: Size, where: object, presence: float | None = None
) -> PhraseDetections:
    """Turn the entries of one pair into detections.

    Raises:
        PredictionError: A mask cannot be decoded or has another size, or only some entries have a mask, or a box.
    """
    scores = np.array([entry["score"] for entry in entries], np.float64)
    has = {key: [entry.get(key) is not None for entry in entries] for key in ("segmentation", "bbox")}
    for key, there in has.items():
        if any(there) and not all(there):
            what = f"{there.count(False)} of {len(there)} detections of a pair have no {key}"
            raise PredictionError(what, where=where, mend=f"store a {key} for every detection, or for none")
    rles, boxes = None, None
    try:
        if all(has["segmentation"]):
            rles = [rle.from_segmentation(nested_polygons(entry["segmentation"]), size) for entry in entries]
    except ValueError as error:
        raise PredictionError(f"a mask cannot be used: {error}", where=where, mend="write it as COCO RLE") from error
    if entries and all(has["bbox"]):
        boxes = np.array([entry["bbox"] for entry in entries], np.float64)
    return PhraseDetections(scores, rles, boxes, presence)


def box_shares(detections: PhraseDetections, size: Size) -> np.ndarray:
    """Return the (D, 4) float64 boxes XYWH of detections, stated or around masks, in shares of the image's sides."""
    if detections.box_shares_xywh is not None:
        return detections.box_shares_xywh
    return rle.boxes_xywh(detections.rles or []) / np.array([size[1], size[0], size[1], size[0]], np.float64)


class ConceptFiles:
    """COCO results lists made elsewhere, as `sambench.predictions.reader.PredictionReader`.

    Args:
        path: A JSON list, or for data of several subsets a folder with one list a subset, below a folder of its name.
        dataset: Has `pair_places()`: subset -> `PairPlaces`; and `dataset_of(key)` where there are several subsets.
        iou_type: Whether masks or boxes are read.
        empty: Whether masks without a pixel, of a score that counts, are refused.

    Attributes:
        notes: What makes one doubt the detections.
        choices: Which boxes are read where boxes are scored: those "stated" in the file, or those "of_masks".

    Raises:
        PredictionError: A file cannot be read, holds no detection, or has entries that SAM 3's evaluator would take for
            nothing (`FAULTS`); each kind is counted. A subset has no file.
        UsageError: The data are no pairs.
    """

    missing_means: Literal["left out", "empty"] = "empty"

    def __init__(self, path: Path, dataset: Dataset, iou_type: IouType, empty: EmptyMasks) -> None:
        places = getattr(dataset, "pair_places", None)
        if places is None:
            what = f"{dataset.card.name} has no pairs of images and phrases"
            raise UsageError(what, where="data", mend="`sambench ls data` tells which data serves task=concepts")
        self.path, self._boxes, self._empty, self._stated = path, iou_type == "bbox", empty, 0
        self._dataset_of = getattr(dataset, "dataset_of", lambda _: "")
        self._places: dict[str, PairPlaces] = dict(places())
        self.notes: list[str] = []
        self._indices = {subset: self._index(subset, file) for subset, file in self._files().items()}
        entries = sum(len(index) for index in self._indices.values())
        if not entries:
            what = "there is no detection, and cgF1 of nothing is 0 whatever the data"
            raise PredictionError(what, where=path, mend="give the file that the model wrote its detections to")
        if self._boxes and 0 < self._stated < entries:
            what = f"{self._stated} of {entries} detections have a bbox, the others a mask alone"
            raise PredictionError(what, where=path, mend="store a bbox for every detection, or for none")
        self.choices = {} if not self._boxes else {"boxes": "stated" if self._stated else "of_masks"}
        self.notes += self._coverage_notes()

    def compare(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return nothing: to find nothing is an answer, and strangers were refused when the file was opened."""
        return [], []

    def read(self, sample: Sample) -> ConceptPrediction:
        """Read one image's answers, pair by pair."""
        index, answers = self._indices[self._dataset_of(sample.id)], {}
        for pair in sample.target.pairs:
            if entries := index.read(pair.id):
                answers[pair.id] = to_phrase(entries, sample.size, f"{index.path}, pair {pair.id}")
        return ConceptPrediction(answers)

    def fingerprint(self) -> str:
        """Return a SHA-256 over the bytes of all files, by subset."""
        digest = hashlib.sha256()
        for subset, index in sorted(self._indices.items()):
            digest.update(subset.encode() + bytes.fromhex(file_sha256(index.path)))
        return digest.hexdigest()

    def _files(self) -> dict[str, Path]:
        """Return the file of each subset.

        Raises:
            PredictionError: There is none, or there are several.
        """
        if not self.path.is_dir():
            if len(self._places) == 1:
                return dict.fromkeys(self._places, self.path)
            what = f"one file for {len(self._places)} subsets, whose pairs may have the same ids"
            raise PredictionError(what, where=self.path, mend="give the folder of all, or one subset: data.subset=NAME")
        lists = sorted(self.path.rglob("*.json"))
        by_subset = {
            subset: [file for file in lists if len(self._places) == 1 or _named(file.relative_to(self.path), subset)]
            for subset in self._places
        }
        for subset, files in by_subset.items():
            if len(files) != 1:
                there = listing([str(file.relative_to(self.path)) for file in files or lists]) or "no .json file"
                what = (
                    f"{len(files)} results files for {f'subset {subset}' if subset else 'the data'}; there is {there}"
                )
                mend = f"keep one, below a folder named {subset}" if subset else "give the file itself"
                raise PredictionError(what, where=self.path, mend=mend)
        return {subset: files[0] for subset, files in by_subset.items()}

    def _index(self, subset: str, file: Path) -> ResultsIndex:
        """Look through one file and refuse what would be taken for nothing."""
        places = self._places[subset]
        doubts = Doubts({pair: size for pair, (_, size) in places.items()})

        def fault(entry: dict[str, Any]) -> str | None:
            message = self._fault(entry, places)
            if message is None:
                doubts.look({**entry, "bbox": None})
            return message

        index = ResultsIndex(file, fault)
        self.notes += doubts.messages()
        if index.faults:
            faults = [
                f"{count} with {what} (entry {places_[0]}{'...' * (count > 1)})"
                for what, (count, places_) in index.faults.items()
            ]
            mend = "; ".join(dict.fromkeys(FAULTS.get(what, "write the file again") for what in index.faults))
            raise PredictionError(
                f"the results file does not fit this data: {'; '.join(faults)}", where=file, mend=mend
            )
        return index

    def _fault(self, entry: Mapping[str, Any], places: PairPlaces) -> str | None:
        """Say what is wrong with an entry."""
        pair = identity(entry.get("image_id"))
        if pair is None or pair not in places:
            return "an image_id that is no pair of this data"
        if entry.get("category_id") is not None and whole(entry["category_id"]) != 1:
            return "a category_id other than 1"
        if (score := number(entry.get("score"))) is None:
            return "a missing or non-finite score"
        if not 0 <= score <= 1:
            return "a score outside 0 to 1"
        mask, box, size = entry.get("segmentation"), entry.get("bbox"), places[pair][1]
        if self._boxes and box is not None:
            self._stated += 1
            return _box_fault(box)
        if mask is None:
            return "neither bbox nor segmentation" if self._boxes else "no segmentation"
        return _mask_fault(mask, size, self._empty == "refuse" and score >= ConceptRules().min_score)

    def _coverage_notes(self) -> list[str]:
        """Tell of images without any detection, as a list that was cut off has them."""
        notes = []
        for subset, index in self._indices.items():
            keys = {key for key, _ in self._places[subset].values()}
            answered = {self._places[subset][identity(pair) or pair][0] for pair in index.image_ids}
            if not answered:
                what = f"no detection for subset {subset}, whose cgF1 would be 0"
                raise PredictionError(what, where=index.path, mend="give its file, or leave the subset out")
            if len(answered) < len(keys):
                notes.append(f"{len(keys) - len(answered)} of {len(keys)} images have no detection for any phrase")
        return notes


def _named(path: Path, subset: str) -> bool:
    """Tell whether a folder or file bears a subset's name, as gold_metaclip_nps does."""
    return any(subset in part for part in path.parts)


def _box_fault(box: Any) -> str | None:
    if not (isinstance(box, list) and len(box) == 4 and all(number(side) is not None for side in box)):
        return "a bbox that is not four finite numbers"
    if max(map(abs, box)) > 2:  # those of a model may reach over the border, not by a whole side
        return "a bbox in pixels"
    return "an empty bbox" if min(box[2:]) <= 0 else None


def _mask_fault(mask: Any, size: Size, refuse_empty: bool) -> str | None:
    if not isinstance(mask, dict):
        return None if isinstance(mask, list) else "a segmentation that is no mask"
    stated = mask.get("size")
    if not isinstance(stated, list) or "counts" not in mask:
        return 'a segmentation without "size" and "counts"'
    if [whole(side) for side in stated] != list(size):
        return "a segmentation of another size than its image"
    try:
        drawn = rle.from_segmentation(mask, size)
    except ValueError:
        return "a segmentation that cannot be decoded"
    return "a mask without a pixel" if refuse_empty and not rle.areas([drawn])[0] else None
