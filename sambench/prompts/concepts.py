"""A phrase asked of an image: the ground truth of such pairs, and what a model answers (text prompts).

"Pair" is SAM 3's word for an image with one noun phrase (arXiv 2511.16719): every object of the image that the phrase
names is asked for, or none where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sambench.types import Annotation, MaskFrame

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ConceptPair:
    """One phrase asked of one image.

    Attributes:
        id: The pair's id in its dataset, which predictions name as their `image_id`.
        phrase: The noun phrase, as the dataset writes it.
        annotators: The objects that each annotator drew, in the benchmark's order; an empty list says that the concept
            is not there. An annotation's `box_xywh` is in pixels.
        exhaustive: Whether every annotator drew all objects; a pair where one did not is neither asked nor scored.
    """

    id: int | str
    phrase: str
    annotators: tuple[list[Annotation], ...]
    exhaustive: bool = True


@dataclass(frozen=True)
class ConceptTruth:
    """The pairs of one image, in the dataset's order.

    Attributes:
        pairs: Phrases with their ground truth; each pair has an id of its own, though a phrase may stand twice.
    """

    pairs: list[ConceptPair]

    @property
    def asked(self) -> list[ConceptPair]:
        """The pairs that count: those drawn exhaustively."""
        return [pair for pair in self.pairs if pair.exhaustive]


@dataclass(frozen=True)
class ConceptAnswer:
    """A model's answer to one phrase: n masks, unfiltered, on the model's device.

    Attributes:
        scores: (n,) float in [0, 1] that the mask is an object of the phrase, presence included.
        logits: (n, h, w) float low-resolution logits; a mask is where they exceed 0 once resized to the image.
        boxes_xyxy: (n, 4) float in pixels of the original image, or None where the masks' own boxes are meant.
        frame: How the logits map to the image.
        presence: () float in [0, 1] that the concept is in the image, of a model that tells it.
        semantic: (h', w') float logits of all that the phrase names, of a model that tells it, in the same frame.
    """

    scores: Tensor
    logits: Tensor
    boxes_xyxy: Tensor | None
    frame: MaskFrame
    presence: Tensor | None = None
    semantic: Tensor | None = None


@dataclass(frozen=True)
class PhraseDetections:
    """What is kept of an answer to one phrase: D detections on the host.

    Attributes:
        scores: (D,) float64.
        rles: D compressed COCO run-length codes, or None where there are only boxes.
        box_shares_xywh: (D, 4) float64 left, top, width, height in shares of the image's sides, as SA-Co's files have
            boxes, or None where the masks' own are meant.
        presence: That the concept is in the image, in [0, 1], where the model tells it.
    """

    scores: np.ndarray
    rles: Sequence[dict[str, Any]] | None
    box_shares_xywh: np.ndarray | None
    presence: float | None = None

    def __len__(self) -> int:
        """Return D."""
        return len(self.scores)


@dataclass(frozen=True)
class ConceptPrediction:
    """What was answered about one image.

    Attributes:
        answers: Pair id -> its detections; a pair without any may be missing.
    """

    answers: Mapping[int | str, PhraseDetections] = field(default_factory=dict)

    def to(self, pair: ConceptPair) -> PhraseDetections:
        """Return the answer to a pair, empty where there is none."""
        return self.answers.get(pair.id, PhraseDetections(np.zeros(0), [], None))
