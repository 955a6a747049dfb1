"""Show that scoring proposals takes time in proportion to the images and no more memory for more of them.

Usage: python tests/benchmarks/streaming.py FOLDER [images=2000] [masks=1000]

Writes an LVIS-like set of 480 x 640 images and that many random masks an image below FOLDER, scores the first eighth,
quarter, half and all of it, and prints seconds and the peak resident memory of the main process for each.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from sambench.masks import rle
from sambench.metrics.coco.detections import Detections
from sambench.predictions.coco_results import write_detections

SIZE = (480, 640)
OBJECTS = 12


def discs(rng, count):
    """Draw `count` random ellipses; (count, 480, 640) bool."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    drawn = np.zeros((count, *SIZE), bool)
    for mask in drawn:
        cy, cx, ry, rx = rng.uniform(0, SIZE[0]), rng.uniform(0, SIZE[1]), *rng.uniform(6, 90, 2)
        top, bottom = int(max(cy - ry, 0)), int(min(cy + ry + 1, SIZE[0]))
        left, right = int(max(cx - rx, 0)), int(min(cx + rx + 1, SIZE[1]))
        block = (slice(top, bottom), slice(left, right))
        mask[block] = ((y[block] - cy) / ry) ** 2 + ((x[block] - cx) / rx) ** 2 < 1
    return drawn


def make(folder, images, masks):
    """Write the set and the predictions; 40 different pools of masks are dealt out anew to every image."""
    rng = np.random.default_rng(0)
    (folder / "val2017").mkdir(parents=True)
    Image.fromarray(rng.integers(0, 255, (*SIZE, 3), np.uint8)).save(folder / "val2017" / "pattern.jpg", quality=20)
    pattern = (folder / "val2017" / "pattern.jpg").read_bytes()
    (folder / "val2017" / "pattern.jpg").unlink()
    pool = [code for _ in range(40) for code in rle.encode_masks(discs(rng, 100))]
    records = {
        "images": [],
        "annotations": [],
        "categories": [{"id": i, "name": str(i), "frequency": "rcf"[i % 3]} for i in range(1, 31)],
    }
    for number in range(1, images + 1):
        name = f"{number:012d}"
        (folder / "val2017" / f"{name}.jpg").write_bytes(pattern)
        url = f"http://images.cocodataset.org/val2017/{name}.jpg"
        lists = {"neg_category_ids": [], "not_exhaustive_category_ids": []}
        records["images"].append({"id": number, "height": SIZE[0], "width": SIZE[1], "coco_url": url, **lists})
        for code in rng.choice(len(pool), OBJECTS, replace=False):
            box = rle.boxes_xywh([pool[code]])[0].tolist()
            area = float(rle.areas([pool[code]])[0])
            records["annotations"].append(
                {
                    "id": len(records["annotations"]) + 1,
                    "image_id": number,
                    "category_id": int(code % 30) + 1,
                    "bbox": box,
                }
                | {"area": area, "segmentation": rle.to_json(pool[code])}
            )
        chosen = [pool[i] for i in rng.choice(len(pool), masks, replace=False)]
        found = Detections(rng.random(masks), np.ones(masks, int), chosen)
        write_detections(found, number, folder / "predictions", f"val2017/{name}")
    (folder / "lvis_v1_val.json").write_text(json.dumps(records))


def score(folder, images):
    """Score the first images in this process; prints seconds and peak memory."""
    import sambench

    start = time.perf_counter()
    overrides = [f"data.root={folder}", f"data.limit={images}"]
    run = {"dir": str(folder / f"run{images}")}
    finished = sambench.score("proposals", "lvis", folder / "predictions", overrides, progress="off", run=run)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    seconds = time.perf_counter() - start
    figure = finished.metrics["AR@1000"].value
    print(f"{images:6d} images  {seconds:7.1f} s  {1000 * seconds / images:5.1f} ms/image  ", end="")
    print(f"main {peak:6.0f} MB  worker {workers:6.0f} MB  AR@1000 {figure:.4f}", flush=True)


def main():
    folder = Path(sys.argv[1])
    if len(sys.argv) > 3 and sys.argv[2] == "--score":
        score(folder, int(sys.argv[3]))
        return
    given = dict(word.split("=") for word in sys.argv[2:])
    images, masks = int(given.get("images", 2000)), int(given.get("masks", 1000))
    if not folder.exists():
        make(folder, images, masks)
    for part in (8, 4, 2, 1):
        subprocess.run([sys.executable, __file__, str(folder), "--score", str(images // part)], check=True)


if __name__ == "__main__":
    main()
