"""Any source of masks as the contents of an instance annotation file, for tasks that score detections."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from sambench.datasets.formats.coco_fields import AnnotationEntry, ImageEntry
from sambench.datasets.formats.coco_json import InstanceFile
from sambench.datasets.formats.sources import RegionSource, keep_regions
from sambench.errors import listing

_log = logging.getLogger(__name__)


def instance_file(source: RegionSource, keys: Sequence[str], path: Path) -> tuple[InstanceFile, list[str]]:
    """Draw the objects of images into the contents of an instance file, whose image ids are the sample ids.

    Args:
        source: Images and regions.
        keys: The images whose objects are wanted; of others the size alone is read.
        path: The file or folder of ground truth, for messages.

    Returns:
        The contents, and a note on masks that were left out, where any were.

    Raises:
        DatasetError: Ground truth is damaged.
    """
    wanted, left_out, masks = set(keys), list[str](), 0
    images: dict[int | str, ImageEntry] = {}
    annotations: dict[int | str, list[AnnotationEntry]] = {}
    for key, item in source.items.items():
        if key not in wanted:
            images[key] = _image(key, source.size(key), item.image)
            continue
        size, regions = source.regions(key)
        images[key] = _image(key, size, item.image)
        kept, gone = keep_regions(regions)
        masks += len(kept)
        left_out += [f"{key}, mask {region.id}: {why}" for region, why in gone]
        annotations[key] = [
            AnnotationEntry(f"{key}/{one.id}", key, one.category_id, one.rle, None, one.area, 0) for one in kept
        ]
    notes = [f"{len(left_out)} of {masks + len(left_out)} masks left out: {listing(left_out, 3)}"] if left_out else []
    for note in notes:
        _log.warning("%s: %s", source.card.name, note)
    categories = [{"id": number, "name": name} for number, name in sorted(source.categories.items())]
    return InstanceFile(path, images, categories, annotations), notes


def _image(key: str, size: tuple[int, int], path: Path) -> ImageEntry:
    """Return an image whose file name, less its ending, is its sample id."""
    name = key if key.endswith(path.suffix) else key + path.suffix
    return ImageEntry(key, size, name, "", [], [])
