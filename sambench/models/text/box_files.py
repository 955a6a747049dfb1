"""Boxes that a detector found for phrases, made elsewhere: a COCO results list whose `image_id` is a pair's id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sambench.errors import ModelError
from sambench.files.json_files import read_json_file
from sambench.files.json_text import JsonError, number

IN_SHARES = 2.0
"""Boxes none of whose numbers is larger are in shares of the image's sides, as SA-Co's own files have them."""

WRITE = 'write [{"image_id": PAIR, "bbox": [x, y, width, height], "score": 0.9}, ...], boxes in pixels'


def read_boxes(path: Path) -> dict[int | str, np.ndarray]:
    """Read the boxes of each pair.

    Returns:
        Pair id -> (n, 5) float64: left, top, width and height in pixels, and the score in [0, 1].

    Raises:
        ModelError: It is no such list, or all its boxes are in shares of the image's sides.
    """
    try:
        entries = read_json_file(path)
    except (JsonError, OSError) as error:
        raise ModelError(
            f"the boxes cannot be read: {error}", where=path, mend=f"model.detector=FILE; {WRITE}"
        ) from error
    if not isinstance(entries, list) or not entries:
        what = "the file of boxes holds no list" if not isinstance(entries, list) else "the list of boxes is empty"
        raise ModelError(what, where=path, mend=WRITE)
    by_pair: dict[int | str, list[list[float]]] = {}
    for index, entry in enumerate(entries):
        if (fault := _fault(entry)) is not None:
            raise ModelError(f"entry {index} of the boxes has {fault}", where=path, mend=WRITE)
        by_pair.setdefault(entry["image_id"], []).append([*map(float, entry["bbox"]), float(entry["score"])])
    boxes = {pair: np.array(rows, np.float64) for pair, rows in by_pair.items()}
    if max(np.abs(rows[:, :4]).max() for rows in boxes.values()) <= IN_SHARES:
        what = "no number of any box is above 2: they are in shares of the image's sides"
        raise ModelError(what, where=path, mend="multiply x and width by the image's width, y and height by its height")
    return boxes


def _fault(entry: Any) -> str | None:
    """Say what is wrong with an entry."""
    if not isinstance(entry, dict) or not isinstance(entry.get("image_id"), int | str):
        return "no image_id that is a whole number or a text"
    box, score = entry.get("bbox"), number(entry.get("score"))
    if not isinstance(box, list) or len(box) != 4 or any(number(side) is None for side in box):
        return "no bbox of four finite numbers"
    if box[2] <= 0 or box[3] <= 0:
        return f"an empty bbox: {box}"
    if score is None or not 0 <= score <= 1:
        return f"a score that is no number from 0 to 1: {entry.get('score')!r}"
    return None
