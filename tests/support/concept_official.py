"""SAM 3's own evaluator of text prompts, of a checkout of its repository, on coded pairs (`concept_pairs.coded`)."""

import contextlib
import importlib
import io
import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from concept_pairs import box_xywh
from pycocotools import mask as coco_mask


def evaluator_of(folder):
    """The module cgf1_eval.py of CHECKOUT/sam3/eval; needs tqdm."""
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module("cgf1_eval")


def truth_file(pairs, annotator):
    """One annotator's file."""
    images = [
        {
            "id": number,
            "height": pair["size"][0],
            "width": pair["size"][1],
            "is_instance_exhaustive": int(pair["exhaustive"][annotator]),
        }
        for number, pair in enumerate(pairs)
    ]
    annotations = [
        entry(code) | {"id": 1 + 1000 * number + place, "image_id": number, "iscrowd": int(own["crowd"][place])}
        for number, own in enumerate(pair["truths"][annotator] for pair in pairs)
        for place, code in enumerate(own["codes"])
    ]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "object"}]}


def entry(code):
    counts = code["counts"] if isinstance(code["counts"], str) else code["counts"].decode()
    area = float(coco_mask.area(code)) / float(np.prod(code["size"], dtype=float))
    return {
        "segmentation": {"size": [int(side) for side in code["size"]], "counts": counts},
        "bbox": box_xywh(code),
        "area": area,
        "category_id": 1,
    }


def write_files(pairs, folder):
    """Write the annotators' files and predictions.json; the annotators' files."""
    results = [
        entry(code) | {"image_id": number, "score": score}
        for number, pair in enumerate(pairs)
        for code, score in zip(pair["codes"], pair["scores"], strict=True)
    ]
    files = [Path(folder) / f"{number}.json" for number in range(len(pairs[0]["truths"]))]
    for number, file in enumerate(files):
        file.write_text(json.dumps(truth_file(pairs, number)))
    (Path(folder) / "predictions.json").write_text(json.dumps(results))
    return files


def evaluate(evaluators, files, iou_type):
    """What the evaluator prints of files written by `write_files`, by figure."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its 0 / 0
        evaluator = evaluators.CGF1Evaluator([str(file) for file in files], iou_type)
        found = evaluator.evaluate(str(files[0].with_name("predictions.json")))
    return {name.removeprefix(f"cgF1_eval_{iou_type}_"): float(value) for name, value in found.items()}


def official(evaluators, pairs, iou_type):
    """What the evaluator prints of coded pairs, by figure."""
    with tempfile.TemporaryDirectory() as folder:
        return evaluate(evaluators, write_files(pairs, folder), iou_type)


def ours(name):
    """The name that a figure of the evaluator has in this package."""
    return name.replace("positive_micro_F1", "pmF1").replace("@0.5", "@50").replace("@0.75", "@75")
