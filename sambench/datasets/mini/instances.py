"""Instance annotations of the generated scenes as COCO 2017 and LVIS v1 write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage
from skimage.measure import find_contours

from sambench.datasets.mini.scene import BACKGROUND, OBJECT, Layer, Scene
from sambench.masks import rle

SMALLEST = 30
"""Visible pixels of the smallest thing that is annotated."""
_RARE, _COMMON = 4, 8
"""Categories in at most so many of the scenes are rare or common (LVIS: 10 and 100 training images)."""


def coco_json(scenes: Sequence[Scene], files: Sequence[str]) -> dict[str, Any]:
    """Describe whole objects as `instances_val2017.json` does; heaps are crowds with uncompressed run lengths.

    Args:
        scenes: The scenes.
        files: Each one's path, as "val2017/000000000139.jpg".
    """
    names = sorted({_broad(layer) for scene in scenes for layer in scene.layers if layer.depth == OBJECT})
    # Every third number stays free: COCO's ids have gaps too.
    ids = {name: number + 1 + number // 2 for number, name in enumerate(names)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for scene, file in zip(scenes, files, strict=True):
        images.append(_image(scene, file) | {"file_name": file.split("/")[-1]})
        for index, layer in enumerate(scene.layers):
            if layer.depth == OBJECT and (annotation := _annotation(scene, index)):
                about = {"image_id": images[-1]["id"], "category_id": ids[_broad(layer)], "iscrowd": int(layer.crowd)}
                annotations.append({"id": 1000 + len(annotations), **about, **annotation})
    return {
        "info": _info("COCO 2017"),
        "licenses": [],
        "images": images,
        "annotations": annotations,
        "categories": [{"id": ids[name], "name": name, "supercategory": "thing"} for name in names],
    }


def lvis_json(scenes: Sequence[Scene], files: Sequence[str]) -> dict[str, Any]:
    """Describe objects and their parts as `lvis_v1_val.json` does: no crowds, federated categories, frequencies."""
    named = [[layer.name for layer in scene.layers if layer.depth != BACKGROUND] for scene in scenes]
    names = sorted({name for scene in named for name in scene})
    ids = {name: number for number, name in enumerate(names, 1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, (scene, file) in enumerate(zip(scenes, files, strict=True)):
        image = _image(scene, file)
        for index, layer in enumerate(scene.layers):
            if layer.depth != BACKGROUND and not layer.crowd and (annotation := _annotation(scene, index)):
                about = {"image_id": image["id"], "category_id": ids[layer.name]}
                annotations.append({"id": len(annotations) + 1, **about, **annotation})
        crowds = {ids[layer.name] for layer in scene.layers if layer.crowd}
        present = {ids[name] for name in named[number]}
        absent = [category for category in ids.values() if category not in present]
        # Not all that is absent is verified to be, as in LVIS.
        image |= {"neg_category_ids": absent[number % 2 :: 2], "not_exhaustive_category_ids": sorted(crowds)}
        images.append(image)
    return {
        "info": _info("LVIS v1"),
        "licenses": [],
        "images": images,
        "annotations": annotations,
        "categories": _lvis_categories(ids, annotations),
    }


def _broad(layer: Layer) -> str:
    return layer.name.split()[-1]


def _lvis_categories(ids: dict[str, int], annotations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    instances = Counter(annotation["category_id"] for annotation in annotations)
    shown = Counter(
        category for _, category in {(annotation["image_id"], annotation["category_id"]) for annotation in annotations}
    )
    categories = []
    for name, number in ids.items():
        frequency = "r" if shown[number] <= _RARE else "c" if shown[number] <= _COMMON else "f"
        counts = {"image_count": shown[number], "instance_count": instances[number], "frequency": frequency}
        categories.append({"id": number, "name": name.replace(" ", "_"), "synonyms": [name], **counts})
    return categories


def _info(format_name: str) -> dict[str, Any]:
    note = f"generated scenes made by sambench in the format of {format_name}; no part of it"
    return {"description": note, "version": "mini-v1"}


def _image(scene: Scene, file: str) -> dict[str, Any]:
    height, width = scene.top.shape
    number = int(file.split("/")[-1].split(".")[0])
    return {"id": number, "height": height, "width": width, "coco_url": f"http://images.cocodataset.org/{file}"}


def _annotation(scene: Scene, index: int) -> dict[str, Any] | None:
    """Write what can be seen of a layer: segmentation, area and box; None where it is too little."""
    mask = scene.visible(index)
    if mask.sum() < SMALLEST:
        return None
    segmentation = _segmentation(mask, scene.layers[index].crowd)
    code = rle.from_segmentation(segmentation, (mask.shape[0], mask.shape[1]))
    box = [float(side) for side in rle.boxes_xywh([code])[0]]
    return {"segmentation": segmentation, "area": float(rle.areas([code])[0]), "bbox": box}


def _segmentation(mask: np.ndarray, crowd: bool) -> Any:
    """Write a mask as polygons; with holes as compressed, and of a crowd as uncompressed run lengths."""
    code = rle.encode_masks(mask[None])[0]
    if crowd:
        return {"size": code["size"], "counts": rle.run_lengths(code["counts"]).tolist()}
    left, top, right, bottom = (int(side) for side in rle.boxes_xyxy([code])[0])
    inner = mask[top:bottom, left:right]
    if (ndimage.binary_fill_holes(inner) != inner).any():
        return rle.to_json(code)
    return _polygons(inner, left, top)


def _polygons(mask: np.ndarray, left: int, top: int) -> list[list[float]]:
    """Trace a mask without holes that starts at column `left` and row `top` of its image.

    Returns:
        One polygon [x0, y0, x1, y1, ...] a component, in pixels from the image's corner.
    """
    polygons = []
    for contour in find_contours(np.pad(mask, 1).astype(np.float64), 0.5):
        steps = np.diff(contour, axis=0)
        # Points between equal steps lie on a line.
        points = contour[:-1][(steps != np.roll(steps, 1, axis=0)).any(axis=1)]
        # Padding moved pixel centres to whole numbers from 1 on; COCO has the first centre at 0.5.
        polygons.append((points[:, ::-1] - 0.5 + (left, top)).ravel().tolist())
    return polygons
