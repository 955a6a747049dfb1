"""Pictures of answers to phrases: for each phrase what an annotator drew beside what was found."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from sambench.drawing.pictures.instances import COLOURS, tint
from sambench.drawing.pictures.overlay import save_png
from sambench.engine.task import Drawing
from sambench.files.safe_names import file_inside
from sambench.masks import rle
from sambench.prompts.concepts import ConceptPair, ConceptPrediction, PhraseDetections
from sambench.types import Sample

ROWS = 6
"""Phrases a picture shows."""

_SIDE, _CAPTION = 420, 18
"""Longest side of a panel, and height of the line above it, in pixels."""


def draw_concepts(sample: Sample, prediction: ConceptPrediction, folder: Path, min_score: float) -> Path:
    """Draw the phrases on which there is most to see: those that are there, then those for which something was found.

    Args:
        sample: The image with its `ConceptTruth`.
        prediction: The answers.
        folder: Where `ID.png` is written.
        min_score: Detections of at least this score are drawn.

    Returns:
        The picture's path.
    """

    def least_first(pair: ConceptPair) -> tuple[bool, bool]:
        return not pair.annotators[0], not (prediction.to(pair).scores >= min_score).any()

    shown = sorted(sample.target.asked, key=least_first)[:ROWS]
    rows = [_row(sample, pair, prediction.to(pair), min_score) for pair in shown] or [sample.image]
    return save_png(np.concatenate(rows), file_inside(folder, sample.id, ".png"))


def _row(sample: Sample, pair: ConceptPair, detections: PhraseDetections, min_score: float) -> np.ndarray:
    """Draw one phrase: (h, w, 3) uint8, the truth on the left, the answer on the right."""
    truth = [one.rle for one in pair.annotators[0] if not one.iscrowd]
    kept = np.flatnonzero(detections.scores >= min_score)
    masks = [] if detections.rles is None else [detections.rles[index] for index in kept.tolist()]
    scores = ", ".join(f"{score:.2f}" for score in detections.scores[kept][:4])
    captions = (
        f"{pair.phrase!r}: {len(truth) or 'none'} drawn",
        f"{len(kept) or 'none'} found{': ' * bool(scores)}{scores}",
    )
    panels = [_panel(sample, codes, words) for codes, words in zip((truth, masks), captions, strict=True)]
    return np.concatenate(panels, axis=1)


def _panel(sample: Sample, codes: list[rle.Rle], words: str) -> np.ndarray:
    painted = sample.image.astype(np.float64)
    for number, mask in enumerate(rle.decode_masks(codes, sample.size)):
        tint(painted, mask, COLOURS[number % len(COLOURS)])
    scale = min(1.0, _SIDE / max(sample.size))
    width, height = (max(1, round(side * scale)) for side in sample.size[::-1])
    sheet = Image.new("RGB", (width, height + _CAPTION), "white")
    sheet.paste(Image.fromarray(painted.astype(np.uint8)).resize((width, height)), (0, _CAPTION))
    ImageDraw.Draw(sheet).text((3, 3), words[: max(8, width // 6)], fill="black")
    return np.asarray(sheet)


class ConceptDrawing(Drawing):
    """A task whose predictions are drawn phrase by phrase."""

    @property
    @abstractmethod
    def min_score(self) -> float:
        """The lowest score that counts."""

    def illustrate(self, sample: Sample, prediction: ConceptPrediction, folder: Path) -> None:
        """Draw what was drawn and what was found for some phrases."""
        draw_concepts(sample, prediction, folder, self.min_score)
