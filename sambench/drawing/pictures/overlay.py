"""Pictures of samples with what was predicted for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from sambench.files.atomic import atomic_path
from sambench.files.safe_names import file_inside
from sambench.metrics.boundary.inputs import boundaries_from_segs, strength_from_image
from sambench.predictions.edge_maps import EdgePrediction
from sambench.types import Sample


def edge_overlay(sample: Sample, prediction: EdgePrediction, folder: Path) -> Path:
    """Draw an edge map beside the annotators' boundaries, both over a pale grey version of the image.

    Args:
        sample: The image with its `BoundaryTruth`.
        prediction: An edge map (stronger is redder) or a list of segmentations (boundaries of more of them are redder).
        folder: Where `ID.png` is written.

    Returns:
        The picture's path.
    """
    if isinstance(prediction, list):
        predicted = np.mean(boundaries_from_segs(prediction), axis=0)
    else:
        predicted = strength_from_image(prediction)
    truth = np.mean([boundary.astype(np.float64) for boundary in sample.target.boundaries], axis=0)
    pale = 160 + sample.image.mean(axis=2) * 95 / 255
    panels = [_tinted(pale, predicted**0.5, (200, 0, 0)), _tinted(pale, truth**0.5, (0, 40, 160))]
    return save_png(np.concatenate([sample.image, *panels], axis=1), file_inside(folder, sample.id, ".png"))


def _tinted(pale: np.ndarray, weight: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Blend a colour over a grey image by a weight in [0, 1] a pixel."""
    weight = weight[..., None]
    return (pale[..., None] * (1 - weight) + np.asarray(colour, np.float64) * weight).astype(np.uint8)


def save_png(image: np.ndarray, path: Path) -> Path:
    """Write (H, W, 3) uint8 RGB as a PNG, atomically."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        Image.fromarray(image).save(file, format="PNG")
    return path
