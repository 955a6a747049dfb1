"""Whose rules evaluate, in what order equal scores come, and what a file of predictions cannot tell."""

import json

import numpy as np
import pytest
from instance_scenes import pairs, perturbed, plain_coco, plain_hotcoco, read_figures, write_scenes
from PIL import Image
from pycocotools import mask as coco_mask

import sambench
from sambench.datasets.coco import Coco
from sambench.errors import UsageError
from sambench.metrics.coco.evaluators import proposal_recall

SIZE = (60, 80)
QUIET = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0}
LIMITS = (1, 10, 100)


def block(x0, y0, x1, y1):
    mask = np.zeros(SIZE, np.uint8)
    mask[y0:y1, x0:x1] = 1
    code = coco_mask.encode(np.asfortranarray(mask))
    return {"size": list(SIZE), "counts": code["counts"].decode()}, int(mask.sum())


def annotated(folder, objects, categories, images=(7,)):
    """Write black images and their annotations: (image, category, box XYXY) each."""
    (folder / "images").mkdir(parents=True)
    records = []
    for number in images:
        Image.new("RGB", SIZE[::-1]).save(folder / "images" / f"{number}.png")
        records.append({"id": number, "file_name": f"{number}.png", "height": SIZE[0], "width": SIZE[1]})
    drawn = []
    for place, (image, category, (x0, y0, x1, y1)) in enumerate(objects):
        code, area = block(x0, y0, x1, y1)
        box = [x0, y0, x1 - x0, y1 - y0]
        drawn.append({"id": place + 1, "image_id": image, "category_id": category, "segmentation": code})
        drawn[-1] |= {"area": area, "bbox": box, "iscrowd": 0}
    dataset = {"images": records, "annotations": drawn, "categories": categories}
    (folder / "truth.json").write_text(json.dumps(dataset))
    return dataset


def results(folder, found):
    """Write a results list of (image, category, score, box XYXY)."""
    entries = [
        {"image_id": image, "category_id": category, "segmentation": block(*box)[0], "score": score}
        for image, category, score, box in found
    ]
    path = folder / f"results{len(list(folder.glob('results*')))}.json"
    path.write_text(json.dumps(entries))
    return path, entries


def score(folder, task, predictions, *words, name="run"):
    where = [f"data.annotations={folder}/truth.json", f"data.images={folder}/images"]
    return sambench.score(task, "coco", predictions, [*where, *words], run={"dir": str(folder / name)}, **QUIET)


FREQUENT = [{"id": 1, "name": "a", "frequency": "f"}, {"id": 3, "name": "b", "frequency": "r"}]


@pytest.fixture
def frequencies(tmp_path):
    """Three objects of categories with a frequency, one of them found too small, and one false positive."""
    objects = [(7, 1, (0, 0, 20, 20)), (7, 3, (30, 0, 60, 40)), (19, 1, (5, 5, 45, 45))]
    dataset = annotated(tmp_path, objects, FREQUENT, (7, 19))
    found = [(7, 1, 0.9, (0, 0, 20, 20)), (7, 3, 0.8, (30, 0, 60, 30)), (19, 3, 0.95, (0, 0, 9, 9))]
    path, entries = results(tmp_path, [*found, (19, 1, 0.7, (5, 5, 45, 45))])
    return tmp_path, dataset, path, entries


def test_coco_data_with_frequencies_is_evaluated_by_cocos_rules(frequencies, caplog):
    folder, dataset, path, entries = frequencies
    run = score(folder, "instances", path)
    wanted = read_figures(plain_coco(dataset, entries))
    assert wanted["AP"] < 1
    for name in wanted.keys() & run.metrics.keys():
        assert run.metrics[name].value == pytest.approx(wanted[name], nan_ok=True), name
    assert not {"APr", "APc", "APf"} & run.metrics.keys()
    assert run.record["switches"]["rules"] == "data"
    assert "task.rules=lvis" in caplog.text
    proposals = score(folder, "proposals", path, "task.max_dets=[1,10,100]", name="proposals")
    assert "ARf@100" not in proposals.metrics


def test_lvis_rules_are_a_switch_that_is_logged(frequencies):
    folder, _, path, _ = frequencies
    run = score(folder, "instances", path, "task.rules=lvis")
    assert {"APr", "APc", "APf"} <= run.metrics.keys()
    assert run.record["switches"]["rules"] == "lvis"
    # Image 19 is not searched for category 3, so that the false positive there counts in COCO's rules alone.
    assert run.metrics["AP"].value > score(folder, "instances", path, name="coco").metrics["AP"].value
    proposals = score(folder, "proposals", path, "task.max_dets=[1,10,100]", "task.rules=lvis", name="proposals")
    assert proposals.metrics["ARf@100"].value == pytest.approx(1.0)


def test_lvis_rules_without_frequencies_are_refused(tmp_path):
    annotated(tmp_path, [(7, 1, (0, 0, 20, 20))], [{"id": 1, "name": "a"}])
    path, _ = results(tmp_path, [(7, 1, 0.9, (0, 0, 20, 20))])
    for task in ("instances", "proposals"):
        with pytest.raises(UsageError, match="1 of 1 have none"):
            score(tmp_path, task, path, "task.rules=lvis", name=task)


def test_equal_scores_across_categories_come_by_category_then_by_file(tmp_path):
    categories = [{"id": 1, "name": "a"}, {"id": 3, "name": "b"}]
    dataset = annotated(tmp_path, [(7, 1, (0, 0, 20, 20)), (7, 3, (30, 0, 70, 40))], categories)
    path, entries = results(tmp_path, [(7, 3, 0.8, (30, 0, 70, 38)), (7, 1, 0.8, (0, 0, 20, 20))])
    found = score(tmp_path, "proposals", path, "task.max_dets=[1,10,100]", "task.evaluator=both").metrics
    assert found["AR@1"].value == 0.5  # category 1 comes first: its object is found at every overlap
    for plain in (plain_coco, plain_hotcoco):
        wanted = read_figures(plain(dataset, entries, use_cats=0))
        assert found["AR@1"].value == wanted["AR@1"]
        assert found["AR@10"].value == wanted["AR@10"]


@pytest.mark.parametrize("seed", range(4))
def test_ties_everywhere_are_pycocotools(tmp_path, seed):
    path = write_scenes(tmp_path / "truth.json", seed=seed)
    data, dataset = Coco(annotations=path, check_images=False), json.loads(path.read_text())
    rng = np.random.default_rng(seed)
    tied = [{**one, "score": float(rng.choice([0.3, 0.6]))} for one in perturbed(dataset, seed=seed)]
    rng.shuffle(tied)
    wanted = read_figures(plain_coco(dataset, tied, use_cats=0))
    for evaluator in ("fast", "both"):
        found = proposal_recall(pairs(data, tied), max_dets=LIMITS, evaluator=evaluator)
        for name, value in found.items():
            assert value == pytest.approx(wanted[name], abs=1e-12, nan_ok=True), name


def test_no_box_is_known_of_predictions_made_elsewhere(tmp_path):
    """The same detections in another order have the same AP, and no mean IoU by place in the file."""
    boxes = [(0, 0, 20, 20), (30, 0, 60, 40), (5, 30, 25, 55)]
    annotated(tmp_path, [(7, 1, box) for box in boxes], [{"id": 1, "name": "a"}])
    found = [(7, 1, 0.9 - place / 10, (x0, y0, x1 - 3, y1)) for place, (x0, y0, x1, y1) in enumerate(boxes)]
    runs = [
        score(tmp_path, "instances", results(tmp_path, order)[0], name=name)
        for name, order in (("given", found), ("turned", found[::-1]))
    ]
    assert [run.metrics["AP"].value for run in runs] == [pytest.approx(runs[0].metrics["AP"].value)] * 2
    assert 0 < runs[0].metrics["AP"].value < 1
    assert not any(name.startswith("box_mIoU") for run in runs for name in run.metrics)
