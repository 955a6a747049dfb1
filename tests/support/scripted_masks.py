"""A segmenter that answers by a rule instead of a network, and a set in COCO's format to ask it about.

`tests/parity/make_efficientvit_golden.py` lets EfficientViT-SAM's own script evaluate it; the suite must find the same.
"""

import json

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

SIZE = (150, 200)
IMAGES = (3, 11, 12, 205)


def answers(points_xy, labels, box_xyxy):
    """Return three masks (3, H, W) bool of an image of SIZE, and their scores (3,) float64.

    Clicks are answered by discs around the foreground ones, without smaller discs around the others; a box by itself,
    smaller by a few pixels. Scores jump from prompt to prompt, so that every mask is the most confident one at times.

    Args:
        points_xy: (N, 2) pixels, or None.
        labels: (N,) 1 foreground, 0 background, or None.
        box_xyxy: (4,) pixels, or None.
    """
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    masks, number = np.zeros((3, *SIZE), bool), 0.0
    for level in range(3):
        if box_xyxy is not None:
            x0, y0, x1, y1 = (float(side) for side in box_xyxy)
            cut = (1, 4, 9)[level] * min(x1 - x0, y1 - y0) / 40
            masks[level] = (columns >= x0 + cut) & (columns < x1 - cut) & (rows >= y0 + cut) & (rows < y1)
            number = x0 * 3 + y0 * 5 + x1 * 7
            continue
        for wanted, radius in ((1, (7, 13, 21)[level] + 2 * len(labels)), (0, 4 + level)):
            for (x, y), label in zip(points_xy, labels, strict=True):
                if label == wanted:
                    near = (rows - round(float(y))) ** 2 + (columns - round(float(x))) ** 2 <= radius**2
                    masks[level] = masks[level] | near if wanted else masks[level] & ~near
                number += round(float(x)) * 3 + round(float(y)) * 5
    scores = np.array([(int(number) * 37 + level * 53) % 101 / 101 for level in range(3)])
    return masks, scores


def write_set(folder):
    """Write images and `instances.json`: objects of all sizes, a crowd, one without a pixel and one below a pixel."""
    (folder / "images").mkdir(parents=True)
    generator = np.random.default_rng(5)
    images, entries = [], []
    for image_id in IMAGES:
        Image.new("RGB", SIZE[::-1], (90, 90, 90)).save(folder / f"images/{image_id:012d}.png")
        images.append({"id": image_id, "file_name": f"{image_id:012d}.png", "height": SIZE[0], "width": SIZE[1]})
        for place in range(9):
            width, height = generator.integers(*((4, 20), (20, 60), (100, 120))[place % 3], 2)
            x0, y0 = generator.integers(0, SIZE[1] - width), generator.integers(0, SIZE[0] - height)
            x1, y1 = x0 + width, y0 + height
            shape = [[x0, y0, x1, y0, x1, y1, x0, y1], [x0, y0, x1, y0, x0, y1]][place % 2]
            entries.append((image_id, [[float(value) for value in shape]], 0))
    drawn = np.zeros(SIZE, np.uint8)
    drawn[20:50, 30:90] = 1
    entries.append((11, _counts(drawn), 1))
    entries.append((12, _counts(0 * drawn), 0))
    entries.append((12, [[5.0, 5.0, 6.0, 5.0, 6.0, 6.0, 5.0, 6.0]], 0))
    annotations = [_annotation(number + 1, *entry) for number, entry in enumerate(entries)]
    annotations[-2] |= {"area": 4.0, "bbox": [40.0, 40.0, 8.0, 8.0]}
    annotations[-1]["area"] = 0.5
    content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "object"}]}
    (folder / "instances.json").write_text(json.dumps(content))


def _counts(mask):
    """Return an uncompressed run-length code, the only one that EfficientViT-SAM's script reads."""
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    ends = np.concatenate([[0], changes, [flat.size]])
    lengths = np.diff(ends).tolist()
    return {"size": list(mask.shape), "counts": [0, *lengths] if flat[0] else lengths}


def _annotation(number, image_id, segmentation, crowd):
    found = coco_mask.frPyObjects(segmentation, *SIZE)
    code = coco_mask.merge(found) if isinstance(segmentation, list) else found
    area, box = float(coco_mask.area(code)), [float(side) for side in coco_mask.toBbox(code)]
    fields = {"id": number, "image_id": image_id, "category_id": 1, "iscrowd": crowd}
    return fields | {"segmentation": segmentation, "area": area, "bbox": box}


def box_logits(boxes_xyxy):
    """Return (N, 1, 256, 256) float32 logits for boxes (N, 4) float of SAM's padded frame of 1024 pixels: a soft box.

    A mask is a box smaller than the prompt by a tenth of its sides and a bit, lest a row of logits be 0 but for
    rounding; its logits fall off across its sides.
    """
    centres = (np.arange(256, dtype=np.float32) + 0.5) * 4
    logits = []
    for x0, y0, x1, y1 in np.asarray(boxes_xyxy, np.float32):
        across, down = 0.1 * (x1 - x0) + 0.37, 0.1 * (y1 - y0) + 0.37
        columns = np.minimum(centres - x0 - across, x1 - across - centres)
        rows = np.minimum(centres - y0 - down, y1 - down - centres)
        logits.append(np.minimum(rows[:, None], columns[None]) / 50)
    return np.array(logits, np.float32)[:, None]
