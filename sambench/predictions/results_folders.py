"""A run's own detections: one small file an image, a COCO results list packed with gzip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from sambench.errors import PredictionError
from sambench.files.json_files import unpacked
from sambench.files.json_text import parse_json, whole
from sambench.masks import rle
from sambench.metrics.coco.detections import Detections
from sambench.predictions.result_entries import entry_fault, to_detections
from sambench.predictions.sample_files import compare_files, files_ending, files_fingerprint, find_file, write_packed
from sambench.types import Sample

ENDING = ".json.gz"


def write_detections(detections: Detections, image_id: int | str, folder: Path, sample_id: str) -> None:
    """Write one image's masks as a compressed COCO results list, atomically and always to the same bytes.

    What is known of `ESTIMATES` stands beside the score, to six digits. No `bbox` is written beside a mask: the
    official evaluators would take its area for the mask's.
    """
    entries = []
    for index in range(len(detections)):
        entry: dict[str, Any] = {"image_id": image_id, "category_id": int(detections.category_ids[index])}
        if detections.rles is not None:
            entry["segmentation"] = rle.to_json(detections.rles[index])
        elif detections.boxes_xywh is not None:
            entry["bbox"] = detections.boxes_xywh[index].tolist()
        estimates = {name: round(float(part[index]), 6) for name, part in detections.estimates.items()}
        entries.append({**entry, "score": float(detections.scores[index]), **estimates})
    write_packed(entries, folder, sample_id, ENDING)


class ResultsFolder:
    """A run's `predictions/` of detections, as `sambench.predictions.reader.PredictionReader`.

    Args:
        folder: The folder.
        all_keys: Samples of the whole split.
        categories: Whether every detection needs a category.
    """

    missing_means: Literal["left out", "empty"] = "empty"

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
        for index, entry in enumerate(entries):
            fault = "no detection" if not isinstance(entry, dict) else entry_fault(entry, sample.size)
            if fault is None and self._categories and whole(entry.get("category_id")) is None:
                fault = "no category_id"
            if fault is not None:
                raise PredictionError(f"prediction {index} has {fault}", where=path, mend="predict it again")
        return to_detections(entries, sample.size, path)

    def fingerprint(self) -> str:
        """Return a SHA-256 over names and bytes of all files."""
        return files_fingerprint(self.folder, files_ending(self.folder, ENDING))
