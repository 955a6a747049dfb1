"""Pairs in the form of SA-Co's annotation files, as their readers and SAM 3's evaluator take them."""

from __future__ import annotations

from typing import Any

from sambench.masks import rle
from sambench.types import Annotation, Size


def pair_record(pair_id: int | str, phrase: str, file_name: str, size: Size, exhaustive: bool) -> dict[str, Any]:
    """Return an entry of `images`: one pair of an image of (height, width) and a phrase."""
    flags = {"is_instance_exhaustive": int(exhaustive), "is_pixel_exhaustive": int(exhaustive)}
    image = {"file_name": file_name, "height": int(size[0]), "width": int(size[1])}
    return {"id": pair_id, "text_input": phrase, **image, "queried_category": "1", **flags}


def annotation_record(number: int, pair_id: int | str, drawn: Annotation, source: str) -> dict[str, Any]:
    """Return an entry of `annotations`: an object of a pair, box and area in shares of the image."""
    height, width = (int(side) for side in drawn.rle["size"])
    box = rle.boxes_xywh([drawn.rle])[0].tolist() if drawn.box_xywh is None else drawn.box_xywh
    return {
        "id": number,
        "image_id": pair_id,
        "bbox": [side / whole for side, whole in zip(box, (width, height, width, height), strict=True)],
        "area": float(rle.areas([drawn.rle])[0]) / (height * width),
        "segmentation": rle.to_json(drawn.rle),
        "category_id": 1,
        "iscrowd": int(drawn.iscrowd),
        "source": source,
    }


def file_of(pairs: list[dict[str, Any]], annotations: list[dict[str, Any]], info: dict[str, Any]) -> dict[str, Any]:
    """Return the contents of a file; all objects are of its one category, as predictions for it have to be."""
    categories = [{"id": 1, "name": "object"}]
    return {"info": info, "images": pairs, "annotations": annotations, "categories": categories}
