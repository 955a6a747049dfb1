"""A user's photographs as docs/own_data.md describes them: id images, a COCO JSON, drawn lines."""

import json

import numpy as np
from PIL import Image


def write_own(folder):
    """Write a user's photographs with id images, COCO JSON and drawn lines."""
    for name in ("my_photos/images", "my_photos/labels", "photos", "my_lines/images", "my_lines/groundTruth", "maps"):
        (folder / name).mkdir(parents=True)
    for name in ("images", "groundTruth/ann", "groundTruth/bob"):
        (folder / "my_team" / name).mkdir(parents=True)
    images, annotations = [], []
    for index in range(1, 7):
        ids = np.zeros((30, 40), np.uint8)
        ids[5:15, 5 : 15 + index] = 1
        ids[18:26, 20:36] = 2
        photograph = Image.fromarray((ids[..., None] * np.array([90, 60, 30]) + 40).astype(np.uint8))
        photograph.save(folder / f"my_photos/images/{index}.jpg")
        photograph.save(folder / f"photos/{index}.jpg")
        photograph.save(folder / f"my_lines/images/{index}.jpg")
        Image.fromarray(ids).save(folder / f"my_photos/labels/{index}.png")
        images.append({"id": index, "file_name": f"{index}.jpg", "width": 40, "height": 30})
        for value in (1, 2):
            y, x = np.nonzero(ids == value)
            left, top, right, bottom = (int(edge) for edge in (x.min(), y.min(), x.max() + 1, y.max() + 1))
            square = [left, top, right, top, right, bottom, left, bottom]
            size = {"bbox": [left, top, right - left, bottom - top], "area": len(x), "iscrowd": 0}
            one = {"id": len(annotations) + 1, "image_id": index, "category_id": value, "segmentation": [square]}
            annotations.append(one | size)
        line = np.zeros((30, 40), np.uint8)
        line[14, 5:30] = 255
        Image.fromarray(line).save(folder / f"my_lines/groundTruth/{index}.png")
        Image.fromarray(line).save(folder / f"maps/{index}.png")
        photograph.save(folder / f"my_team/images/{index}.jpg")
        for name in ("ann", "bob"):
            Image.fromarray(line).save(folder / f"my_team/groundTruth/{name}/{index}.png")
    categories = [{"id": 1, "name": "roof"}, {"id": 2, "name": "yard"}]
    told = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "gt.json").write_text(json.dumps(told))
    keys = ("image_id", "category_id", "segmentation")
    found = [{key: one[key] for key in keys} | {"score": 0.9} for one in annotations]
    (folder / "found.json").write_text(json.dumps(found))
