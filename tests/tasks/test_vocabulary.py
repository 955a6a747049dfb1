"""AP from category names: against pycocotools and lvis-api on whole files, and by a model that finds colours."""

import copy
import json
import logging
from collections import defaultdict
from dataclasses import asdict
from importlib.resources import files

import numpy as np
import pytest
import yaml
from instance_scenes import perturbed, plain_coco, read_figures, write_scenes
from lvis import LVIS, LVISResults
from phrase_scenes import COLOURS, ColourFinder
from PIL import Image
from sambench.tasks.vocabulary import VocabularyTask

import sambench
from sambench.datasets.coco import Coco
from sambench.datasets.lvis import Lvis
from sambench.errors import UsageError
from sambench.explain.objects import Choice, explain_objects
from sambench.masks import rle
from sambench.metrics.coco.by_lvis import RepairedEval
from sambench.metrics.coco.detections import Detections

NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A file of scenes in both formats, with a results list of it by image."""
    path = write_scenes(tmp_path_factory.mktemp("names") / "instances.json", seed=5, images=12)
    results = sorted(perturbed(json.loads(path.read_text()), seed=2, per_object=5), key=lambda one: one["image_id"])
    return path, results


def scored(task, data, results):
    """Rows and metrics of a results list."""
    task, own = task.for_dataset(data), defaultdict(list)
    for one in results:
        own[one["image_id"]].append(one)
    rows = []
    for key in data.keys:
        sample = data.load_without_pixels(key)
        found = own[sample.target.image_id]
        codes = [rle.from_segmentation(one["segmentation"], sample.size) for one in found]
        boxes = rle.boxes_xywh(codes) if task.iou_type == "bbox" else None
        scores, categories = ([one[name] for one in found] for name in ("score", "category_id"))
        rows += task.score(sample, Detections(scores, categories, None if boxes is not None else codes, boxes))
    return rows, task.summarize(rows)


def agree(metrics, expected, names=NAMES):
    for name in names:
        wanted = np.nan if expected[name] == -1 else expected[name]
        assert metrics[name].value == pytest.approx(wanted, abs=1e-9, nan_ok=True), name


def best_of_images(results, limit):
    """The best of each image, all categories together."""
    own = defaultdict(list)
    for one in results:
        own[one["image_id"]].append(one)
    return [one for found in own.values() for one in sorted(found, key=lambda one: -one["score"])[:limit]]


def best_of_classes(results, limit):
    """The best of each class, all images together: Dave et al.'s limit."""
    own = defaultdict(list)
    for one in results:
        own[one["category_id"]].append(one)
    return [one for found in own.values() for one in sorted(found, key=lambda one: -one["score"])[:limit]]


def ap_fixed(path, results, limit, iou_type="segm"):
    """AP-fixed with lvis-api."""
    logging.disable(logging.WARNING)
    truth = LVIS(str(path))
    kept = LVISResults(truth, copy.deepcopy(best_of_classes(results, limit)), max_dets=-1)
    evaluator = RepairedEval(truth, kept, iou_type)
    evaluator.params.max_dets = -1
    evaluator.run()
    logging.disable(logging.NOTSET)
    return dict(evaluator.results)


@pytest.mark.parametrize("limit", [100, 4])
def test_coco_rules_are_pycocotools_of_an_images_best(scenes, limit):
    path, results = scenes
    _, metrics = scored(VocabularyTask(max_per_image=limit), Coco(annotations=path, check_images=False), results)
    kept = best_of_images(results, limit)
    assert (len(kept) < len(results)) == (limit == 4)
    agree(metrics, read_figures(plain_coco(json.loads(path.read_text()), kept)))
    assert set(metrics) == set(NAMES)
    assert metrics["AP"].reference == "vocabulary/COCO AP"


@pytest.mark.parametrize(("limit", "iou_type"), [(10_000, "segm"), (9, "segm"), (9, "bbox")])
def test_ap_fixed_is_lvis_apis_of_each_classs_best(scenes, limit, iou_type):
    path, results = scenes
    data = Lvis(annotations=path, check_images=False)
    rows, metrics = scored(VocabularyTask(max_per_class=limit, iou_type=iou_type), data, results)
    if iou_type == "bbox":
        results = [{**one, "bbox": rle.boxes_xywh([one["segmentation"]])[0].tolist()} for one in results]
        results = [{key: value for key, value in one.items() if key != "segmentation"} for one in results]
    expected = ap_fixed(path, results, limit, iou_type)
    agree(metrics, expected, (*NAMES, "APr", "APc", "APf"))
    assert (expected["AP"] == pytest.approx(ap_fixed(path, results, 10_000, iou_type)["AP"])) == (limit != 9)
    task = VocabularyTask(max_per_class=limit)
    ones = np.ones((1, len(rows)), np.int64)
    keys = [row["sample_id"] for row in rows]
    for kept in (rows, task.compact(rows)):  # as the gate compares, and from a frozen baseline
        again = task.replicates(kept, keys, ones)
        assert again.keys() == metrics.keys()
        assert again["AP"][0] == pytest.approx(metrics["AP"].value, abs=1e-9)


@pytest.mark.slow
def test_ap_fixed_of_real_objects(real_data):
    path = real_data / "lvis_val_100.json"
    results = perturbed(json.loads(path.read_text()), seed=3, per_object=4)
    results = sorted(results, key=lambda one: one["image_id"])
    data = Lvis(annotations=path, version="v0.5", check_images=False)
    for limit in (10_000, 20):
        _, metrics = scored(VocabularyTask(max_per_class=limit), data, results)
        agree(metrics, ap_fixed(path, results, limit), (*NAMES, "APr", "APc", "APf"))


def test_asking_for_judged_categories_alone_changes_ap_fixed_only_where_a_class_is_full(scenes):
    path, results = scenes
    data = Lvis(annotations=path, check_images=False)
    by_ask = {
        (ask, limit): scored(VocabularyTask(ask=ask, max_per_class=limit), data, results)[1]["AP"].value
        for ask in ("all", "federated")
        for limit in (10_000, 9)
    }
    assert by_ask["all", 10_000] == by_ask["federated", 10_000]
    assert by_ask["all", 9] != by_ask["federated", 9]


def test_ap_plus_asks_for_what_is_in_the_image(scenes):
    path, results = scenes
    dataset = json.loads(path.read_text())
    present = {(one["image_id"], one["category_id"]) for one in dataset["annotations"]}
    kept = best_of_images([one for one in results if (one["image_id"], one["category_id"]) in present], 6)
    _, metrics = scored(
        VocabularyTask(ask="present", max_per_image=6), Coco(annotations=path, check_images=False), results
    )
    agree(metrics, read_figures(plain_coco(dataset, kept)))
    assert metrics["AP"].reference == "vocabulary/COCO AP+"


def test_what_does_not_fit_the_data_is_refused(scenes, tmp_path):
    data = Coco(annotations=scenes[0], check_images=False)
    with pytest.raises(UsageError, match=r"(?s)COCO's rules judge every category.*task.ask=all"):
        VocabularyTask(ask="federated").for_dataset(data)
    dataset = json.loads(scenes[0].read_text())
    for one in dataset["categories"]:
        del one["frequency"]
    (tmp_path / "plain.json").write_text(json.dumps(dataset))
    with pytest.raises(UsageError, match=r"(?s)`frequency`.*task.rules=coco"):
        VocabularyTask(rules="lvis_fixed").for_dataset(Coco(annotations=tmp_path / "plain.json", check_images=False))


def test_presets_name_every_switch():
    folder = files("sambench.configs") / "task" / "vocabulary"
    presets = {item.name[:-5]: yaml.safe_load(item.read_text()) for item in folder.iterdir()}
    defaults = asdict(VocabularyTask())
    for name in ("categories", "phrases", "data_rules"):
        del defaults[name]
    assert {key: value for key, value in presets["paper"].items() if key != "preset"} == defaults
    assert presets["boxes"] == {**presets["paper"], "preset": "boxes", "iou_type": "bbox"}
    assert presets["positive"] == {**presets["boxes"], "preset": "positive", "ask": "present"}


def write_colours(folder):
    """Two images of rectangles of two of three colours, as COCO JSON."""
    things = [[("red", 2, 2, 12, 12), ("red", 20, 2, 30, 12), ("green", 2, 20, 12, 30)], [("red", 30, 10, 50, 30)]]
    truth = {"images": [], "annotations": [], "categories": []}
    truth["categories"] = [{"id": 5 + place, "name": f"{name}_thing"} for place, name in enumerate(COLOURS)]
    for number, drawn in enumerate(things):
        pixels = np.zeros((40, 60, 3), np.uint8)
        truth["images"].append({"id": number, "file_name": f"{number}.png", "height": 40, "width": 60})
        for colour, x0, y0, x1, y1 in drawn:
            pixels[y0:y1, x0:x1] = COLOURS[colour]
            truth["annotations"].append(
                {
                    "id": len(truth["annotations"]) + 1,
                    "image_id": number,
                    "category_id": 5 + list(COLOURS).index(colour),
                    "segmentation": [[x0, y0, x1, y0, x1, y1, x0, y1]],
                    "area": (x1 - x0) * (y1 - y0),
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "iscrowd": 0,
                }
            )
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "objects.json").write_text(json.dumps(truth))


@pytest.fixture
def colours(tmp_path):
    """Arguments of a run on images of coloured rectangles, into a folder of a name."""
    write_colours(tmp_path)
    words = [f"data.root={tmp_path}", "data.annotations=objects.json"]

    def arguments(name, *more):
        run = {"dir": str(tmp_path / name)}
        return {"task": "vocabulary", "data": "own", "overrides": [*words, *more], "run": run}

    return arguments


@pytest.mark.parametrize("iou_type", ["segm", "bbox"])
def test_every_name_is_asked_of_every_image_and_predictions_score_the_same_again(colours, tmp_path, iou_type):
    model, switch = ColourFinder(), f"task.iou_type={iou_type}"
    run = sambench.evaluate(model, **colours("run", switch))
    assert model.asked == [(f"{name} thing",) for name in COLOURS] * 2
    assert run.metrics["AP"].value == pytest.approx(1)
    if iou_type == "segm":
        explained = explain_objects(run, Choice())
        assert explained.frame["iou"].tolist() == [1, 1, 1, 1]
        assert sum((one.kinds >= 0).sum() for one in explained.detections) == 6  # the whole image, of each name
    again = sambench.score(predictions=tmp_path / "run" / "predictions", **colours("again", switch))
    assert {name: one.value for name, one in again.metrics.items()} == pytest.approx(
        {name: one.value for name, one in run.metrics.items()}, nan_ok=True
    )
    # Two classes have objects, and those of one are found.
    blind = sambench.evaluate(ColourFinder(blind="green"), **colours("blind", switch))
    assert blind.metrics["AP"].value == pytest.approx(0.5)


class Deaf(ColourFinder):
    """Does not want to hear of images that have no pairs."""

    def about(self, sample):
        raise AssertionError(sample.id)


def test_ap_plus_asks_for_less(colours):
    model = Deaf()
    run = sambench.evaluate(model, **colours("run", "task/vocabulary=positive", "task.names=name"))
    assert model.asked == [("red_thing",), ("green_thing",), ("red_thing",)]
    assert run.metrics["AP"].value == pytest.approx(1)


def test_a_model_without_text_is_refused(colours):
    with pytest.raises(UsageError, match=r"hierarchy cannot answer .*a phrase.*it takes no text"):
        sambench.run(model="hierarchy", **colours("run"))
