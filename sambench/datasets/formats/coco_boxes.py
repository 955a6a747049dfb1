"""The boxes of COCO's JSON beside its masks: whether both mean the same place."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np

from sambench.datasets.formats.box_readings import LOOKED_AT, box_reading, reading_message
from sambench.datasets.formats.coco_fields import box_fault
from sambench.datasets.formats.coco_json import InstanceFile, mask_fault
from sambench.errors import DatasetError
from sambench.masks import rle

log = logging.getLogger("sambench.datasets")


def check_boxes(file: InstanceFile, image_ids: Iterable[int | str], masks_alone: bool = False) -> list[str]:
    """Compare the boxes of the first annotations with their masks.

    Args:
        file: The contents; masks that cannot be drawn are passed over.
        image_ids: The images.
        masks_alone: Whether the boxes are not used, so that how they are written does not matter.

    Returns:
        What a reader of the numbers must know: nothing, or that most of them differ.

    Raises:
        DatasetError: They fit once they are read as corners, or x and y of one of both change places.
    """
    stated: list[list[float]] = []
    drawn: list[rle.Rle] = []
    for entry, size in ((one, file.images[key].size) for key in image_ids for one in file.annotations.get(key, ())):
        if len(stated) == LOOKED_AT:
            break
        if entry.bbox and entry.segmentation and not entry.iscrowd and mask_fault(entry, size) is None:
            code = rle.from_segmentation(entry.segmentation, size)
            if box_fault(entry.bbox) is None and rle.areas([code])[0]:
                stated.append(entry.bbox)
                drawn.append(code)
    sizes = np.array([code["size"] for code in drawn]).reshape(-1, 2)
    reading = box_reading(np.array(stated, np.float64).reshape(-1, 4), rle.boxes_xywh(drawn), sizes)
    if not (message := reading_message(reading, len(stated))) or (masks_alone and reading == "corners"):
        return []
    if reading != "differs":
        raise DatasetError(message, where=file.path, mend="mend the file")
    log.warning("%s: %s", file.path.name, message)
    return [message]
