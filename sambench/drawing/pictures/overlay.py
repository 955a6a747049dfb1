"""Pictures of edges: maps over an image, and a matching in the colours of the edge toolbox."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from sambench.engine.task import Drawing
from sambench.files.atomic import atomic_path
from sambench.files.safe_names import file_inside
from sambench.metrics.boundary.counts import boundary_counts, match_maps, thin
from sambench.metrics.boundary.inputs import boundaries_from_segs, strength_from_image
from sambench.metrics.boundary.scores import levels_of, recall_precision_f
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


RIGHT, FALSE, MISSED = (0.0, 0.7, 0.0), (0.3, 0.5, 1.0), (1.0, 0.0, 0.0)
"""Green, blue and red in [0, 1], as `edgesEvalImg` draws them on white; its blue is paler (.7, .8, 1)."""


def draw_matches(
    image: np.ndarray,
    strength: np.ndarray,
    truths: Sequence[np.ndarray],
    threshold: float,
    max_dist: float,
    thinned: bool = True,
) -> np.ndarray:
    """Draw one threshold's matching over a pale grey version of the image.

    A predicted pixel is green if it is matched to any annotator's, else blue; an annotator's pixel that no prediction
    is matched to is red, the stronger the more annotators miss it there. Lines are two pixels wide.

    Args:
        image: (H, W, 3) uint8 RGB.
        strength: (H, W) float in [0, 1].
        truths: One (H, W) bool boundary map an annotator.
        threshold: A pixel is predicted where the strength is at or above it.
        max_dist: Largest distance of a pair as a fraction of the image's diagonal.
        thinned: Thin the prediction first, as the benchmark does.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        PredictionError: The sizes differ.
    """
    prediction = np.asarray(strength) >= max(threshold, np.finfo(np.float64).eps)
    prediction = thin(prediction) if thinned else prediction
    right, missed = np.zeros(prediction.shape, bool), np.zeros(prediction.shape)
    for truth in truths:
        matched, truth_matched = match_maps(prediction, truth, max_dist)
        right |= matched
        missed += (np.asarray(truth) != 0) & ~truth_matched
    ink = np.ones((*prediction.shape, 3))
    for colour, weight in ((MISSED, missed / len(truths)), (RIGHT, right), (FALSE, prediction & ~right)):
        ink -= (1 - np.array(colour)) * weight[..., None]
    ink = np.maximum(ink, 0)
    ink[:, 1:] = np.minimum(ink[:, 1:], ink[:, :-1])
    ink[1:] = np.minimum(ink[1:], ink[:-1])
    pale = 190 + image.mean(axis=2, keepdims=True) * 65 / 255
    return (ink * pale).round().astype(np.uint8)


def match_picture(
    sample: Sample,
    prediction: EdgePrediction,
    folder: Path,
    thresholds: int,
    max_dist: float,
    thinned: bool,
) -> Path:
    """Draw a sample's matching at the threshold, or the segmentation, with its best F; writes `ID_matches.png`.

    Args:
        sample: The image with its `BoundaryTruth`.
        prediction: An edge map or a list of segmentations.
        folder: Where the picture is written.
        thresholds: Number of thresholds tried on an edge map.
        max_dist, thinned: As in `draw_matches`.

    Returns:
        The picture's path.
    """
    truths = sample.target.boundaries
    if isinstance(prediction, list):
        levels, maps = np.array([0.5]), [boundary.astype(np.float64) for boundary in boundaries_from_segs(prediction)]
    else:
        levels, maps = levels_of(thresholds), [strength_from_image(prediction)]
    f = np.stack([recall_precision_f(boundary_counts(one, truths, levels, max_dist, thinned))[2] for one in maps])
    which, at = np.unravel_index(f.argmax(), f.shape)
    picture = draw_matches(sample.image, maps[which], truths, float(levels[at]), max_dist, thinned)
    return save_png(picture, file_inside(folder, sample.id, "_matches.png"))


class EdgeDrawing(Drawing):
    """A task whose predictions are drawn as edges over the image, and as what of them is matched."""

    @property
    @abstractmethod
    def thresholds(self) -> int:
        """Number of thresholds."""

    @property
    @abstractmethod
    def max_dist(self) -> float:
        """Matching tolerance as a fraction of the image's diagonal."""

    @property
    @abstractmethod
    def thin(self) -> bool:
        """Whether the thresholded map is thinned before matching."""

    def illustrate(self, sample: Sample, prediction: EdgePrediction, folder: Path) -> None:
        """Draw the edges over the image, and what of them is right at the threshold that is best for it."""
        edge_overlay(sample, prediction, folder)
        match_picture(sample, prediction, folder, self.thresholds, self.max_dist, self.thin)
