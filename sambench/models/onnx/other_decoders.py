"""Decoders of other calls: transformers' (optimum, transformers.js), whole or in two parts, and EfficientSAM's."""

from __future__ import annotations

import numpy as np

from sambench.models.base import Question
from sambench.models.onnx.decoders import OnnxDecoder, coordinates
from sambench.types import Prompts, Size

EFFICIENTSAM_POINTS = 6
"""EfficientSAM drops further points without a word; a box takes two."""


class TransformersDecoder(OnnxDecoder):
    """(B, P, N, 2) points with whole labels and, for SAM 2 and later, (B, P, 4) boxes; the graph pads by itself.

    transformers' SAM has no embedding of corners as points, so that its graphs take no boxes at all.
    """

    def _one_by_one(self) -> bool:
        return any(self.graph.roles[role].shape[1:2] == (1,) for role in ("points", "labels"))

    def refuses(self, question: Question) -> str | None:
        """Say why a question has no answer, or None."""
        if question.box and "boxes" not in self.graph.roles:
            return f"the decoder ({self.contract}) takes no boxes: transformers' SAM knows no corners among points"
        return super().refuses(question)

    def _prompts(self, prompts: Prompts, size: Size) -> dict[str, np.ndarray]:
        number, geometry = len(prompts), self.graph.geometry
        points, labels = np.zeros((1, 1, 0, 2)), np.zeros((1, number, 0))
        if prompts.points_xy is not None and prompts.labels is not None:
            points = geometry.to_model(prompts.points_xy.cpu(), size)[None].numpy()
            labels = prompts.labels.cpu()[None].numpy()
        boxes = np.zeros((1, 0, 4))
        if prompts.boxes_xyxy is not None:
            corners = geometry.to_model(prompts.boxes_xyxy.cpu().unflatten(-1, (2, 2)), size)
            boxes = corners.flatten(1)[None].numpy()
        return {"points": points, "labels": labels, "boxes": boxes}


class EfficientSamDecoder(OnnxDecoder):
    """(1, 1, N, 2) points in the image's own pixels, at most six of them, none of the background."""

    def _one_by_one(self) -> bool:
        return True

    def refuses(self, question: Question) -> str | None:
        """Say why a question has no answer, or None."""
        if question.background:
            return "EfficientSAM has no embedding of background points"
        if question.points + 2 * question.box > EFFICIENTSAM_POINTS:
            return f"EfficientSAM takes at most {EFFICIENTSAM_POINTS} points, a box being two"
        return super().refuses(question)

    def _prompts(self, prompts: Prompts, size: Size) -> dict[str, np.ndarray]:
        xy, labels = coordinates(prompts, self.graph.geometry, size, corners_first=False)
        return {"points": xy[:, None], "labels": labels[:, None]}
