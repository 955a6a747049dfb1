"""Toy models whose answers hold no number, as half precision gives them when it overflows."""

import hashlib
from dataclasses import replace

import torch
from toys import ToyModel

from sambench.types import Embedding

VALUES = {"hole": float("nan"), "plus": float("inf"), "minus": float("-inf")}


class NanModel(ToyModel):
    """A toy whose answers are spoilt at one place.

    Args:
        stage: "embedding", "logits", "predicted_iou", or "fine".
        value: What stands there, by its name in `VALUES`.
        grey: Only images whose mean is at least this are spoilt.
        box_only: Whether points are answered as they should be.
    """

    def __init__(self, stage="fine", value="hole", grey=0.0, box_only=False):
        super().__init__()
        self.stage, self.value, self.grey, self.box_only = stage, VALUES[value], grey, box_only
        self.fingerprint = hashlib.sha256(f"nan {stage} {value} {grey}".encode()).hexdigest()

    def encode(self, images):
        return [self._spoilt_embedding(one) for one in super().encode(images)]

    def _spoilt_embedding(self, embedding):
        grey = embedding.tensors["grey"]
        if self.stage == "embedding" and grey.mean() >= self.grey:
            grey = torch.full_like(grey, self.value)
        return Embedding({"grey": grey, "mean": embedding.tensors["grey"].mean()}, embedding.original_size)

    def decode(self, embedding, prompts, multimask):
        masks = super().decode(embedding, prompts, multimask)
        spoilt = embedding.tensors["mean"] >= self.grey and (prompts.boxes_xyxy is not None or not self.box_only)
        logits, estimates = masks.logits.clone(), masks.predicted_iou.clone()
        if spoilt and self.stage == "logits":
            logits[-1, 0, -1, -1] = self.value  # one pixel of the last prompt's first mask
        if spoilt and self.stage == "predicted_iou":
            estimates[-1, 0] = self.value
        return replace(masks, logits=logits, predicted_iou=estimates)


class SharpModel(ToyModel):
    """A toy with logits of plus and minus `height`, at a quarter of the image's size."""

    def __init__(self, height="100"):
        super().__init__()
        self.height = float(height)
        self.fingerprint = hashlib.sha256(f"sharp {height}".encode()).hexdigest()

    def decode(self, embedding, prompts, multimask):
        masks = super().decode(embedding, prompts, multimask)
        coarse = masks.logits[..., 2::4, 2::4]
        return replace(masks, logits=torch.where(coarse > 0, self.height, -self.height))
