"""Two small images with two objects each, as COCO JSON: what a model in a test can answer in milliseconds."""

import json

import numpy as np
from PIL import Image

SIZE = (40, 56)
WORDS = ["task.clicks=[1,2]", "data.annotations=objects.json"]


def write_objects(folder, images=2):
    """Write images of noise with two bright rectangles each; returns the folder, for `data.root`."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    truth = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "thing"}]}
    for number in range(images):
        pixels = rng.integers(0, 90, (*SIZE, 3), dtype=np.uint8)
        truth["images"].append({"id": number, "file_name": f"{number}.png", "height": SIZE[0], "width": SIZE[1]})
        for left, top, width, height in ((4 + number, 5, 18, 22), (30, 8, 20, 25 - number)):
            pixels[top : top + height, left : left + width] += 120
            corners = [left, top, left + width, top, left + width, top + height, left, top + height]
            truth["annotations"].append(
                {
                    "id": len(truth["annotations"]) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "segmentation": [corners],
                    "area": width * height,
                    "bbox": [left, top, width, height],
                    "iscrowd": 0,
                }
            )
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "objects.json").write_text(json.dumps(truth))
    return folder


def settings(folder, **more):
    """Return keyword arguments of `sambench.evaluate` and `sambench.run` for these images."""
    words = [f"data.root={folder}", *more.pop("overrides", [])]
    words = [*WORDS, *words] if more.get("task", "points") == "points" else [WORDS[1], *words]
    return {"task": "points", "data": "own", "overrides": words, **more}
