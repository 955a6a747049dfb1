"""The images of a study in which people correct a model's masks, as COCO JSON for an annotation tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sambench.datasets.sampling import sampling_order
from sambench.errors import UsageError
from sambench.explain.mask_sets import MaskSet
from sambench.files.atomic import write_json
from sambench.masks import rle


def write_study(masks: MaskSet, count: int, seed: int, path: Path) -> tuple[int, int]:
    """Draw images at random and write their masks, all of one category.

    Images are drawn as `sambench.datasets.sampling.sampling_order` orders them, so that the same seed draws the same.

    Args:
        masks: Of all images.
        count: How many images are drawn; all where there are fewer.
        seed: Of the draw.
        path: The file to write: `images`, `annotations` with compressed run lengths, `categories`, `info`.

    Returns:
        How many images and masks were written.

    Raises:
        UsageError: The images have no mask.
    """
    drawn = set(sampling_order(list(masks.images), "masks", seed)[:count])
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for key in (key for key in masks.images if key in drawn):
        image_masks = masks.read(key)
        height, width = image_masks.size
        name = masks.images[key].file_name
        images.append({"id": len(images) + 1, "file_name": name, "height": height, "width": width, "source_id": key})
        boxes, areas = rle.boxes_xywh(image_masks.rles).tolist(), rle.areas(image_masks.rles).tolist()
        for own, code, box, area in zip(image_masks.names, image_masks.rles, boxes, areas, strict=True):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": len(images),
                    "category_id": 1,
                    "segmentation": rle.to_json(code),
                    "area": area,
                    "bbox": box,
                    "iscrowd": 0,
                    "source_id": own,
                }
            )
    if not annotations:
        raise UsageError("the images that were drawn have no mask", where=masks.title, mend="draw more: sample=1000")
    description = f"{len(images)} of {len(masks.images)} images drawn with seed {seed}: {masks.title}"
    categories = [{"id": 1, "name": "object"}]
    write_json(
        path,
        {"info": {"description": description}, "images": images, "annotations": annotations, "categories": categories},
    )
    return len(images), len(annotations)
