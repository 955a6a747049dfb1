import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instance_scenes import pairs, perturbed, plain_coco, read_figures, write_scenes

from sambench.datasets.coco import Coco
from sambench.errors import DatasetError, PredictionError, UsageError
from sambench.masks import rle
from sambench.metrics.bootstrap import resampling_weights
from sambench.metrics.coco.average_precision import precision_figures, precision_replicates
from sambench.metrics.coco.detections import Detections, ImagePair
from sambench.metrics.coco.evaluators import evaluate_instances, frequencies_of
from sambench.metrics.coco.matches import match_instances
from sambench.metrics.coco.rows import columns_of_instances, frequencies_of_rows, instances_of_rows
from sambench.types import Annotation, InstanceTruth

SIZE = (100, 400)


def block(left, width=10):
    mask = np.zeros((1, *SIZE), bool)
    mask[0, :10, left : left + width] = True
    return rle.encode_masks(mask)[0]


def scene(objects, found, image_id=1, **lists):
    """Pair (code, category[, area or crowd]) objects with (code, score, category) detections."""
    truth = [
        Annotation(n, k, code, rest.get("area", float(rle.areas([code])[0])), rest.get("crowd", False))
        for n, (code, k, rest) in enumerate((*one, {})[:3] for one in objects)
    ]
    codes, scores, categories = zip(*found, strict=True) if found else ((), (), ())
    return ImagePair(InstanceTruth(truth, image_id, **lists), Detections(scores, categories, list(codes)))


def test_average_precision_by_hand():
    """Right, wrong, right out of two objects: precision 1 up to recall 1/2, then 2/3."""
    pair = scene([(block(0), 1), (block(40), 1)], [(block(0), 0.9, 1), (block(80), 0.8, 1), (block(40), 0.7, 1)])
    figures = precision_figures([match_instances(pair)])
    assert figures["AP"] == figures["AP50"] == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)
    assert (figures["AR@1"], figures["AR@10"]) == (0.5, 1.0)
    assert figures["APs"] == figures["AP"]
    assert np.isnan(figures["APm"])


def test_thresholds_are_averaged():
    """An overlap of 8/10 is right at seven of ten thresholds, .80 among them."""
    figures = precision_figures([match_instances(scene([(block(0), 1)], [(block(0, 8), 0.9, 1)]))])
    assert (figures["AP"], figures["AP50"], figures["AP75"]) == pytest.approx((0.7, 1.0, 1.0))


def test_categories_are_apart_and_those_without_objects_do_not_count():
    pair = scene([(block(0), 1), (block(40), 2)], [(block(0), 0.9, 2), (block(40), 0.8, 2), (block(0), 0.7, 3)])
    figures = precision_figures([match_instances(pair)])
    assert figures["AP"] == pytest.approx((0.0 + 0.5) / 2)


def test_crowds_absorb_detections_any_number_of_times():
    crowd = (block(100, 100), 1, {"crowd": True})
    found = [(block(100), 0.9, 1), (block(120), 0.8, 1), (block(0), 0.7, 1)]
    assert precision_figures([match_instances(scene([(block(0), 1), crowd], found))])["AP"] == pytest.approx(1.0)
    single = (block(100, 100), 1, {"area": 20_000.0})
    assert precision_figures([match_instances(scene([(block(0), 1), single], found))])["AP50"] < 0.5


def test_detections_outside_an_area_range_do_not_count_there():
    wide = block(100, 300)  # 3,000 pixels: medium
    figures = precision_figures([match_instances(scene([(block(0), 1)], [(wide, 0.9, 1), (block(0), 0.8, 1)]))])
    assert figures["APs"] == pytest.approx(1.0)
    assert figures["AP"] == pytest.approx(0.5)


def test_empty_masks_are_wrong_in_coco_and_left_out_in_lvis():
    pair = scene([(block(0), 1)], [(block(0, 0), 0.9, 1), (block(0), 0.8, 1)])
    coco = precision_figures([match_instances(pair)])
    assert (coco["AP"], coco["APs"]) == (pytest.approx(0.5), pytest.approx(0.5))
    lvis = match_instances(pair, kind="lvis")
    assert precision_figures([lvis], kind="lvis", frequencies={1: "r"})["APr"] == pytest.approx(1.0)


def test_lvis_keeps_the_best_of_an_image_over_all_categories():
    found = [(block(0), 0.5, 1), (block(40), 0.9, 2), (block(80), 0.8, 2)]
    pair = scene([(block(0), 1)], found, neg_category_ids=[2])
    assert len(match_instances(pair, kind="lvis", max_dets=2).scores) == 2
    figures = {
        limit: precision_figures(
            [match_instances(pair, kind="lvis", max_dets=limit)], kind="lvis", frequencies={1: "c"}
        )
        for limit in (2, 3)
    }
    assert (figures[2]["AP"], figures[3]["AP"]) == (0.0, pytest.approx(1.0))
    assert precision_figures([match_instances(pair, max_dets=1)])["AP"] == pytest.approx(1.0)  # COCO: by category


def test_lvis_judges_only_what_was_looked_for():
    """Category 2 is not known to be absent from image 2, so what is found there neither helps nor hurts."""
    truth, wrong = scene([(block(0), 2)], [(block(0), 0.5, 2)]), [(block(40), 0.9, 2)]
    lists = {
        "unjudged": {},
        "absent": {"neg_category_ids": [2]},
        "open": {"not_exhaustive_category_ids": [2], "neg_category_ids": [2]},
    }
    figures = {}
    for name, given_lists in lists.items():
        second = scene([(block(200), 1)], wrong, image_id=2, **given_lists)
        matches = [match_instances(pair, kind="lvis") for pair in (truth, second)]
        figures[name] = precision_figures(matches, kind="lvis", frequencies={1: "f", 2: "r"})["APr"]
    assert figures == {"unjudged": pytest.approx(1.0), "absent": pytest.approx(0.5), "open": pytest.approx(1.0)}


def test_ties_between_images_follow_their_ids_not_the_order_given():
    right, wrong = scene([(block(0), 1)], [(block(0), 0.5, 1)], 7), scene([(block(0), 1)], [(block(40), 0.5, 1)], 20)
    matches = [match_instances(right), match_instances(wrong)]
    assert precision_figures(matches) == pytest.approx(precision_figures(matches[::-1]), nan_ok=True)
    assert precision_figures(matches)["AP"] == pytest.approx(51 / 101)
    named = [match_instances(scene([(block(0), 1)], [(block(at), 0.5, 1)], str(at))) for at in (0, 40)]
    assert precision_figures(named)["AP"] == pytest.approx(51 / 101)
    assert precision_figures(named[::-1])["AP"] == pytest.approx(51 * 0.5 / 101)


def test_no_detection_at_all_is_a_result():
    figures = precision_figures([match_instances(scene([(block(0), 1)], []))])
    assert (figures["AP"], figures["AR@100"]) == (0.0, 0.0)
    assert np.isnan(precision_figures([match_instances(scene([], [(block(0), 0.5, 1)]))])["AP"])


def test_bad_input_is_refused():
    pair = scene([(block(0), 1)], [(block(0), 0.9, 5)])
    with pytest.raises(PredictionError, match="1 detections have categories the dataset does not know: 5"):
        evaluate_instances([pair], [{"id": 1}])
    with pytest.raises(DatasetError, match="frequency"):
        evaluate_instances([scene([(block(0), 1)], [])], [{"id": 1}], kind="lvis")
    with pytest.raises(UsageError, match="one limit"):
        evaluate_instances([pair], [{"id": 1}], kind="lvis", max_dets=[100, 300])
    with pytest.raises(UsageError, match="evaluation rules"):
        match_instances(pair, kind="pascal")
    with pytest.raises(UsageError, match="no evaluator"):
        evaluate_instances([pair], [{"id": 1}], evaluator="quick")


def test_a_witness_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr("sambench.metrics.coco.evaluators.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="hotcoco") as told:
        evaluate_instances([], [{"id": 1}], evaluator="both")
    assert "pip install 'hotcoco" in told.value.mend


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    path = write_scenes(tmp_path_factory.mktemp("scenes") / "instances.json", seed=11, images=7)
    dataset = json.loads(path.read_text())
    data = Coco(annotations=path, check_images=False)
    results = perturbed(dataset, seed=12)
    for result in results:
        result["score"] = round(result["score"], 1)  # ties within and between images everywhere
    return dataset, data, results


def copies(dataset, results, times):
    """Write each image as often as `times` says, copies with neighbouring ids."""
    order = sorted(image["id"] for image in dataset["images"])
    drawn, found = {**dataset, "images": [], "annotations": []}, []
    images = {image["id"]: image for image in dataset["images"]}
    for image_id in order:
        for copy_number in range(times[image_id]):
            own = {"image_id": image_id * 100 + copy_number}
            drawn["images"].append({**images[image_id], "id": own["image_id"]})
            for one in dataset["annotations"]:
                if one["image_id"] == image_id:
                    drawn["annotations"].append({**copy.deepcopy(one), **own, "id": len(drawn["annotations"]) + 1})
            found += [{**copy.deepcopy(one), **own} for one in results if one["image_id"] == image_id]
    return drawn, found


def test_resamples_equal_pycocotools_on_copied_images(scenes):
    dataset, data, results = scenes
    found = pairs(data, results)
    matches = [match_instances(pair) for pair in found]
    weights = np.vstack([resampling_weights(len(found), 3, seed=5), [3, 0, 2, 0, 0, 1, 1]])
    drawn = precision_replicates(matches, weights)
    for b, row in enumerate(weights):
        times = {pair.truth.image_id: int(n) for pair, n in zip(found, row, strict=True)}
        plain = read_figures(plain_coco(*copies(dataset, results, times)))
        for name, values in drawn.items():
            assert values[b] == pytest.approx(plain[name], abs=1e-12, nan_ok=True), name


def test_rows_give_the_records_back(scenes):
    _, data, results = scenes
    frequencies = frequencies_of(data.categories)
    rows = [columns_of_instances(match_instances(pair), frequencies) for pair in pairs(data, results)]
    rows = json.loads(json.dumps(rows))
    with_objects = {category for row in rows for category in row["truth_category"]}
    assert frequencies_of_rows(rows) == {category: frequencies[category] for category in with_objects}
    assert frequencies_of_rows([columns_of_instances(match_instances(pairs(data, results)[0]))]) is None
    for pair, restored in zip(pairs(data, results), instances_of_rows(rows), strict=True):
        match = match_instances(pair)
        for name, value in vars(match).items():
            assert np.array_equal(getattr(restored, name), value), name


BOXES = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 60), st.integers(1, 60))
OBJECTS = st.lists(st.tuples(BOXES, st.integers(1, 2), st.booleans()), max_size=5)
FOUND = st.lists(st.tuples(BOXES, st.integers(1, 3), st.sampled_from([0.1, 0.5, 0.9])), max_size=8)
LISTS = st.lists(st.integers(1, 3), max_size=2, unique=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(OBJECTS, FOUND, LISTS, LISTS), min_size=1, max_size=3), st.sampled_from(["coco", "lvis"]))
def test_three_evaluators_agree_on_anything(images, kind):
    scenes = []
    for image_id, (objects, found, absent, open_ended) in enumerate(images):
        boxes = np.array([box for box, _, _ in objects], float).reshape(-1, 4)
        truth = [
            Annotation(n, category, block(0), float(box[2] * box[3]), crowd)
            for n, (box, category, crowd) in enumerate(objects)
        ]
        detections = Detections([f[2] for f in found], [f[1] for f in found], None, [f[0] for f in found])
        scenes.append(ImagePair(InstanceTruth(truth, image_id, absent, open_ended), detections, boxes))
    categories = [{"id": k, "frequency": "rcf"[k - 1]} for k in (1, 2, 3)]
    frequencies = frequencies_of(categories)
    figures = evaluate_instances(scenes, categories, kind=kind, iou_type="bbox", evaluator="both")
    matches = [match_instances(pair, kind=kind, iou_type="bbox") for pair in scenes]
    assert figures == pytest.approx(precision_figures(matches, kind=kind, frequencies=frequencies), nan_ok=True)
