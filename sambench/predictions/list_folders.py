"""Folders of one list of masks an image, as segment_anything's `amg.py` writes them.

With `--convert-to-rle` that is a JSON list an image, without it a folder of PNG masks (`mask_folders`).
SA-1B's own files, a dictionary whose `annotations` are such a list, are read as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from sambench.datasets.base import Dataset
from sambench.datasets.formats.coco_fields import identity
from sambench.errors import PredictionError
from sambench.files.json_files import read_json_file
from sambench.files.json_text import JsonError, number, whole
from sambench.masks.generator_settings import Rank
from sambench.masks.proposals import rank_scores
from sambench.metrics.coco.detections import ESTIMATES, Detections
from sambench.predictions.map_folders import MapFolder
from sambench.predictions.mask_folders import METADATA, mask_lines, with_masks
from sambench.predictions.result_entries import (
    box_fault,
    entry_fault,
    mend_of,
    to_detections,
    unknown_image_fault,
)
from sambench.predictions.results_folders import ENDING
from sambench.predictions.sample_files import files_ending, files_fingerprint
from sambench.types import Sample


def ending_of_lists(folder: Path) -> str | None:
    """Return how the lists of a folder end, JSON before folders of masks; None for a run's own files, or none."""
    names = {path.name.lower() for path in files_ending(folder, "")}
    if any(name.endswith(ENDING) for name in names):
        return None
    if any(name.endswith(".json") for name in names):
        return ".json"
    return Path(METADATA).suffix if METADATA in names else None


class ListFolder(MapFolder):
    """A folder of lists of detections, each of one image, as `sambench.predictions.reader.PredictionReader`.

    Whether scores and boxes stand beside masks is told by the first entry, and held against all others.

    Args:
        folder: The folder.
        ending: Of its lists (`ending_of_lists`).
        dataset: What they answer to.
        category_ids: Known categories; None where categories do not count, so that entries need none.
        boxes: Whether boxes are what is read: those beside masks are taken instead of the masks'.
        rank: How a score is made of `ESTIMATES`; None where every entry needs a `score`.
        names: As for `MapFolder`.

    Attributes:
        ranked: Whether scores are made of `ESTIMATES`.
    """

    missing_means: Literal["left out", "empty"] = "empty"

    def __init__(
        self,
        folder: Path,
        ending: str,
        dataset: Dataset,
        category_ids: set[int] | None,
        boxes: bool,
        rank: Rank | None,
        names: str | None,
    ) -> None:
        super().__init__(folder, dataset.all_keys, [ending], names)
        self._categories, self._boxes, self._rank = category_ids, boxes, rank
        paths = (self.find(key) for key in dataset.all_keys)
        lists = (_entries(path) for path in paths if path is not None)
        first = next((entries[0] for entries in lists if entries and isinstance(entries[0], dict)), {})
        self.ranked = rank is not None and bool(first) and "score" not in first
        self._stated = boxes and first.get("bbox") is not None
        if boxes:
            self.choices = {"boxes": "stated" if self._stated else "of_masks"}

    def read(self, sample: Sample) -> Detections:
        """Read one image's detections; none where there is no file."""
        path = self.find(sample.id)
        if path is None:
            return to_detections([], sample.size, self.folder)
        entries = _entries(path)
        if path.name == METADATA:
            entries = with_masks(entries, path.parent, sample.size)
        for index, entry in enumerate(entries):
            fault = self._fault(entry, sample)
            if fault is not None:
                raise PredictionError(f"entry {index} is or has {fault}", where=path, mend=mend_of([fault]))
        if self._rank is not None and self.ranked:
            iou, stability = (np.array([entry[name] for entry in entries], np.float64) for name in ESTIMATES)
            scores = rank_scores(iou, stability, self._rank, np.random.default_rng(0)).tolist()
            entries = [{**entry, "score": score} for entry, score in zip(entries, scores, strict=True)]
        if self._stated:
            entries = [{**entry, "segmentation": None} for entry in entries]
        return to_detections(entries, sample.size, path)

    def fingerprint(self) -> str:
        """Return a SHA-256 (hex) over names and bytes of all lists, and of the masks beside them."""
        lists = {path for files in self._files.values() for path in files}
        masks = {mask for path in lists if path.name == METADATA for mask in path.parent.glob("*.png")}
        return files_fingerprint(self.folder, sorted(lists | masks))

    def _fault(self, entry: Any, sample: Sample) -> str | None:
        """Say what is wrong with an entry."""
        if not isinstance(entry, dict):
            return "no detection"
        own = sample.target.image_id
        if "image_id" in entry and (stated := identity(entry["image_id"])) != own:
            return unknown_image_fault(stated, {own: sample.id})
        if self._categories is not None and (category := whole(entry.get("category_id"))) not in self._categories:
            return "no category_id" if category is None else "an unknown category_id"
        bare = self.ranked and "score" not in entry
        if bare and any(number(entry.get(name)) is None for name in ESTIMATES):
            return f"neither a score nor {' and '.join(ESTIMATES)}"
        fault = entry_fault({**entry, "score": 0.0} if bare else entry, sample.size)
        if fault is not None:
            return fault
        if self.ranked and not bare:
            return "a score, where other entries have none"
        if self._boxes and (entry.get("bbox") is not None) != self._stated:
            return "no bbox, where other entries have one" if self._stated else "a bbox, where other entries have none"
        return box_fault(entry["bbox"], sample.size) if self._stated else None


def _entries(path: Path) -> list[Any]:
    """Read an image's list; that of a folder of masks comes without them.

    Raises:
        PredictionError: It cannot be read, or there is no list.
    """
    if path.name == METADATA:
        return list(mask_lines(path))
    try:
        content = read_json_file(path)
    except (OSError, JsonError) as error:
        raise PredictionError(f"prediction cannot be read: {error}", where=path, mend="write it again") from error
    entries = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        mend = "write a JSON list of the image's masks, as `amg.py --convert-to-rle` does"
        raise PredictionError("prediction holds no list of detections", where=path, mend=mend)
    return entries
