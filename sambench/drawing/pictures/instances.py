"""Pictures of instance predictions: each object's outline with the mask that fits it best and their overlap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion

from sambench.drawing.pictures.overlay import save_png
from sambench.engine.task import Drawing
from sambench.files.safe_names import file_inside
from sambench.masks import rle
from sambench.metrics.coco.detections import Detections
from sambench.types import Sample

COLOURS = np.array(
    [(230, 60, 50), (40, 140, 230), (50, 170, 70), (240, 170, 30), (150, 80, 200), (20, 180, 180), (230, 100, 170)],
    np.float64,
)


def draw_instances(sample: Sample, prediction: Detections, folder: Path) -> Path:
    """Draw the objects with their boxes beside the predictions that fit them best, each with its IoU.

    Args:
        sample: The image with its `InstanceTruth`.
        prediction: Masks; for each object the one with the largest overlap is drawn.
        folder: Where `ID.png` is written.

    Returns:
        The picture's path.
    """
    truth = [annotation.rle for annotation in sample.target.annotations]
    left, right = sample.image.astype(np.float64), sample.image.astype(np.float64)
    labels = []
    if truth:
        best, ious = best_fits(truth, list(prediction.rles or []))
        for index, mask in enumerate(rle.decode_masks(truth, sample.size)):
            colour = COLOURS[index % len(COLOURS)]
            tint(left, mask, colour)
            if best[index] >= 0 and prediction.rles is not None:
                tint(right, rle.decode_masks([prediction.rles[best[index]]], sample.size)[0], colour)
            _outline(left, sample.target.annotations[index].box_xywh, colour)
            rows, columns = np.nonzero(mask)
            if len(rows):
                labels.append((int(columns.mean()), int(rows.mean()), f"{ious[index]:.2f}"))
    drawn = _write_labels(right.astype(np.uint8), labels)
    return save_png(np.concatenate([left.astype(np.uint8), drawn], axis=1), file_inside(folder, sample.id, ".png"))


def best_fits(truth: list[rle.Rle], predicted: list[rle.Rle]) -> tuple[np.ndarray, np.ndarray]:
    """Return for each of G true masks which predicted mask has the largest IoU (-1: none), and that IoU."""
    if not predicted or not truth:
        return np.full(len(truth), -1), np.zeros(len(truth))
    ious = rle.iou(predicted, truth)
    return ious.argmax(axis=0), ious.max(axis=0)


def tint(image: np.ndarray, mask: np.ndarray, colour: np.ndarray) -> None:
    """Colour a mask in place: half transparent inside, opaque on its outline."""
    inside = binary_erosion(mask, np.ones((3, 3)))
    image[inside] = 0.6 * image[inside] + 0.4 * colour
    image[mask & ~inside] = colour


def _outline(image: np.ndarray, box_xywh: tuple[float, float, float, float] | None, colour: np.ndarray) -> None:
    """Draw a box in place, where there is one."""
    if box_xywh is None:
        return
    height, width = image.shape[:2]
    x, y, box_width, box_height = box_xywh
    x0, x1 = (int(np.clip(side, 0, width - 1)) for side in (x, x + box_width))
    y0, y1 = (int(np.clip(side, 0, height - 1)) for side in (y, y + box_height))
    image[[y0, y1], x0 : x1 + 1] = colour
    image[y0 : y1 + 1, [x0, x1]] = colour


def _write_labels(image: np.ndarray, labels: list[tuple[int, int, str]]) -> np.ndarray:
    """Write texts at (x, y, text) pixels."""
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    for x, y, text in labels:
        box = draw.textbbox((x, y), text, anchor="mm")
        draw.rectangle(box, fill=(0, 0, 0))
        draw.text((x, y), text, fill=(255, 255, 255), anchor="mm")
    return np.asarray(canvas)


class InstanceDrawing(Drawing):
    """A task whose predictions are drawn as masks beside the objects they fit best."""

    def illustrate(self, sample: Sample, prediction: Detections, folder: Path) -> None:
        """Draw the objects, each with the overlap of the mask that fits it best."""
        draw_instances(sample, prediction, folder)
