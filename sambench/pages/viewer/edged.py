"""Predicted edges as a scene: the map, the annotators' boundaries, and what of the map is matched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sambench.metrics.boundary.counts import match_maps, thin
from sambench.metrics.boundary.inputs import boundaries_from_segs, strength_from_image
from sambench.metrics.boundary.scores import counts_of_rows, levels_of, recall_precision_f
from sambench.pages.viewer.layers import FALSE, MISSED, Scene, indexed, plain, strengths
from sambench.predictions.edge_maps import EdgePrediction
from sambench.types import Row, Sample

MATCHED = (20, 160, 60)
_PREDICTED, _DRAWN = (220, 0, 0), (0, 60, 220)


def edge_scene(task: Any, sample: Sample, prediction: EdgePrediction, rows: Sequence[Row], common: int | None) -> Scene:
    """Show an edge map with the annotators' boundaries, and its matches at one threshold or two.

    Args:
        task: The run's task, for the tolerance and thinning of the matching.
        sample: The image with its `BoundaryTruth`.
        prediction: An edge map, or a list of segmentations.
        rows: The run's row of the image, from whose counts the best threshold is known.
        common: The number of the threshold that is best for the whole run, where all images have the same ones.
    """
    scene = Scene({"kind": "layers"})
    truths = sample.target.boundaries
    if isinstance(prediction, list):
        maps = [boundary.astype(np.float64) for boundary in boundaries_from_segs(prediction)]
        shown = np.mean(maps, axis=0)
    else:
        shown = strength_from_image(prediction)
        maps = []
    drawn = np.mean([one.astype(np.float64) for one in truths], axis=0) if truths else np.zeros(sample.size)
    layers = [
        _layer("prediction", "predicted edges, stronger is more opaque", _PREDICTED, True),
        _layer("truth", f"boundaries of {len(truths)} annotators, more of them are more opaque", _DRAWN, False),
    ]
    scene.add("prediction.png", lambda: strengths(shown**0.5, _PREDICTED))
    scene.add("truth.png", lambda: strengths(drawn**0.5, _DRAWN))
    recall, precision, f = (one[0] for one in recall_precision_f(counts_of_rows(rows)))
    best = int(np.argmax(f))
    for name, at, words in (("best", best, "best for this image"), ("run", common, "best for the whole run")):
        if at is None or (name == "run" and at == best) or not truths:
            continue
        level = f"segmentation {at + 1} of {len(f)}" if maps else f"threshold {levels_of(len(f))[at]:.2f}"
        caption = f"at {level}, {words}: F {f[at]:.3f}, recall {recall[at]:.3f}, precision {precision[at]:.3f}"
        binary = maps[at] > 0 if maps else shown >= max(float(levels_of(len(f))[at]), np.finfo(np.float64).eps)
        scene.add(f"matches-{name}.png", _matches(binary, truths, task.max_dist, task.thin))
        layers.append({**_layer(f"matches-{name}", caption, MATCHED, False), "keys": _KEYS, "f": plain(f[at])})
    scene.content["layers"] = layers
    return scene


_KEYS = [
    {"name": "matched", "colour": list(MATCHED)},
    {"name": "false", "colour": list(FALSE)},
    {"name": "missed", "colour": list(MISSED)},
]


def _layer(name: str, caption: str, colour: tuple[int, int, int], shown: bool) -> dict[str, Any]:
    key = {"name": name, "colour": list(colour)}
    return {"name": name, "told": caption, "picture": f"{name}.png", "keys": [key], "shown": shown}


def _matches(binary: np.ndarray, truths: Sequence[np.ndarray], max_dist: float, thinned: bool) -> Callable[[], bytes]:
    """Return what draws the matched, false and missed pixels of an (H, W) bool map."""

    def draw() -> bytes:
        edges = thin(binary) if thinned else binary
        right, missed = np.zeros(edges.shape, bool), np.zeros(edges.shape, bool)
        for truth in truths:
            matched, truth_matched = match_maps(edges, truth, max_dist)
            right |= matched.astype(bool)
            missed |= (np.asarray(truth) != 0) & ~truth_matched.astype(bool)
        indices = np.where(right, 1, np.where(edges, 2, np.where(missed, 3, 0)))
        return indexed(indices, [(*MATCHED, 255), (*FALSE, 255), (*MISSED, 150)])

    return draw
