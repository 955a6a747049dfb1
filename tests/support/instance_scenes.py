"""Instance annotations with perturbed copies as predictions, and the official evaluators run plainly on whole files."""

import contextlib
import copy
import io
import json
from collections import defaultdict

import hotcoco
import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy import ndimage

from sambench.metrics.coco.detections import Detections, ImagePair

AREAS = ("", "s", "m", "l")


def write_scenes(path, *, seed=0, images=12, size=(140, 180), crowds=True, first_id=1):
    """Write a file in COCO's and LVIS's format at once: rectangles, ellipses and combs of seven categories."""
    rng = np.random.default_rng(seed)
    categories = [{"id": k, "name": f"thing {k}", "frequency": "rcf"[k % 3]} for k in (3, 4, 7, 8, 9, 11, 20)]
    ids = [category["id"] for category in categories]
    dataset = {"images": [], "annotations": [], "categories": categories}
    for number in rng.permutation(np.arange(images)) * 3 + 5:
        present, absent = np.split(rng.permutation(ids), [3])
        dataset["images"].append(
            {
                "id": int(number),
                "height": size[0],
                "width": size[1],
                "file_name": f"{number:012d}.jpg",
                "coco_url": f"http://images.cocodataset.org/val2017/{number:012d}.jpg",
                "neg_category_ids": absent[:2].tolist(),
                "not_exhaustive_category_ids": present[:1].tolist(),
            }
        )
        for _ in range(rng.integers(0, 9)):
            mask = _shape(rng, size)
            if not mask.any():
                continue
            code = coco_mask.encode(np.asfortranarray(mask))
            dataset["annotations"].append(
                {
                    "id": len(dataset["annotations"]) + first_id,
                    "image_id": int(number),
                    "category_id": int(rng.choice(present)),
                    "segmentation": {"size": list(size), "counts": code["counts"].decode()},
                    # As in the real files, the area is the polygon's and not quite the mask's.
                    "area": float(mask.sum() + rng.choice([-0.5, 0.0, 0.25])),
                    "bbox": (coco_mask.toBbox(code) + rng.uniform(-0.4, 0.4, 4)).clip(0).tolist(),
                    "iscrowd": int(crowds and rng.random() < 0.12),
                }
            )
    path.write_text(json.dumps(dataset))
    return path


def _shape(rng, size):
    mask = np.zeros(size, np.uint8)
    height, width = rng.integers(3, 140, 2) if rng.random() < 0.5 else rng.integers(4, 40, 2)
    top, left = rng.integers(0, size[0] - 4), rng.integers(0, size[1] - 4)
    y, x = np.mgrid[: size[0], : size[1]]
    inside = (y >= top) & (y < top + height) & (x >= left) & (x < left + width)
    if rng.random() < 0.4:
        inside &= ((y - top - height / 2) / height) ** 2 + ((x - left - width / 2) / width) ** 2 < 0.25
    mask[inside] = 1
    if rng.random() < 0.2:
        mask[:, ::3] = 0
    return mask


def perturbed(dataset, *, seed=1, per_object=4):
    """Make a COCO results list of an annotation file.

    Each object is shifted, eroded, grown, merged with another, thinned out, repeated or given a wrong class; empty
    masks and noise lie in between; scores are random, and many of them equal.
    """
    rng = np.random.default_rng(seed)
    sizes = {image["id"]: (image["height"], image["width"]) for image in dataset["images"]}
    ids = [category["id"] for category in dataset["categories"]]
    objects = defaultdict(list)
    for found in dataset["annotations"]:
        objects[found["image_id"]].append(
            (decoded(found["segmentation"], sizes[found["image_id"]]), found["category_id"])
        )
    results = []
    for image_id, (height, width) in sizes.items():
        own = objects[image_id]
        for mask, category in own:
            for _ in range(per_object):
                changed = _changed(rng, mask, own)
                results.append((image_id, changed, category if rng.random() < 0.85 else int(rng.choice(ids))))
                if rng.random() < 0.15:
                    results.append(results[-1])
        for _ in range(3):
            results.append((image_id, _shape(rng, (height, width)), int(rng.choice(ids))))
        empty_category = own[0][1] if own else ids[0]
        results.append((image_id, np.zeros((height, width), np.uint8), empty_category))
    return [_result(rng, *result) for result in results]


def _changed(rng, mask, own):
    kind = rng.integers(0, 6)
    if kind == 0:
        return np.roll(mask, tuple(rng.integers(-4, 5, 2)), (0, 1))
    if kind == 1:
        return ndimage.binary_erosion(mask, iterations=int(rng.integers(1, 4))).astype(np.uint8)
    if kind == 2:
        return ndimage.binary_dilation(mask, iterations=int(rng.integers(1, 4))).astype(np.uint8)
    if kind == 3:
        return mask | own[rng.integers(len(own))][0]
    if kind == 4:
        return mask * (rng.random(mask.shape) < 0.9).astype(np.uint8)
    return mask


def _result(rng, image_id, mask, category):
    code = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {
        "image_id": image_id,
        "category_id": category,
        "segmentation": {"size": [int(side) for side in code["size"]], "counts": code["counts"].decode()},
        "score": round(float(rng.random()), 2 if rng.random() < 0.7 else 16),
    }


def decoded(segmentation, size):
    if isinstance(segmentation, list):
        return coco_mask.decode([coco_mask.merge(coco_mask.frPyObjects(segmentation, *size))])[..., 0]
    return coco_mask.decode([segmentation])[..., 0]


def pairs(data, results, *, boxes=False, masks=True, file_boxes=False):
    """Pair a dataset's truth with a results list, image by image."""
    grouped = defaultdict(list)
    for result in results:
        grouped[result["image_id"]].append(result)
    found = []
    for key in data.keys:
        truth = data.load_truth(key)
        own = grouped[truth.image_id]
        codes = (
            [{**one["segmentation"], "counts": one["segmentation"]["counts"].encode()} for one in own]
            if masks
            else None
        )
        detections = Detections(
            np.array([one["score"] for one in own]),
            np.array([one["category_id"] for one in own]),
            codes,
            np.array([one["bbox"] for one in own]).reshape(-1, 4) if boxes else None,
        )
        found.append(ImagePair(truth, detections, data.load_boxes(key) if file_boxes else None))
    return found


def relabelled(dataset, keep=None):
    """Return a copy of an annotation file with one category, and only the annotations `keep` wants.

    Annotations come by their old category, the order in which pycocotools meets them when categories do not count.
    """
    frequency = {category["id"]: category["frequency"] for category in dataset["categories"]}
    changed = {**copy.deepcopy(dataset), "categories": [{"id": 1, "name": "object", "frequency": "f"}]}
    changed["annotations"] = [
        {**one, "category_id": 1, "iscrowd": one.get("iscrowd", 0)}
        for one in sorted(changed["annotations"], key=lambda one: one["category_id"])
        if keep is None or frequency[one["category_id"]] == keep
    ]
    for image in changed["images"]:
        image["neg_category_ids"], image["not_exhaustive_category_ids"] = [], []
    return changed


def with_category(results, category=1):
    """Give all results one category; they come by their old one, as `relabelled` says."""
    return [{**one, "category_id": category} for one in sorted(results, key=lambda one: one["category_id"])]


@contextlib.contextmanager
def quiet():
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def plain_coco(dataset, results, iou_type="segm", max_dets=(1, 10, 100), use_cats=1, add_crowds=True):
    """Run pycocotools on everything at once; returns its evaluator after `accumulate`."""
    with quiet():
        truth = COCO()
        truth.dataset = copy.deepcopy(dataset)
        for one in truth.dataset["annotations"] if add_crowds else []:
            one.setdefault("iscrowd", 0)
        truth.createIndex()
        evaluator = COCOeval(truth, truth.loadRes(copy.deepcopy(results)), iou_type)
        evaluator.params.maxDets, evaluator.params.useCats = list(max_dets), use_cats
        evaluator.evaluate()
        evaluator.accumulate()
    return evaluator


def plain_hotcoco(dataset, results, iou_type="segm", max_dets=(1, 10, 100), use_cats=True):
    """Run hotcoco on everything at once; returns its evaluator after `accumulate`."""
    dataset = {**dataset, "annotations": [{"iscrowd": 0, **one} for one in dataset["annotations"]]}
    truth = hotcoco.COCO(dataset)
    evaluator = hotcoco.COCOeval(truth, truth.load_res(copy.deepcopy(results)), iou_type)
    evaluator.params.max_dets, evaluator.params.use_cats = list(max_dets), use_cats
    evaluator.evaluate()
    evaluator.accumulate()
    return evaluator


def read_figures(evaluator, max_dets=(1, 10, 100)):
    """Read the figures off `eval`'s precision (T, R, K, A, M) and recall (T, K, A, M)."""

    def mean(values):
        return values[values > -1].mean() if (values > -1).any() else np.nan

    precision, recall = np.asarray(evaluator.eval["precision"]), np.asarray(evaluator.eval["recall"])
    figures = {"AP50": mean(precision[0, :, :, 0, -1]), "AP75": mean(precision[5, :, :, 0, -1])}
    for a, area in enumerate(AREAS):
        figures[f"AP{area}"] = mean(precision[:, :, :, a, -1])
        for m, limit in enumerate(max_dets):
            figures[f"AR{area}@{limit}"] = mean(recall[:, :, a, m])
    return figures
