"""What makes one doubt detections that were made elsewhere, though each by itself can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sambench.datasets.formats.box_readings import LOOKED_AT, box_reading, reading_message
from sambench.datasets.formats.coco_fields import nested_polygons
from sambench.files.json_text import number
from sambench.masks import rle
from sambench.types import Size

_COMPARED = 100_000
"""Entries that are compared with earlier ones."""


class Doubts:
    """Looks at the entries of a results list as they are read.

    Args:
        size_of: (height, width) by image id.
    """

    def __init__(self, size_of: Mapping[int | str, Size]) -> None:
        self._sizes = size_of
        self._stated: list[list[float]] = []
        self._drawn: list[rle.Rle] = []  # the masks beside them
        self._masks = self._blank = self._again = 0
        self._seen: set[int] = set()

    def look(self, entry: Mapping[str, Any]) -> None:
        """Take in an entry without a fault."""
        if len(self._seen) < _COMPARED:
            answer = _answer(entry)
            self._again += answer in self._seen
            self._seen.add(answer)
        if entry.get("segmentation") is None or self._masks >= LOOKED_AT:
            return
        try:
            code = rle.from_segmentation(nested_polygons(entry["segmentation"]), self._sizes[entry["image_id"]])
        except ValueError:
            return  # it is told where the image is scored
        self._masks += 1
        if not rle.areas([code])[0]:
            self._blank += 1
        elif entry.get("bbox") is not None:
            self._compare(entry["bbox"], code)

    def _compare(self, box: Any, code: rle.Rle) -> None:
        sides = [number(side) for side in box] if isinstance(box, list) else []
        if len(sides) == 4 and None not in sides:
            self._stated.append([float(side) for side in box])
            self._drawn.append(code)

    def messages(self) -> list[str]:
        """Return one sentence a doubt."""
        notes = []
        if self._blank > self._masks / 2:
            notes.append(
                f"{self._blank} of {self._masks} masks looked at have no pixel: polygons are in pixels, not in shares"
            )
        if self._again:
            notes.append(f"{self._again} detections are the same as an earlier one in all they say, and count again")
        sizes = np.array([code["size"] for code in self._drawn]).reshape(-1, 2)
        reading = box_reading(np.array(self._stated).reshape(-1, 4), rle.boxes_xywh(self._drawn), sizes)
        return [*notes, *filter(None, [reading_message(reading, len(self._stated))])]


def _answer(entry: Mapping[str, Any]) -> int:
    """Return a hash of all that an entry says."""
    segmentation = entry.get("segmentation")
    shape = segmentation["counts"] if isinstance(segmentation, dict) else segmentation
    shape = shape if isinstance(shape, str) else repr(shape)
    return hash((entry["image_id"], repr(entry.get("category_id")), entry["score"], shape, repr(entry.get("bbox"))))
