"""Gates that told what one image made, from files of predictions to the exit code.

The other cases met in the field stand beside it: policies (`test_gate_policies.py`), one image, two, and a handful that
carry a metric (`test_gate_support.py`).
"""

import json

import numpy as np
import pytest
from made_rows import edge_rows
from pycocotools import mask as coco_mask
from stored_runs import stored

from sambench import gate, score
from sambench.cli import dispatch

IMAGES, SIDE = 60, 128


def code(x, y, side):
    mask = np.zeros((SIDE, SIDE), np.uint8, order="F")
    mask[y : y + side, x : x + side] = 1
    return {"size": [SIDE, SIDE], "counts": coco_mask.encode(mask)["counts"].decode()}


def write_lvis(folder, large, rare):
    """Write 60 images with a small object each; the first has a large one too, or one of a rare category."""
    names = [f"{number:012d}.jpg" for number in range(IMAGES)]
    images = [
        {"id": number + 1, "file_name": name, "coco_url": f"http://x/val2017/{name}", "height": SIDE, "width": SIDE}
        | {"neg_category_ids": [], "not_exhaustive_category_ids": []}
        for number, name in enumerate(names)
    ]
    objects = [(number + 1, 1, (10 + number % 9, 12, 20)) for number in range(IMAGES)]
    objects += [(1, 1, (2, 2, 110))] if large else []
    objects += [(1, 2, (60, 60, 24))] if rare else []
    annotations = [
        {"id": place + 1, "image_id": image, "category_id": category, "segmentation": code(*box)}
        | {"area": float(box[2] ** 2), "bbox": [box[0], box[1], box[2], box[2]]}
        for place, (image, category, box) in enumerate(objects)
    ]
    kinds = [{"id": 1, "name": "a", "frequency": "f"}, {"id": 2, "name": "b", "frequency": "r"}]
    truth = {"images": images, "annotations": annotations, "categories": kinds, "info": {}, "licenses": []}
    (folder / "lvis_v1_val.json").write_text(json.dumps(truth))
    return objects


def scored(folder, name, objects):
    """Score proposals that are every given object."""
    path = folder / f"{name}.json"
    path.write_text(
        json.dumps(
            [{"image_id": i, "category_id": c, "segmentation": code(*box), "score": 0.9} for i, c, box in objects]
        )
    )
    words = [f"data.annotations={folder / 'lvis_v1_val.json'}", f"data.images={folder}", "illustrate=0", "workers=0"]
    return score(
        "proposals", "lvis", path, overrides=[*words, "progress=off"], run={"dir": str(folder / name)}
    ).location


@pytest.mark.parametrize(("metric", "large", "rare"), [("ARl@1000", True, False), ("ARr@1000", False, True)])
def test_one_object_that_is_lost_decides_nothing(tmp_path, capsys, metric, large, rare):
    objects = write_lvis(tmp_path, large, rare)
    before, after = scored(tmp_path, "before", objects), scored(tmp_path, "after", objects[:-1])
    words = [f"baseline={before}", f"candidate={after}", "replicates=200"]
    assert dispatch(["gate", *words]) == 0
    told = capsys.readouterr().out
    headline = told.partition("\n")[0]
    assert headline.startswith("no regression; cannot tell ARl@1000 (carried by 1 of" if large else "no regression (")
    line = next(line for line in told.splitlines() if line.startswith(f"{metric} "))
    assert line.split()[1:4] == ["1.0000", "0.0000", "-1.0000"]
    assert line.endswith(f"{'cannot tell' if large else '(shown)'} (1 of {IMAGES} images)")
    assert "[" not in line  # no interval
    policy = tmp_path / "own.yaml"
    policy.write_text(f"judged: {{proposals: ['{metric}']}}")
    assert dispatch(["gate", *words, f"policy={policy}"]) == 3
    assert capsys.readouterr().out.startswith(f"cannot tell {metric} (carried by 1 of {IMAGES} images)")


def test_a_metric_that_becomes_undefined_is_a_regression(tmp_path):
    rows = edge_rows(24)
    never_half = [{**row, "cnt_p": np.floor_divide(row["sum_p"], 9).tolist()} for row in rows]
    policy = tmp_path / "own.yaml"
    policy.write_text("judged: {edges: [r50]}")
    result = gate(stored(tmp_path / "a", rows=rows), stored(tmp_path / "b", rows=never_half), policy, replicates=100)
    (r50,) = [one for one in result.judgements if one.judged]
    assert (r50.found.name, r50.verdict, result.exit_code) == ("r50", "regression", 1)
    assert r50.found.baseline > 0.5
    assert np.isnan(r50.found.candidate)
