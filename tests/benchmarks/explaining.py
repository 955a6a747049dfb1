"""Measure what `sambench explain` takes: wall seconds, processor seconds and the memory of all its processes together.

Usage: python tests/benchmarks/explaining.py FOLDER [images=5000] [objects=8] [key=value of explain ...]

Writes images of 480 x 640 with objects as large as COCO's and first clicks on them, three candidates each, below
FOLDER and scores them (once), explains the run in a process of its own and adds the resident memory of it and its
workers up every tenth of a second. Linux only: it reads /proc. `taskset -c 0,1` before it gives it two cores.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from memory import resident_mb
from PIL import Image
from scipy.ndimage import binary_dilation, gaussian_filter, shift

import sambench
from sambench.masks import rle
from sambench.masks.prompted.clicking import ClickedObjects
from sambench.masks.windows import runs_of_rles
from sambench.predictions.click_records import ClickPrediction, write_clicks

SIZE, POOL = (480, 640), 600


def blobs(rng):
    """Draw objects with three answers each: off by two pixels, swollen, and a half; (4, 480, 640) bool each."""
    rows, columns = np.indices(SIZE)
    wobble = [gaussian_filter(rng.normal(size=SIZE), 12) * 60 for _ in range(12)]
    for number in range(POOL):
        radius = np.exp(rng.normal(np.log(34), 1.0)).clip(4, 220)
        y, x = (rng.uniform(0.1, 0.9, 2) * SIZE).round()
        own = np.hypot(rows - y, columns - x) + wobble[number % len(wobble)] / 34 * radius < radius
        if own.sum() < 12:
            own = np.hypot(rows - y, columns - x) < 4
        moved = shift(own.astype(np.uint8), (2, 1), order=0) > 0
        yield np.stack([own, moved, binary_dilation(own, iterations=3), own & (columns < x)])


def make(folder, images, objects):
    """Write the data and the answers; the pool of objects is dealt out anew to every image."""
    rng = np.random.default_rng(0)
    codes = [rle.encode_masks(found) for found in blobs(rng)]
    (folder / "images").mkdir(parents=True)
    told = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "object"}]}
    pattern = folder / "pattern.jpg"
    Image.fromarray(rng.integers(0, 255, (*SIZE, 3), np.uint8)).save(pattern, quality=20)
    for image in range(1, images + 1):
        name = f"{image:06d}"
        os.link(pattern, folder / "images" / f"{name}.jpg")
        told["images"].append({"id": image, "file_name": f"{name}.jpg", "height": SIZE[0], "width": SIZE[1]})
        chosen, names = rng.choice(POOL, objects, replace=False), []
        for own in chosen:
            code = codes[own][0]
            names.append(str(len(told["annotations"]) + 1))
            told["annotations"].append(
                {
                    "id": int(names[-1]),
                    "image_id": image,
                    "category_id": 1,
                    "iscrowd": 0,
                    "area": int(rle.areas([code])[0]),
                }
                | {"bbox": rle.boxes_xywh([code])[0].tolist(), "segmentation": rle.to_json(code)}
            )
        candidates = [code for own in chosen for code in codes[own][1:]]
        first = rng.integers(0, 3, objects)
        said = rng.uniform(0.3, 0.9, (objects, 3))
        said[np.arange(objects), first] = 0.95
        clicked = ClickedObjects(
            points_xy=np.zeros((objects, 1, 2), np.int64),
            labels=np.ones((objects, 1), np.int64),
            counts=(1,),
            masks=[runs_of_rles([candidates[3 * i + own] for i, own in enumerate(first)], SIZE)],
            predicted_iou=said.max(axis=1, keepdims=True),
            candidates=runs_of_rles(candidates, SIZE),
            candidates_iou=said,
        )
        write_clicks(ClickPrediction(names, clicked), SIZE, folder / "masks", name)
    (folder / "gt.json").write_text(json.dumps(told))
    words = [f"data.annotations={folder / 'gt.json'}", f"data.images={folder / 'images'}"]
    words += ["task.clicks=[1]", "task.boundary_ratio=null"]
    sambench.score("points", "own", folder / "masks", words, run={"dir": str(folder / "run")})


def main():
    folder = Path(sys.argv[1])
    given = dict(word.split("=", 1) for word in sys.argv[2:])
    images, objects = int(given.pop("images", 5000)), int(given.pop("objects", 8))
    if not (folder / "run" / "run.json").exists():
        make(folder, images, objects)
    command = [sys.executable, "-m", "sambench.cli", "explain", str(folder / "run"), f"out={folder / 'explained'}"]
    start, peak = time.perf_counter(), 0.0
    process = subprocess.Popen([*command, *(f"{key}={value}" for key, value in given.items())])
    while process.poll() is None:
        peak = max(peak, sum(resident_mb(process.pid).values()))
        time.sleep(0.1)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{time.perf_counter() - start:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of processors, {peak:.0f} MB")
    sys.exit(process.returncode)


if __name__ == "__main__":
    main()
