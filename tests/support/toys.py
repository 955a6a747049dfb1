"""What the tests share: a model that needs no weights, and data sets of a few images in their real formats."""

import hashlib
import os
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.io import savemat

from sambench.models.base import PromptableModel
from sambench.types import Embedding, MaskFrame, Masks


class ToyModel(PromptableModel):
    """Answers a point with discs whose size follows the image's brightness, a box with discs inside it.

    Args:
        scale: Factor of the discs' radii; part of the fingerprint, as weights are.
        delay: Seconds an encode takes.
        log: A file that gets one line for every encoded image.
        memory: Prompts that fit into the pretended device at once.
    """

    name = "toy"

    def __init__(self, scale: float = 1.0, delay: float = 0.0, log: str | None = None, memory: int = 10**6):
        self.scale, self.delay, self.log, self.memory = scale, delay, log, memory
        self.fingerprint = hashlib.sha256(f"toy {scale}".encode()).hexdigest()
        self.provenance = {"class": "ToyModel", "scale": scale}

    def encode(self, images):
        time.sleep(self.delay)
        if self.log:
            with Path(self.log).open("a") as file:
                file.write("encoded\n" * len(images))
        return [
            Embedding({"grey": torch.from_numpy(image.mean(2).astype(np.float32))}, image.shape[:2]) for image in images
        ]

    def decode(self, embedding, prompts, multimask):
        if len(prompts) > self.memory:
            raise torch.cuda.OutOfMemoryError("out of memory")
        height, width = embedding.original_size
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        if prompts.points_xy is not None:
            point = prompts.points_xy[:, 0]
        else:
            point = (prompts.boxes_xyxy[:, :2] + prompts.boxes_xyxy[:, 2:]) / 2
        distance = torch.hypot(x - point[:, 0, None, None], y - point[:, 1, None, None])
        grey = embedding.tensors["grey"].float()
        radius = 3 + grey[point[:, 1].long().clamp(0, height - 1), point[:, 0].long().clamp(0, width - 1)] / 16
        if prompts.boxes_xyxy is not None:
            radius = (prompts.boxes_xyxy[:, 2:] - prompts.boxes_xyxy[:, :2]).amin(1) / 2
        radii = self.scale * radius[:, None] * torch.tensor([1.0, 1.5, 2.0] if multimask else [1.5])
        logits = (radii[..., None, None] - distance[:, None]) / 2
        return Masks(logits, 1 / radii, MaskFrame((height, width)))


def write_bsds(folder: Path, count: int = 3, size=(24, 36), split: str = "test", annotators: int = 2) -> Path:
    """Write `count` images of nested rectangles as BSDS500 is laid out; returns the folder that holds BSDS500/."""
    rng = np.random.default_rng(7)
    images = folder / "BSDS500" / "data" / "images" / split
    truths = folder / "BSDS500" / "data" / "groundTruth" / split
    images.mkdir(parents=True)
    truths.mkdir(parents=True)
    height, width = size
    for index in range(count):
        labels = np.ones(size, np.uint16)
        labels[4 : height - 4, 5 + index : width - 6] = 2
        labels[8 : height - 8, 10 + index : width - 12] = 3
        image = (labels[..., None] * np.array([60, 50, 70]) + rng.integers(0, 20, (*size, 3))).astype(np.uint8)
        Image.fromarray(image).save(images / f"{1000 + index}.jpg", quality=95)
        cells = np.empty((1, annotators), object)
        for who in range(annotators):
            seen = np.where(labels > who + 1, who + 2, 1).astype(np.uint16) if who else labels
            edge = np.zeros(size, np.uint8)
            edge[:, :-1] |= seen[:, :-1] != seen[:, 1:]
            edge[:-1] |= seen[:-1] != seen[1:]
            cells[0, who] = {"Segmentation": seen, "Boundaries": edge}
        savemat(truths / f"{1000 + index}.mat", {"groundTruth": cells})
    return folder


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a sub-process that can import the toys."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent), **extra}
