"""Masks of objects as a scene: each object with the mask that stands for it, as `sambench explain` chooses it."""

from __future__ import annotations

from typing import Any

import numpy as np

from sambench.explain.compared import MaskTask, compare_masks
from sambench.masks.overlap import mask_ious
from sambench.pages.viewer.layers import Scene, plain
from sambench.pages.viewer.objects import Answer, ShownObject, add_objects
from sambench.types import Sample


def masked_scene(task: MaskTask, sample: Sample, prediction: Any, prompted: bool) -> Scene:
    """Show the objects of an image with the masks that stand for them.

    Args:
        task: The run's task: instances, vocabulary or proposals.
        sample: The image with its objects.
        prediction: What was stored of it.
        prompted: Whether a model was prompted, and no predictions made elsewhere were scored.
    """
    scene = Scene({"kind": "objects", "clicks": []})
    compared = compare_masks(task, sample, prediction, None, prompted)
    if compared is None:
        return add_objects(scene, sample, [])
    ious = mask_ious(compared.chosen, compared.truth)
    shown = []
    for index, one in enumerate(compared.objects):
        truth, mask = (runs.compressed(np.array([index]))[0] for runs in (compared.truth, compared.chosen))
        answer = Answer("mask", float(ious[index]), plain(compared.confidence[index]), mask)
        shown.append(ShownObject(str(one.id), one.area, truth, [answer]))
    return add_objects(scene, sample, shown)
