"""Folders of one JSON list of masks an image, as segment_anything's `amg.py --convert-to-rle` writes them.

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
from sambench.metrics.coco.detections import Detections
from sambench.predictions.map_folders import MapFolder
from sambench.predictions.result_entries import FAULTS, box_fault, entry_fault, to_detections
from sambench.types import Sample

ENDINGS = (".json",)
GIVEN = ("predicted_iou", "stability_score")
"""What a mask generator states of each mask, from which a score is made where none stands beside it."""


class ListFolder(MapFolder):
    """A folder of lists of detections, each of one image, as `sambench.predictions.reader.PredictionReader`.

    Args:
        folder: The folder.
        dataset: What they answer to.
        categories: Whether every detection needs a category.
        boxes: Whether boxes are what is read: those beside masks are taken instead of the masks'.
        rank: How a score is made of predicted IoU and stability score; None where every entry needs a `score`.
        names: As for `MapFolder`.
    """

    missing_means: Literal["left out", "empty"] = "empty"

    def __init__(
        self, folder: Path, dataset: Dataset, categories: bool, boxes: bool, rank: Rank | None, names: str | None
    ) -> None:
        super().__init__(folder, dataset.all_keys, ENDINGS, names)
        self._categories, self._boxes, self._rank = categories, boxes, rank
        paths = (self.find(key) for key in dataset.all_keys)
        lists = (_entries(path) for path in paths if path is not None)
        first = next((entries[0] for entries in lists if entries and isinstance(entries[0], dict)), {})
        if rank is not None and "score" not in first and all(name in first for name in GIVEN):
            self.notes.append(f"masks without a score are ranked by task.rank={rank}")

    def read(self, sample: Sample) -> Detections:
        """Read one image's detections; none where there is no file."""
        path = self.find(sample.id)
        if path is None:
            return to_detections([], sample.size, self.folder)
        entries = _entries(path)
        for index, entry in enumerate(entries):
            fault = self._fault(entry, sample)
            if fault is not None:
                mend = f"{FAULTS.get(fault, 'write the file again')}; or take these entries out"
                raise PredictionError(f"entry {index} is or has {fault}", where=path, mend=mend)
        scores = self._scores(entries)
        scored = [{**entry, "score": entry.get("score", own)} for entry, own in zip(entries, scores, strict=True)]
        if self._boxes and any(entry.get("bbox") is not None for entry in scored):
            scored = [{**entry, "segmentation": None} for entry in scored]
        return to_detections(scored, sample.size, path)

    def _scores(self, entries: list[dict[str, Any]]) -> list[float]:
        """Return what entries without a score are ranked by."""
        given = [np.array([number(entry.get(name)) or 0.0 for entry in entries], np.float64) for name in GIVEN]
        return rank_scores(given[0], given[1], self._rank or "predicted_iou", np.random.default_rng(0)).tolist()

    def _fault(self, entry: Any, sample: Sample) -> str | None:
        """Say what is wrong with an entry."""
        if not isinstance(entry, dict):
            return "no detection"
        if "image_id" in entry and identity(entry["image_id"]) != sample.target.image_id:
            return "an unknown image_id"
        if self._categories and whole(entry.get("category_id")) is None:
            return "no category_id"
        ranked = self._rank is not None and "score" not in entry
        if ranked and any(number(entry.get(name)) is None for name in GIVEN):
            return f"neither a score nor {' and '.join(GIVEN)}"
        fault = entry_fault({**entry, "score": 0.0} if ranked else entry, sample.size)
        if fault is None and self._boxes and entry.get("bbox") is not None:
            fault = box_fault(entry["bbox"], sample.size)
        return fault


def _entries(path: Path) -> list[Any]:
    """Read an image's list.

    Raises:
        PredictionError: It cannot be read, or there is no list.
    """
    try:
        content = read_json_file(path)
    except (OSError, JsonError) as error:
        raise PredictionError(f"prediction cannot be read: {error}", where=path, mend="write it again") from error
    entries = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        mend = "write a JSON list of the image's masks, as `amg.py --convert-to-rle` does"
        raise PredictionError("prediction holds no list of detections", where=path, mend=mend)
    return entries
