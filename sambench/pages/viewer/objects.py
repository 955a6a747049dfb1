"""Objects of an image as layers: what each is, and what was answered about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sambench.drawing.pictures.instances import COLOURS
from sambench.masks.rle import decode_masks
from sambench.pages.viewer.layers import Scene, filled, judged, numbered, outlined
from sambench.types import Sample, Size


@dataclass(frozen=True)
class Answer:
    """A mask that was answered about an object.

    Attributes:
        label: What it is called: "candidate 1", "3 clicks", "mask".
        iou: With the object, as it was scored; None where that is not known.
        says: The model's own estimate or score; None where it gave none.
        mask: Compressed run lengths.
        clicks: After how many clicks; None where that does not tell it.
    """

    label: str
    iou: float | None
    says: float | None
    mask: dict[str, Any]
    clicks: int | None = None


@dataclass(frozen=True)
class ShownObject:
    """An object of the image.

    Attributes:
        name: Its id.
        area: In pixels, as the data tell it.
        truth: Compressed run lengths.
        answers: What was answered, candidates first.
        points: Clicks in order: x, y, and 1 on the object or 0 on the background.
    """

    name: str
    area: float
    truth: dict[str, Any]
    answers: Sequence[Answer]
    points: Sequence[Sequence[int]] = field(default_factory=list)


def add_objects(scene: Scene, sample: Sample, objects: Sequence[ShownObject]) -> Scene:
    """Add objects to a scene: all together first, then one by one."""
    singles = [_one(scene, sample.size, index, one) for index, one in enumerate(objects)]
    scene.content["objects"] = [_together(scene, sample.size, objects), *singles] if objects else []
    return scene


def _one(scene: Scene, size: Size, index: int, one: ShownObject) -> dict[str, Any]:
    truth = _decoded(one.truth, size)
    answers = []
    for rank, answer in enumerate(one.answers):
        mask = _decoded(answer.mask, size)
        shown = scene.add(f"mask-{index}-{rank}.png", _later(lambda own: filled(own()), mask))
        errors = scene.add(f"errors-{index}-{rank}.png", _later(lambda own, other: judged(own(), other()), mask, truth))
        fields = {"label": answer.label, "iou": answer.iou, "says": answer.says, "clicks": answer.clicks}
        answers.append({**fields, "mask": shown, "errors": errors})
    outline = scene.add(f"truth-{index}.png", _later(lambda own: outlined(own()), truth))
    box = _box(truth())
    whole = {"name": one.name, "area": one.area, "truth": outline, "answers": answers}
    return {**whole, "points": [list(point) for point in one.points], "box": box}


def _together(scene: Scene, size: Size, objects: Sequence[ShownObject]) -> dict[str, Any]:
    """Add all objects in colours of their own, and the last answers to all that are alike."""
    truths = [_decoded(one.truth, size) for one in objects]
    outline = scene.add("truth-all.png", _of_all(truths, border=True))
    answers = []
    for rank, answer in enumerate(objects[0].answers):
        masks = [_decoded(one.answers[rank].mask, size) for one in objects]
        shown = scene.add(f"mask-all-{rank}.png", _of_all(masks, border=False))
        fields = {"label": answer.label, "iou": _mean([one.answers[rank].iou for one in objects]), "says": None}
        answers.append({**fields, "clicks": answer.clicks, "mask": shown, "errors": None})
    whole = {"name": "all", "area": None, "truth": outline, "answers": answers, "points": []}
    return {**whole, "box": [0, 0, size[1], size[0]]}


def _mean(values: Sequence[float | None]) -> float | None:
    return float(np.mean([one or 0.0 for one in values])) if all(one is not None for one in values) else None


def _decoded(code: dict[str, Any], size: Size) -> Callable[[], np.ndarray]:
    return lambda: decode_masks([code], size)[0]


def _later(draw: Callable[..., bytes], *masks: Callable[[], np.ndarray]) -> Callable[[], bytes]:
    return lambda: draw(*masks)


def _of_all(masks: Sequence[Callable[[], np.ndarray]], border: bool) -> Callable[[], bytes]:
    return lambda: numbered([mask() for mask in masks], COLOURS, border)


def _box(mask: np.ndarray) -> list[int]:
    """Return left, top, right and bottom of a mask, ends excluded; nothing of an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return []
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]
