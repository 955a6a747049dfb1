"""Presets count, threshold and round as the scripts they are named after, against arrays worked out by hand."""

import gzip
import json
from importlib.resources import files

import numpy as np
import pytest
import yaml
from PIL import Image
from sambench.tasks.edges import EdgesTask
from sambench.tasks.instances import InstancesTask
from sambench.tasks.points import PointsTask

import sambench
from sambench.masks import rle
from sambench.masks.resampled import resampled
from sambench.metrics.boundary.scores import columns_of_counts, half_precision_crossings
from sambench.metrics.coco.detections import Detections
from sambench.runs.summary import caption
from sambench.tables.build import build_table
from sambench.tables.specs import table_spec
from sambench.types import Annotation, InstanceTruth, Sample

SIZE = (20, 30)
QUIET = {"workers": 0, "progress": "off", "device": "cpu", "illustrate": 0}


def preset(task, name):
    text = (files("sambench.configs") / f"task/{task}/{name}.yaml").read_text(encoding="utf-8")
    settings = {key: value for key, value in yaml.safe_load(text).items() if key != "preset"}
    kind = {"instances": InstancesTask, "points": PointsTask, "edges": EdgesTask}[task]
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()})


def mask(x0, y0, x1, y1, size=SIZE):
    drawn = np.zeros(size, bool)
    drawn[y0:y1, x0:x1] = True
    return rle.encode_masks(drawn[None])[0]


def annotation(number, code, area=None, crowd=False):
    area = float(rle.areas([code])[0]) if area is None else area
    return Annotation(number, 1, code, area, crowd, (1.0, 1.0, 5.0, 5.0))


EMPTY = mask(0, 0, 0, 0)
OBJECTS = [
    annotation(1, mask(0, 0, 10, 10)),
    annotation(2, mask(10, 0, 20, 10), crowd=True),
    annotation(3, EMPTY, area=4.0),
    annotation(4, mask(20, 0, 21, 1), area=0.5),
]
ANSWERS = {1: mask(0, 0, 5, 10), 2: mask(10, 0, 20, 5), 3: mask(0, 12, 5, 17), 4: mask(20, 0, 21, 1)}


def scored_boxes(name, answers=ANSWERS):
    """Return the overlaps of the objects that a preset prompts, when each is answered by its own mask."""
    task, truth = preset("instances", name), InstanceTruth(OBJECTS, 7)
    prompted = task._prompted(truth)
    scores, categories = np.ones(len(prompted)), np.ones(len(prompted), int)
    found = Detections(scores, categories, [answers[one.id] for one in prompted], by_prompt=True)
    (row,) = task.score(Sample("a", np.zeros((*SIZE, 3), np.uint8), truth), found)
    return [one.id for one in prompted], row


def test_efficientvit_counts_crowds_and_what_has_no_pixel_but_no_area_below_1():
    ids, row = scored_boxes("efficientvit")
    assert ids == [1, 2, 3]
    assert row["box_iou"] == [0.5, 0.5, 0.0]
    assert row["box_area"] == [100, 100, 4]


def test_the_papers_protocol_prompts_no_crowd():
    ids, row = scored_boxes("paper")
    assert (ids, row["box_iou"]) == ([1, 3, 4], [0.5, 0.0, 1.0])


def test_edgesam_leaves_out_what_is_empty_on_both_sides():
    """Its script divides 0 by 0 there and drops the result."""
    assert scored_boxes("edgesam")[1]["box_iou"][1] == 0.0
    ids, row = scored_boxes("edgesam", {**ANSWERS, 3: EMPTY})
    assert (ids, len(row["box_iou"]), row["box_area"]) == ([1, 3, 4], 2, [100, 0.5])
    assert len(scored_boxes("paper", {**ANSWERS, 3: EMPTY})[1]["box_iou"]) == 3


def steps(length, frame):
    """Return (length, frame) bilinear weights and the (frame,) nearest pixel, by the definitions of both resizings."""
    nearest = np.minimum(np.floor(np.arange(frame) * (length / frame)), length - 1).astype(int)
    centres = np.clip((np.arange(length) + 0.5) * (frame / length) - 0.5, 0, None)
    low = np.minimum(np.floor(centres).astype(int), frame - 1)
    weights = np.zeros((length, frame))
    weights[np.arange(length), low] += 1 - (centres - low)
    weights[np.arange(length), np.minimum(low + 1, frame - 1)] += centres - low
    return weights, nearest


@pytest.mark.parametrize("size", [(480, 640), (333, 500), (700, 41), (1200, 1600)])
def test_edgesams_truth_is_what_comes_back_from_the_models_frame(size):
    rng = np.random.default_rng(0)
    masks = np.zeros((3, *size), bool)
    for one in masks:
        y, x = rng.integers(0, size[0] - 9), rng.integers(0, size[1] - 9)
        one[y : y + rng.integers(2, 300), x : x + rng.integers(2, 300)] = True
        one &= rng.random(size) < 0.9
    scale = 1024 / max(size)
    (rows, near_rows), (columns, near_columns) = (steps(side, int(side * scale + 0.5)) for side in size)
    wanted = [(rows @ one[near_rows][:, near_columns] @ columns.T) > 1e-6 for one in masks.astype(float)]
    found = rle.decode_masks(resampled(rle.encode_masks(masks), size), size)
    # Weights below single precision's last digit may count on one side only.
    assert np.mean(found != np.array(wanted)) < 2e-4
    assert (found != masks).any()


def test_edgesam_compares_with_the_resampled_truth():
    size = (333, 500)
    truth = InstanceTruth([annotation(1, mask(50, 50, 151, 151, size))], 7)
    sample = Sample("a", np.zeros((*size, 3), np.uint8), truth)
    found = Detections([1.0], [1], [truth.annotations[0].rle], by_prompt=True)
    own = preset("instances", "edgesam").score(sample, found)[0]["box_iou"][0]
    grown = rle.areas(resampled([truth.annotations[0].rle], size))[0]
    assert own == pytest.approx(101 * 101 / grown)
    assert own < 1
    assert preset("instances", "single_pass").score(sample, found)[0]["box_iou"] == [1.0]


# clicks, from a file


@pytest.fixture
def coco(tmp_path):
    """Two images with objects, a crowd, an object without a pixel and one with an area below 1."""
    (tmp_path / "images").mkdir()
    images, entries = [], []
    rng = np.random.default_rng(1)
    for number in (1, 2):
        Image.fromarray(rng.integers(0, 255, (40, 60, 3), np.uint8)).save(tmp_path / f"images/{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "height": 40, "width": 60})
    drawn = [(1, mask(3, 3, 30, 20, (40, 60)), None, 0), (1, mask(30, 20, 55, 38, (40, 60)), None, 1)]
    drawn += [(2, mask(0, 0, 0, 0, (40, 60)), 4.0, 0), (1, mask(50, 2, 52, 4, (40, 60)), 0.5, 0)]
    for place, (number, code, area, crowd) in enumerate(drawn):
        entries.append({"id": place + 1, "image_id": number, "category_id": 1, "segmentation": rle.to_json(code)})
        stated = float(rle.areas([code])[0]) if area is None else area
        entries[-1] |= {"area": stated, "bbox": rle.boxes_xywh([code])[0].tolist(), "iscrowd": crowd}
    truth = {"images": images, "annotations": entries, "categories": [{"id": 1, "name": "a"}]}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    return tmp_path


def clicked(folder, name):
    words = [f"data.annotations={folder}/truth.json", f"data.images={folder}/images", f"task/points={name}"]
    words += ["model.name=toys:ToyModel", "task.clicks=[1,3]", "cache.enabled=false"]
    return sambench.run("points", data="coco", overrides=words, run={"dir": str(folder / name)}, **QUIET)


def overlaps(run, truth):
    """Return (object, clicks) -> IoU of the masks that a run saved, from decoded pixels."""
    found = {}
    for path in run.predictions.rglob("*.json.gz"):
        content = json.loads(gzip.decompress(path.read_bytes()))
        for one in content["objects"]:
            own = rle.decode_masks([rle.from_segmentation(truth[one["id"]], (40, 60))], (40, 60))[0]
            for count, code in zip(content["clicks"], one["masks"], strict=True):
                saved = {"size": [40, 60], "counts": code}
                other = rle.decode_masks([rle.from_segmentation(saved, (40, 60))], (40, 60))[0]
                found[one["id"], count] = (own & other).sum() / (own | other).sum()
    return found


def test_clicks_of_efficientvit_count_crowds_and_score_what_has_no_pixel_0(coco):
    run = clicked(coco, "efficientvit")
    truth = {
        str(one["id"]): one["segmentation"] for one in json.loads((coco / "truth.json").read_text())["annotations"]
    }
    by_hand = overlaps(run, truth)
    assert {name for name, _ in by_hand} == {"1", "2"}, "the smallest is passed over, nobody clicks on the empty one"
    for count in (1, 3):
        wanted = (by_hand["1", count] + by_hand["2", count] + 0.0) / 3
        assert run.metrics[f"mIoU@{count}"].value == pytest.approx(wanted, abs=1e-12)
    assert run.metrics["objects"].value == 3


def test_clicks_of_the_paper_leave_crowds_and_the_empty_out(coco):
    run = clicked(coco, "paper")
    assert sorted({row["object"] for row in run.rows()}) == ["1", "4"]
    edgesam = clicked(coco, "edgesam")
    assert sorted({row["object"] for row in edgesam.rows()}) == ["1", "3", "4"]


# edges


def test_ymgw55_cuts_strengths_off():
    from sambench.masks.edges.painted import quantised

    strength = np.array([0.0, 0.5, 0.999, 1.0, 1.2])
    assert quantised(strength, "uint8", "truncate").tolist() == [0, 127, 254, 255, 255]
    assert quantised(strength, "uint8", "nearest").tolist() == [0, 128, 255, 255, 255]
    assert preset("edges", "ymgw55").map_rounding == "truncate"
    assert preset("edges", "paper").map_rounding == "nearest"


def counts(precisions, recalls):
    """Counts of one image whose curve has these values: of 100 true pixels, and of 100 predicted ones."""
    return np.array([[round(r * 100), 100, round(p * 100), 100] for p, r in zip(precisions, recalls, strict=True)])


@pytest.mark.parametrize(
    ("precisions", "recalls", "crossings"),
    [
        ([0.3, 0.4, 0.6, 0.8], [0.9, 0.8, 0.5, 0.2], 1),
        ([0.3, 0.6, 0.4, 0.8], [0.9, 0.7, 0.5, 0.2], 3),
        ([0.6, 0.7, 0.8, 0.9], [0.9, 0.7, 0.5, 0.2], 0),
        ([0.3, 0.6, 0.8, 0.0], [0.9, 0.7, 0.5, 0.0], 1),
        ([0.3, 0.6, 0.8, 0.4], [0.9, 0.7, 0.5, 0.1], 2),
    ],
)
def test_r50_says_when_precision_crosses_a_half_more_than_once(precisions, recalls, crossings):
    assert half_precision_crossings(np.array(recalls), np.array(precisions)) == crossings
    row = {"sample_id": "a", "levels": "thresholds", **columns_of_counts(counts(precisions, recalls))}
    note = EdgesTask().summarize([row])["r50"].note
    several = f"precision crosses .5 at {crossings} places of the curve, so that R50 is not one recall"
    nowhere = "precision stays above .5, so that R50 is the recall at the lowest precision"
    assert note == {0: nowhere, 1: ""}.get(crossings, several)


def test_the_note_of_r50_stands_in_record_caption_and_table(tmp_path):
    from fake_runs import finished_run

    row = columns_of_counts(counts([0.3, 0.6, 0.4, 0.8], [0.9, 0.7, 0.5, 0.2]))
    metrics = EdgesTask().summarize([{"sample_id": "a", "levels": "thresholds", **row}])
    run = finished_run(tmp_path / "a", "edges", metrics)
    assert "crosses .5 at 3 places" in run.record["metrics"]["r50"]["note"]
    assert "r50: precision crosses .5 at 3 places" in caption(run)
    assert any("r50: precision crosses .5 at 3 places" in note for note in build_table(table_spec("edges"), [run])[1])
