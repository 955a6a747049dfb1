"""Pictures of clicked objects: the object with its first click, the three candidates, the masks after more clicks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion

from sambench.drawing.pictures.overlay import save_png
from sambench.engine.task import Drawing
from sambench.files.safe_names import file_inside
from sambench.masks.overlap import mask_ious
from sambench.masks.prompted.clicking import ClickedObjects
from sambench.masks.rle import decode_masks
from sambench.masks.run_lengths.runs import RunLengths
from sambench.masks.windows import difference_runs, runs_of_rles
from sambench.predictions.click_records import ClickPrediction
from sambench.types import Annotation, Sample

CELL, HEAD, GAP = 200, 16, 4
"""Longer side of a cell's picture, height of the text above it, and space between cells, in pixels."""

OBJECT, MASK = np.array([40, 190, 80]), np.array([40, 110, 240])
CELLS = 5
"""Numbers of clicks drawn from the first on; of further ones every fifth and the last."""

DRAWN = 6
"""Objects drawn of one image: those in the order of the annotations."""


def draw_clicks(sample: Sample, prediction: ClickPrediction, objects: Sequence[Annotation], folder: Path) -> None:
    """Draw the first few objects of an image, one a line, as `folder/ID.png`; nothing for an image without objects.

    Args:
        sample: The image.
        prediction: Its clicks and masks.
        objects: The annotations that were clicked on, in the prediction's order.
        folder: Where the picture is written.
    """
    if prediction.clicked is None:
        return
    strips = [
        object_strip(sample.image, one, prediction.clicked, index, f"object {one.id}")
        for index, one in enumerate(objects[:DRAWN])
    ]
    save_png(stacked(strips), file_inside(folder, sample.id, ".png"))


def object_strip(image: np.ndarray, own: Annotation, clicked: ClickedObjects, index: int, title: str) -> np.ndarray:
    """Draw one object with its first click, its candidates, and its masks with all clicks that led to them.

    The object's outline is green, masks are blue; clicks on the object are green, on the background red.

    Args:
        image: (H, W, 3) uint8 RGB.
        own: The object.
        clicked: The image's clicks and masks.
        index: Which object of them.
        title: Written above the object.

    Returns:
        (h, w, 3) uint8 RGB, as wide as it has cells.
    """
    truth = decode_masks([own.rle], image.shape[:2])[0]
    points, labels = clicked.points_xy[index], clicked.labels[index]
    view = _view(truth, points[labels >= 0])
    cells = [_cell(image, truth, None, view, points[:1], labels[:1], title)]
    several = clicked.candidates_iou.shape[1]
    shown = [] if clicked.candidates is None else range(index * several, (index + 1) * several)
    for rank, position in enumerate(shown):
        mask, iou = _mask(clicked.candidates, position, own)
        estimate = clicked.candidates_iou[index, rank]
        text = f"candidate {rank + 1}: {iou:.2f}, says {estimate:.2f}"
        cells.append(_cell(image, truth, mask, view, points[:1], labels[:1], text))
    for position, count in enumerate(clicked.counts):
        if position >= CELLS and count % 5 and count != clicked.counts[-1]:
            continue
        mask, iou = _mask(clicked.masks[position], index, own)
        text = f"{count} click{'s' * (count > 1)}: {iou:.2f}"
        cells.append(_cell(image, truth, mask, view, points[:count], labels[:count], text))
    return np.concatenate(cells, axis=1)


def stacked(strips: Sequence[np.ndarray]) -> np.ndarray:
    """Put (h, w, 3) strips of different widths below each other on white."""
    width = max(strip.shape[1] for strip in strips)
    padded = [np.pad(one, ((0, 0), (0, width - one.shape[1]), (0, 0)), constant_values=255) for one in strips]
    return np.concatenate(padded)


def _mask(runs: RunLengths | None, index: int, own: Annotation) -> tuple[np.ndarray, float]:
    """Return one mask of a batch as (H, W) bool and its IoU with the object."""
    if runs is None:
        raise ValueError("there are no masks")
    (code,) = runs.compressed(np.array([index]))
    counted = runs_of_rles([code], runs.size)
    if own.ignore is not None:
        counted = difference_runs(counted, runs_of_rles([own.ignore], runs.size))
    iou = mask_ious(counted, runs_of_rles([own.rle], runs.size))[0]
    return decode_masks([code], runs.size)[0], float(iou)


def _view(truth: np.ndarray, points: np.ndarray) -> tuple[slice, slice]:
    """Choose the part of the image that is drawn: the object and its clicks with as much again around them."""
    rows, columns = np.nonzero(truth)
    y = np.concatenate([rows, points[:, 1]])
    x = np.concatenate([columns, points[:, 0]])
    side = max(int(np.ptp(y)), int(np.ptp(x)), 24)
    top, left = max(0, int(y.min()) - side // 2), max(0, int(x.min()) - side // 2)
    return slice(top, int(y.max()) + side // 2 + 1), slice(left, int(x.max()) + side // 2 + 1)


def _cell(
    image: np.ndarray,
    truth: np.ndarray,
    mask: np.ndarray | None,
    view: tuple[slice, slice],
    points: np.ndarray,
    labels: np.ndarray,
    text: str,
) -> np.ndarray:
    """Draw one cell: the view with a mask's tint, the object's outline and the clicks, text above."""
    part = image[view].astype(np.float64)
    if mask is not None:
        part[mask[view]] = 0.45 * part[mask[view]] + 0.55 * MASK
    scale = CELL / max(part.shape[:2])
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    drawn = np.asarray(Image.fromarray(part.astype(np.uint8)).resize(size, Image.Resampling.NEAREST)).copy()
    inside = np.asarray(Image.fromarray(truth[view]).resize(size, Image.Resampling.NEAREST))
    drawn[inside & ~binary_erosion(inside, iterations=2, border_value=1)] = OBJECT
    canvas = Image.new("RGB", (CELL + GAP, HEAD + size[1] + GAP), "white")
    canvas.paste(Image.fromarray(drawn), (0, HEAD))
    pen = ImageDraw.Draw(canvas)
    pen.text((1, 2), text, fill="black")
    for (x, y), label in zip(points, labels, strict=True):
        if label < 0:
            continue
        u, v = (x - view[1].start + 0.5) * scale, (y - view[0].start + 0.5) * scale + HEAD
        pen.ellipse((u - 4, v - 4, u + 4, v + 4), fill=(30, 220, 60) if label else (230, 40, 40), outline="white")
    return np.asarray(canvas)


class ClickDrawing(Drawing):
    """A task whose predictions are drawn as objects with their clicks."""

    @abstractmethod
    def objects(self, sample: Sample) -> list[Annotation]:
        """Return the annotations that are clicked on."""

    def illustrate(self, sample: Sample, prediction: ClickPrediction, folder: Path) -> None:
        """Draw a few objects with their clicks, the three candidates and the last mask."""
        draw_clicks(sample, prediction, self.objects(sample), folder)
