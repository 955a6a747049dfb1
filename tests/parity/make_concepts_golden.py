"""Let SAM 3's own evaluator score the pairs of `concept_pairs`; writes tests/golden/concepts.json.

    PYTHONPATH=tests/support python tests/parity/make_concepts_golden.py CHECKOUT/sam3/eval

CHECKOUT is github.com/facebookresearch/sam3 at 99d02f2; only cgf1_eval.py of it is imported. Names and numbers are its
own; -1 is what it says where it divided 0 by 0. Needs tqdm.
"""

import contextlib
import io
import json
import sys
import tempfile
import warnings
from pathlib import Path

from concept_pairs import HEIGHT, WIDTH, box_xywh, cases, rle

GOLDEN = Path(__file__).parents[1] / "golden" / "concepts.json"


def truth_file(pairs, annotator):
    """Return one annotator's file."""
    images = [
        {"id": k, "width": WIDTH, "height": HEIGHT, "is_instance_exhaustive": int(pair["exhaustive"][annotator])}
        for k, pair in enumerate(pairs)
    ]
    annotations = [
        coded(mask) | {"id": 1 + 100 * k + n, "image_id": k, "iscrowd": int(own["crowd"][n])}
        for k, own in enumerate(pair["truths"][annotator] for pair in pairs)
        for n, mask in enumerate(own["masks"])
    ]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "object"}]}


def coded(mask):
    code = rle(mask)
    segmentation = {"size": code["size"], "counts": code["counts"].decode()}
    area = float(mask.mean())
    return {"segmentation": segmentation, "bbox": box_xywh(mask), "area": area, "category_id": 1}


def official(evaluators, pairs, iou_type):
    """Return what the evaluator prints of one case, by figure."""
    results = [
        coded(mask) | {"image_id": k, "score": score}
        for k, pair in enumerate(pairs)
        for mask, score in zip(pair["masks"], pair["scores"], strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        place = Path(folder)
        files = [place / f"{number}.json" for number in range(len(pairs[0]["truths"]))]
        for number, file in enumerate(files):
            file.write_text(json.dumps(truth_file(pairs, number)))
        (place / "predictions.json").write_text(json.dumps(results))
        evaluator = evaluators.CGF1Evaluator([str(file) for file in files], iou_type)
        found = evaluator.evaluate(str(place / "predictions.json"))
    return {name.removeprefix(f"cgF1_eval_{iou_type}_"): value for name, value in found.items()}


def main(folder):
    """Write the figures of all cases, of masks and of boxes."""
    sys.path.insert(0, folder)
    import cgf1_eval

    warnings.simplefilter("ignore")  # its 0 / 0
    found = {
        name: {iou_type: official(cgf1_eval, pairs, iou_type) for iou_type in ("segm", "bbox")}
        for name, pairs in cases().items()
    }
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
