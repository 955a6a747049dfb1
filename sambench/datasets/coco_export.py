"""Any dataset of masks as one COCO JSON."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sambench.datasets.images.orientation import orientation_record
from sambench.datasets.instances import InstanceDataset
from sambench.datasets.masks import MaskDataset
from sambench.files.atomic import atomic_path
from sambench.masks import rle

_log = logging.getLogger(__name__)

MaskData = MaskDataset | InstanceDataset


def export_coco(dataset: MaskData, path: Path, advance: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Write the kept images and their masks as COCO's instances JSON, masks as compressed run lengths.

    Images' file names are relative to the dataset's root; `source_id` keeps our id of an image and the dataset's id of
    a mask, whose own ids are whole numbers as COCO's tools need them.

    Args:
        dataset: The dataset, with its subset rule.
        path: The file to write; it is whole or absent.
        advance: Called after each image.

    Returns:
        The numbers of images and masks.
    """
    images: list[dict[str, Any]] = []
    masks, partial, used = 0, 0, set()
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.write('{"annotations": [\n')
        for key in dataset.keys:
            truth = dataset.load_truth(key)
            picture = dataset.picture(key)
            height, width = truth.annotations[0].rle["size"] if truth.annotations else picture.size()
            file_name = Path(os.path.relpath(picture.path, dataset.root)).as_posix()
            images.append(
                {
                    "id": len(images) + 1,
                    "file_name": file_name,
                    "height": int(height),
                    "width": int(width),
                    "source_id": key,
                }
            )
            for one in truth.annotations:
                masks += 1
                partial += one.ignore is not None
                used.add(one.category_id)
                record = {
                    "id": masks,
                    "image_id": len(images),
                    "category_id": one.category_id,
                    "segmentation": rle.to_json(one.rle),
                    "area": one.area,
                    "bbox": rle.boxes_xywh([one.rle])[0].tolist(),
                    "iscrowd": int(one.iscrowd),
                    "source_id": one.id,
                }
                stream.write((",\n" if masks > 1 else "") + json.dumps(record, separators=(",", ":")))
            advance()
        stream.write("\n],\n")
        for name, part in (("images", images), ("categories", _categories(dataset, used)), ("info", _info(dataset))):
            stream.write(f'"{name}": {json.dumps(part)}' + ("}\n" if name == "info" else ",\n"))
    if partial:
        what = "%s: around %d of %d masks are pixels that count neither way; the written file takes them for background"
        _log.warning(what, dataset.card.name, partial, masks)
    return len(images), masks


def turned_note(dataset: MaskData) -> str:
    """Say how many images are turned by EXIF orientation, as the masks of the written file are of the turned images."""
    count = orientation_record(dataset, dataset.keys)["orientations"]["turned"]
    note = f"{count} images are turned by EXIF orientation, and their masks are of the turned images"
    return f"{note}: read them with data.exif=apply, or turn the files" if count else ""


def _categories(dataset: MaskData, used: set[int]) -> list[dict[str, Any]]:
    if isinstance(dataset, InstanceDataset):
        return [{"id": one["id"], "name": one["name"]} for one in dataset.categories]
    names = {**{number: str(number) for number in used}, **dataset.source.categories}
    return [{"id": number, "name": name} for number, name in sorted(names.items())]


def _info(dataset: MaskData) -> dict[str, Any]:
    card = dataset.card
    return {
        "description": f"{card.title}, split {dataset.split}; masks written by sambench",
        "url": card.home,
        "license": card.terms,
        "note": "; ".join(filter(None, (card.note, turned_note(dataset)))),
        "fingerprint": dataset.fingerprint,
    }
