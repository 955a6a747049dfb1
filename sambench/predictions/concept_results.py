"""Answers to phrases as files: a run's own, one small file an image, and how a task saves and opens them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from sambench.datasets.base import Dataset
from sambench.errors import PredictionError
from sambench.files.json_files import unpacked
from sambench.files.json_text import parse_json
from sambench.masks import rle
from sambench.metrics.coco.params import IouType
from sambench.predictions.concept_files import ConceptFiles, EmptyMasks, box_shares, to_phrase
from sambench.predictions.reader import PredictionReader, Saving
from sambench.predictions.sample_files import compare_files, files_ending, files_fingerprint, find_file, write_packed
from sambench.prompts.concepts import ConceptPrediction, PhraseDetections
from sambench.types import Sample, Size

ENDING = ".json.gz"


def result_entries(pair: int | str, detections: PhraseDetections, size: Size) -> list[dict[str, Any]]:
    """Write the answer to a pair as entries of a COCO results list, as SAM 3's evaluator reads them.

    `image_id` is the pair's id, `category_id` 1; `bbox` (XYWH) and `area` are shares of the image's sides and area.
    """
    masks: Sequence[Any] = [None] * len(detections) if detections.rles is None else detections.rles
    boxes = box_shares(detections, size)
    shares = boxes[:, 2] * boxes[:, 3] if detections.rles is None else rle.areas(detections.rles) / (size[0] * size[1])
    return [
        {
            "image_id": pair,
            "category_id": 1,
            **({} if mask is None else {"segmentation": rle.to_json(mask)}),
            "bbox": box.tolist(),
            "area": float(share),
            "score": float(score),
        }
        for mask, box, share, score in zip(masks, boxes, shares, detections.scores, strict=True)
    ]


def write_concepts(prediction: ConceptPrediction, size: Size, folder: Path, sample_id: str) -> None:
    """Write one image's answers, atomically and always to the same bytes.

    The file holds {"results": a COCO results list, "presence": {pair id: ...} of models that tell it}.
    """
    answers = prediction.answers
    results = [entry for pair, detections in answers.items() for entry in result_entries(pair, detections, size)]
    presence = {
        str(pair): detections.presence for pair, detections in answers.items() if detections.presence is not None
    }
    write_packed({"results": results, "presence": presence}, folder, sample_id, ENDING)


class ConceptFolder:
    """A run's `predictions/` of answers to phrases, as `sambench.predictions.reader.PredictionReader`.

    Args:
        folder: The folder.
        all_keys: Samples of the whole split.
    """

    missing_means: Literal["left out", "empty"] = "left out"

    def __init__(self, folder: Path, all_keys: Sequence[str]) -> None:
        self.folder, self._all_keys = folder, list(all_keys)

    def compare(self, keys: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the samples without a file, and the files that answer no sample of the split."""
        return compare_files(self.folder, ENDING, keys, self._all_keys)

    def read(self, sample: Sample) -> ConceptPrediction:
        """Read one image's answers.

        Raises:
            PredictionError: The file is damaged, or answers no pair of the image.
        """
        path = find_file(self.folder, sample.id, ENDING)
        try:
            content = parse_json(unpacked(path.read_bytes()))
            results, presence = content["results"], {str(pair): float(p) for pair, p in content["presence"].items()}
            by_pair: dict[str, list[dict[str, Any]]] = {}
            for entry in results:
                by_pair.setdefault(str(entry["image_id"]), []).append(entry)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"answers to phrases cannot be read: {error!r}"
            raise PredictionError(what, where=path, mend="predict it again") from error
        known = {str(pair.id): pair.id for pair in sample.target.pairs}
        if strangers := [pair for pair in (*by_pair, *presence) if pair not in known]:
            what = f"answers to a pair that the image does not have: {strangers[0]}"
            raise PredictionError(what, where=path, mend="predict it again")
        names = [name for name in known if name in by_pair or name in presence]
        return ConceptPrediction(
            {known[name]: to_phrase(by_pair.get(name, []), sample.size, path, presence.get(name)) for name in names}
        )

    def fingerprint(self) -> str:
        """Return a SHA-256 over names and bytes of all files."""
        return files_fingerprint(self.folder, files_ending(self.folder, ENDING))


class ConceptSaving(Saving):
    """A task whose predictions are answers to phrases."""

    @property
    @abstractmethod
    def iou_type(self) -> IouType:
        """What is scored; boxes that stand in a file are taken instead of those of the masks beside them."""

    @property
    @abstractmethod
    def empty_masks(self) -> EmptyMasks:
        """What becomes of masks without a pixel in files made elsewhere."""

    def save(self, sample: Sample, prediction: ConceptPrediction, folder: Path) -> None:
        """Write the answers, one file an image."""
        write_concepts(prediction, sample.size, folder, sample.id)

    def reader(self, path: Path, dataset: Dataset) -> PredictionReader:
        """Open the `predictions` folder of a run, or COCO results lists with pair ids.

        Raises:
            PredictionError: See `ConceptFiles`.
        """
        if path.is_dir() and files_ending(path, ENDING):
            return ConceptFolder(path, dataset.all_keys)
        return ConceptFiles(path, dataset, self.iou_type, self.empty_masks)
