"""Data sets whose file names lead anywhere, with the images where a reader looks for them."""

import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from toys import write_bsds

SIZE = (40, 56)

STEMS = [
    "plain",
    "a\nb",
    "C:\\x",
    "con",
    "x" * 240,
    "<script>alert(1)<_script>",
    "=cmd()|' !A0",
    "[a-z]*",
    "trailing. ",
    "~" + "0" * 32,
    "e\u0301",
    "%2e%2e%2fup",
]
"""Names of files of one folder."""

PATHS = [
    *STEMS,
    "../../../evil",
    "ABSOLUTE/evil",
    "y" * 150 + "/" + "x" * 150,
    "plain.png/inner",
    "Plain",
    "..\\..\\evil",
]
"""Paths below a folder; ABSOLUTE is the folder of the data."""


def write_hostile_coco(folder: Path) -> list[str]:
    """Write `coco.json` with images below `deep/down/images`, each with two objects; returns their names."""
    rng = np.random.default_rng(5)
    base = folder / "deep" / "down" / "images"
    base.mkdir(parents=True)
    names = [f"{path.replace('ABSOLUTE', str(folder / 'elsewhere'))}.jpg" for path in PATHS]
    images, annotations = [], []
    for number, name in enumerate(names, 1):
        picture = rng.integers(0, 90, (*SIZE, 3), dtype=np.uint8)
        for left in (6, 30):
            picture[8:28, left : left + 16] += 120
            box = [left, 8, 16, 20]
            corners = [left, 8, left + 16, 8, left + 16, 28, left, 28]
            own = {"id": len(annotations) + 1, "image_id": number, "category_id": 1, "iscrowd": 0, "area": 320.0}
            annotations.append({**own, "bbox": box, "segmentation": [corners]})
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(base / name, quality=95)
        images.append({"id": number, "file_name": name, "height": SIZE[0], "width": SIZE[1]})
    categories = [{"id": 1, "name": "=cmd()<script>"}]
    (folder / "coco.json").write_text(
        json.dumps({"images": images, "annotations": annotations, "categories": categories})
    )
    return names


def write_hostile_bsds(folder: Path) -> None:
    """Write images and annotations as BSDS500 is laid out, named by `STEMS`."""
    write_bsds(folder, count=len(STEMS))
    data = folder / "BSDS500" / "data"
    for index, stem in enumerate(STEMS):
        for place, ending in (("images", ".jpg"), ("groundTruth", ".mat")):
            shutil.move(data / place / "test" / f"{1000 + index}{ending}", data / place / "test" / f"{stem}{ending}")


def listing_of(folder: Path, *without: Path) -> set[str]:
    """Return everything below a folder but what lies in some others."""
    found = (path for path in folder.rglob("*") if not any(path.is_relative_to(other) for other in without))
    return {str(path.relative_to(folder)) for path in found}
