"""Any detector and any segmenter: boxes from a file prompt a model of the suite, the score stays the detector's."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch

from sambench.config.ranges import Range
from sambench.errors import ModelError, listing
from sambench.files.atomic import file_sha256
from sambench.models.base import ConceptModel
from sambench.models.text.box_files import read_boxes
from sambench.models.text.segmenters import Segmenter
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import Embedding, Sample

log = logging.getLogger("sambench.models")

STRANGE_PAIRS = 200
"""After so many pairs without a box it is told that the file may be of other data."""


class BoxesThenMasks(ConceptModel):
    """Answers a phrase with the masks of the boxes that a file holds for its pair.

    Embeddings are the segmenter's own, and so are their cache entries.

    Args:
        detector: JSON file of boxes (`sambench.models.text.box_files`).
        segmenter: A model that takes boxes: its `name`, `checkpoint` and other switches.
        device: Where the segmenter runs.
        dtype: Of its image encoder, where it has a choice.
        box_threshold: Boxes are drawn whose score is above.

    Raises:
        ModelError: File or segmenter cannot be used.
        UsageError: There is no such segmenter, or it takes no boxes.
    """

    def __init__(
        self,
        detector: str | None,
        segmenter: dict[str, Any],
        device: str = "auto",
        dtype: str = "fp32",
        box_threshold: Annotated[float, Range(0, 1)] = 0.0,
    ) -> None:
        if detector is None:
            raise ModelError("no boxes are given", where="model.detector", mend="model.detector=FILE")
        path = Path(detector).expanduser()
        self.boxes, self.box_threshold = read_boxes(path), box_threshold
        self.segmenter = Segmenter(segmenter, device, dtype)
        model, sha256 = self.segmenter.model, file_sha256(path)
        self.device = self.segmenter.device
        self.name = f"{path.name.partition('.')[0]}+{model.name}"
        self.fingerprint, self.cacheable = model.fingerprint, model.cacheable
        self.libraries, self.encode_batch_size = model.libraries, model.encode_batch_size
        decoding = f"boxes 1 {sha256} {self.segmenter.identity}"
        self.provenance: dict[str, object] = {
            "detector": str(path),
            "detector_sha256": sha256,
            "boxes": sum(map(len, self.boxes.values())),
            "segmenter": {"name": model.name, **model.provenance},
            "decoder_fingerprint": hashlib.sha256(decoding.encode()).hexdigest(),
        }
        self._pairs: dict[str, int | str] = {}
        self._images: dict[int | str, str] = {}
        self._unanswered = 0

    def parts(self) -> Mapping[str, torch.nn.Module]:
        """Return the segmenter's own."""
        return self.segmenter.model.parts()

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Let the segmenter encode."""
        return self.segmenter.encode(images)

    def about(self, sample: Sample) -> None:
        """Keep which pair each of the image's phrases is.

        Raises:
            ModelError: A pair of the same id is in another image, as it may be in data of several subsets.
        """
        self._pairs = {pair.phrase: pair.id for pair in sample.target.pairs}
        twice = [pair for pair in self._pairs.values() if self._images.setdefault(pair, sample.id) != sample.id]
        if twice:
            what = f"pair {twice[0]} is in several images, {self._images[twice[0]]} and {sample.id}"
            raise ModelError(what, where="model.detector", mend="score one subset at a time, each with its own boxes")

    def concepts(self, embedding: Embedding, phrases: Sequence[str]) -> list[ConceptAnswer]:
        """Draw the boxes of each phrase's pair; see `ConceptModel.concepts`.

        Raises:
            ModelError: A phrase is none of the image that `about` was told of.
        """
        if strangers := [phrase for phrase in phrases if phrase not in self._pairs]:
            what = f"{self.name} knows pairs, not phrases, and was told of none for {listing(strangers, 3)}"
            raise ModelError(what, mend="call `about` with the sample first, or use task=concepts, which does")
        return [self._answer(embedding, self._pairs[phrase]) for phrase in phrases]

    def _answer(self, embedding: Embedding, pair: int | str) -> ConceptAnswer:
        rows = self.boxes.get(pair, np.zeros((0, 5)))
        self._unanswered = -1 if len(rows) or self._unanswered < 0 else self._unanswered + 1
        if self._unanswered == STRANGE_PAIRS:
            log.warning("no box for any of the first %d pairs: is %s of these data?", STRANGE_PAIRS, self.name)
        rows = rows[rows[:, 4] > self.box_threshold]
        boxes = torch.from_numpy(np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], 1)).float()
        return self.segmenter.answer(embedding, boxes, torch.from_numpy(rows[:, 4]).float())
