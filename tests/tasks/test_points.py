import gzip
import json
import logging
import math
from dataclasses import asdict, replace
from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from fake_runs import finished_run
from sambench.tasks.points import PointsTask
from tiny_sams import tiny_model
from toys import ToyModel

import sambench
from sambench.datasets.mini.reader import Mini
from sambench.datasets.sa23.catalog import CATALOG
from sambench.datasets.sa23.sa23 import Sa23
from sambench.drawing.figures.clicks import dataset_differences, differences, gallery, headline, miou_against_clicks
from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.errors import DatasetError, PredictionError, RunError, UsageError
from sambench.masks.prompted import clicking
from sambench.masks.resize import logits_at_original
from sambench.masks.rle import decode_masks, encode_masks
from sambench.metrics.bootstrap import mean_ci95
from sambench.metrics.published import published
from sambench.models.sam.loading import load
from sambench.tables.build import build_table
from sambench.tables.specs import table_spec
from sambench.types import Annotation, InstanceTruth, MaskFrame, Masks, Prompts, Sample

SIZE = (12, 20)
SQUARES = [[5, 5, 1], [11, 5, 1], [2, 2, 1], [1, 1, 0], [4, 0, 0]]
"""The five clicks worked out by hand in tests/prompts/test_clicks.py: x, y, label."""


class Squares(ToyModel):
    """Adds the 5 x 5 pixels around clicks on the object, takes away those around the others; keeps what it is asked.

    Asked for several masks it answers the square, the whole image (most confident) and nothing.
    """

    def __init__(self):
        super().__init__()
        self.asked = []

    def decode(self, embedding, prompts, multimask):
        self.asked.append((prompts, multimask))
        height, width = embedding.original_size
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        away = (torch.stack([x, y], -1) - prompts.points_xy[:, :, None, None]).abs().amax(-1)  # (B, K, H, W)
        near, label = away <= 2, prompts.labels[..., None, None]
        square = ((near & (label == 1)).any(1) & ~(near & (label == 0)).any(1)).float() * 100 - 50
        several = torch.stack([square, torch.full_like(square, 7.0), torch.full_like(square, -7.0)], 1)
        logits = several if multimask else square[:, None]
        scores = torch.tensor([0.5, 0.9, 0.1]) if multimask else torch.tensor([0.4])
        return Masks(logits, scores.expand(len(prompts), -1), MaskFrame((height, width)))


def rectangle(top, left, bottom, right, size=SIZE):
    mask = np.zeros(size, bool)
    mask[top:bottom, left:right] = True
    return mask


def sample_of(*masks, name="s", ids=None, **extra):
    codes = encode_masks(np.array(masks)) if masks else []
    found = [
        Annotation(number, 1, code, float(mask.sum()), **extra)
        for number, code, mask in zip(ids or range(len(masks)), codes, masks, strict=True)
    ]
    size = masks[0].shape if masks else SIZE
    return Sample(name, np.full((*size, 3), 90, np.uint8), InstanceTruth(found, 1))


OWN = rectangle(2, 2, 9, 15)
SAMPLE = sample_of(OWN, rectangle(3, 3, 8, 8))


def predict(sample=SAMPLE, model=None, **switches):
    task = PointsTask(**switches)
    return task.predict(sample, Predictor(model or Squares(), None, Stages(), 64)), task


def clicks_of(prediction, index=0):
    clicked = prediction.clicked
    return np.concatenate([clicked.points_xy[index], clicked.labels[index, :, None]], axis=1).tolist()


def masks_of(prediction, place, size=SIZE):
    runs = prediction.clicked.masks[place]
    return decode_masks(runs.compressed(np.arange(len(runs.lengths))), size)


# presets


def preset(name):
    settings = yaml.safe_load((files("sambench.configs") / f"task/points/{name}.yaml").read_text())
    assert settings.pop("preset") == name
    return settings


def switches(task):
    own = {key: value for key, value in asdict(task).items() if key not in ("dataset", "members", "whole")}
    return json.loads(json.dumps(own))


COUNTED = {"clicks", "forbid_reclick", "boundary_ratio", "noc_at"}
"""What every preset that counts clicks sets."""


def test_paper_preset_is_what_the_switches_default_to():
    assert preset("paper") == switches(PointsTask())


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("sam2", {"clicks", "feedback_clamp"}),
        (
            "efficientvit",
            {"clicks", "mask_feedback", "later_output", "forbid_reclick"}
            | {"min_area", "min_area_of", "crowds", "no_pixels"},
        ),
        ("edgesam", {"clicks", "later_clicks", "mask_feedback", "first_output", "no_error", "no_pixels", "truth"}),
        ("efficientsam", {"clicks", "first_click", "later_clicks", "mask_feedback", "later_output"}),
        ("noc", COUNTED | {"first_output", "mask_threshold", "target_iou"}),
        ("noc_simpleclick", COUNTED | {"first_output", "mask_threshold", "target_iou"}),
        ("noc_segnext", COUNTED | {"first_output", "mask_threshold"}),
        ("noc_sam", COUNTED | {"later_output"}),
    ],
)
def test_presets_set_every_switch_and_differ_where_they_say(name, differs):
    settings, paper = preset(name), preset("paper")
    assert settings.keys() == paper.keys()
    assert {key for key in paper if paper[key] != settings[key]} == differs


# the simulated user


def test_five_clicks_worked_by_hand_go_through_the_model():
    prediction, _ = predict(clicks=(1, 5), first_output="single")
    assert clicks_of(prediction) == SQUARES
    first, last = masks_of(prediction, 0)[0], masks_of(prediction, 1)[0]
    assert (first == rectangle(3, 3, 8, 8)).all()
    assert not last[:3, :4].any()  # what clicks 4 and 5 took away
    assert last[4, 2:5].all()  # what is left of click 3


def test_every_object_is_prompted_in_one_batch_a_click():
    model = Squares()
    prediction, _ = predict(model=model, clicks=(3,))
    assert [(len(prompts), prompts.points_xy.shape[1], multimask) for prompts, multimask in model.asked] == [
        (2, 1, True),
        (2, 2, False),
        (2, 3, False),
    ]
    assert clicks_of(prediction, 1)[0] == [5, 5, 1]


def test_the_most_confident_of_three_is_scored_at_one_click_and_fed_back():
    model = Squares()
    prediction, _ = predict(model=model, clicks=(1, 2))
    assert masks_of(prediction, 0).all()  # the whole image says .9
    assert prediction.clicked.predicted_iou.tolist() == [[pytest.approx(0.9), pytest.approx(0.4)]] * 2
    assert prediction.clicked.candidates_iou.shape == (2, 3)
    assert model.asked[0][0].mask_logits is None
    assert (model.asked[1][0].mask_logits == 7).all()
    assert clicks_of(prediction)[1][2] == 0  # all beside the object is false


def test_feedback_can_be_clamped_or_left_out():
    model = Squares()
    predict(model=model, clicks=(2,), feedback_clamp=3.0)
    assert (model.asked[1][0].mask_logits == 3).all()
    model = Squares()
    predict(model=model, clicks=(2,), mask_feedback=False)
    assert model.asked[1][0].mask_logits is None


def test_outputs_follow_their_switches():
    model = Squares()
    prediction, _ = predict(model=model, clicks=(1, 2), first_output="single", later_output="multimask")
    assert [multimask for _, multimask in model.asked] == [False, True]
    assert prediction.clicked.candidates is None
    assert masks_of(prediction, 1).all()


def test_the_mask_threshold_moves():
    prediction, _ = predict(clicks=(1,), mask_threshold=7.0)
    assert not masks_of(prediction, 0).any()  # 7 is not above 7


SMALL = sample_of(rectangle(3, 3, 8, 8))
"""Exactly the square around its centre: one click is enough."""


def test_after_a_perfect_mask_the_corner_is_clicked_or_no_more():
    corner, _ = predict(SMALL, clicks=(1, 3), first_output="single")
    assert clicks_of(corner) == [[5, 5, 1], [0, 0, 0], [0, 0, 0]]
    model = Squares()
    kept, task = predict(SMALL, model, clicks=(1, 3), first_output="single", no_error="keep")
    assert clicks_of(kept) == [[5, 5, 1], [0, 0, -1], [0, 0, -1]]
    assert len(model.asked) == 1
    assert [row["iou"] for row in task.score(SMALL, kept)] == [1, 1]


def test_finished_objects_wait_while_others_go_on():
    model = Squares()
    sample = sample_of(rectangle(3, 3, 8, 8), OWN)
    both, _ = predict(sample, model, clicks=(1, 2, 3), first_output="single", no_error="keep")
    assert [len(prompts) for prompts, _ in model.asked] == [2, 1, 1]
    alone, _ = predict(sample_of(OWN), clicks=(1, 2, 3), first_output="single", no_error="keep")
    assert clicks_of(both, 1) == clicks_of(alone, 0)
    for place in range(3):
        assert (masks_of(both, place)[1] == masks_of(alone, place)[0]).all()
        assert (masks_of(both, place)[0] == rectangle(3, 3, 8, 8)).all()


def test_objects_that_reach_the_target_are_decoded_no_more():
    model, sample = Squares(), sample_of(rectangle(3, 3, 8, 8), OWN)
    switches = {"clicks": (1, 2, 3), "first_output": "single", "boundary_ratio": None}
    stopped, task = predict(sample, model, **switches, target_iou=0.9, noc_at=(0.8, 0.9))
    assert [len(prompts) for prompts, _ in model.asked] == [2, 1, 1]
    assert clicks_of(stopped, 0) == [[5, 5, 1], [0, 0, -1], [0, 0, -1]]
    whole, every = predict(sample, **switches, noc_at=(0.8, 0.9))
    assert clicks_of(whole, 1) == clicks_of(stopped, 1)
    found, told = (one.summarize(one.score(sample, made)) for one, made in ((task, stopped), (every, whole)))
    shared = {"NoC_3@80", "NoC_3@90", "NoF_3@80", "NoF_3@90", "unreached_3@80", "unreached_3@90", "mIoU@1", "objects"}
    assert found.keys() == shared
    assert told.keys() == shared | {"mIoU@2", "mIoU@3"}
    assert {name: found[name].value for name in shared} == {name: told[name].value for name in shared}
    assert found["NoC_3@90"].value == 2  # one needs a click, the other gets three and is not there


def test_masks_that_were_clicked_too_little_are_not_scored_as_if_they_were():
    switches = {"clicks": (1, 2, 3), "first_output": "single"}
    stopped, _ = predict(**switches, target_iou=0.5)
    with pytest.raises(PredictionError, match="object 0 was clicked on 2 of 3 times, to an IoU of"):
        PointsTask(**switches).score(SAMPLE, stopped)
    with pytest.raises(PredictionError, match="object 0 was clicked on 2 of 3 times, to an IoU of"):
        PointsTask(**switches, target_iou=0.99).score(SAMPLE, stopped)
    whole, _ = predict(**switches)
    assert len(PointsTask(**switches, target_iou=0.5).score(SAMPLE, whole)) == 6


def test_ignored_pixels_are_never_clicked_and_never_scored():
    (code,) = encode_masks(rectangle(3, 8, 8, 20)[None])
    sample = sample_of(rectangle(3, 3, 8, 8), ignore=code)
    prediction, task = predict(sample, clicks=(1, 2))
    # The first answer is the whole image; false and not ignored are a band of 3 rows above, of 4 below, of 3 columns on
    # the left. In the lower left corner (2, 9) is 3 from either border and the root of 5 from the object.
    assert clicks_of(prediction) == [[5, 5, 1], [2, 9, 0]]
    first, _ = task.score(sample, prediction)
    assert first["iou"] == pytest.approx(25 / (240 - 60))
    assert first["oracle_iou"] == 1
    assert first["boundary_iou"] < 1
    (inside,) = encode_masks(rectangle(3, 3, 4, 4)[None])
    with pytest.raises(DatasetError, match="said to be ignored"):
        predict(sample_of(rectangle(3, 3, 8, 8), ignore=inside))


class Stubborn(Squares):
    """Answers the empty mask to everything."""

    def decode(self, embedding, prompts, multimask):
        found = super().decode(embedding, prompts, multimask)
        return replace(found, logits=torch.full_like(found.logits, -1.0))


def test_clicking_a_pixel_again_can_be_forbidden():
    again, _ = predict(SMALL, Stubborn(), clicks=(3,))
    assert clicks_of(again) == [[5, 5, 1]] * 3
    never, _ = predict(SMALL, Stubborn(), clicks=(3,), forbid_reclick=True)
    assert clicks_of(never) == [[5, 5, 1], [4, 4, 1], [5, 4, 1]]


def test_random_clicks_depend_on_the_seed_but_not_on_company_or_order():
    one, two = rectangle(1, 1, 10, 9), rectangle(2, 10, 11, 19)
    together, _ = predict(sample_of(one, two, ids=[7, 8]), clicks=(3,), first_click="random", later_clicks="random")
    turned, _ = predict(sample_of(two, one, ids=[8, 7]), clicks=(3,), first_click="random", later_clicks="random")
    other, _ = predict(sample_of(one, two, ids=[7, 8]), clicks=(3,), first_click="random", seed=1)
    assert clicks_of(together, 0) == clicks_of(turned, 1)
    assert clicks_of(together, 1) == clicks_of(turned, 0)
    assert clicks_of(together) != clicks_of(other)
    x, y, label = clicks_of(together)[0]
    assert one[y, x]
    assert label == 1


def test_points_inside_the_object_ignore_the_mask():
    prediction, _ = predict(clicks=(9,), first_click="random", later_clicks="inside")
    assert all(label == 1 and OWN[y, x] for x, y, label in clicks_of(prediction))


def test_groups_give_what_one_batch_gives(monkeypatch):
    rng = np.random.default_rng(0)
    corners, sides = rng.integers(0, [8, 14], (5, 2)), rng.integers(1, [8, 9], (5, 2))
    sample = sample_of(*(rectangle(*box) for box in np.concatenate([corners, corners + sides], axis=1)))
    whole, task = predict(sample, later_clicks="random")
    monkeypatch.setattr(clicking, "GROUP", 2)
    parts, _ = predict(sample, later_clicks="random")
    assert task.score(sample, whole) == task.score(sample, parts)
    assert [clicks_of(whole, i) for i in range(5)] == [clicks_of(parts, i) for i in range(5)]


def test_crowds_are_no_objects_and_empty_ones_are_told(caplog):
    crowd = sample_of(OWN, iscrowd=True)
    assert predict(crowd)[0].objects == []
    assert PointsTask().score(crowd, predict(crowd)[0]) == []
    with caplog.at_level(logging.WARNING):
        prediction, _ = predict(sample_of(np.zeros(SIZE, bool), OWN, rectangle(0, 0, 1, 1)), min_area=2)
    assert prediction.objects == ["1"]
    assert "s: 2 object(s) of less than 2 pixel(s) left out" in caplog.text


def test_wrong_switches_are_refused():
    with pytest.raises(UsageError, match="clicks is"):
        PointsTask(clicks=(0, 1))
    with pytest.raises(UsageError, match="feedback_clamp"):
        PointsTask(feedback_clamp=0.0)


# scores


def test_rows_by_hand():
    task = replace(PointsTask(clicks=(1, 2)), dataset="toys")
    prediction = task.predict(SMALL, Predictor(Squares(), None, Stages()))
    first, second = task.score(SMALL, prediction)
    assert (first["dataset"], first["object"], first["clicks"], first["area"]) == ("toys", "0", 1, 25.0)
    assert first["iou"] == pytest.approx(25 / 240)  # the whole image was the most confident
    assert first["oracle_iou"] == 1  # the square would have been right
    assert second["oracle_iou"] is None
    # The false pixels farthest from the outside: columns 8 to 19, 6 from the border; the first of rows 5 and 6.
    assert clicks_of(prediction)[1] == [13, 5, 0]
    assert second["iou"] == 1  # the square around the second click takes nothing of the first


def row(sample_id, iou, clicks=1, area=100.0, oracle=None, dataset="toys", name="0"):
    told = {"sample_id": sample_id, "dataset": dataset, "object": name, "clicks": clicks, "area": area}
    return {**told, "iou": iou, "boundary_iou": iou / 2, "oracle_iou": oracle}


def test_means_are_over_masks_and_intervals_over_images():
    rows = [
        row("a", 0.2, oracle=0.6),
        row("a", 0.4, oracle=0.4, name="1", area=2000.0),
        row("b", 0.9, oracle=0.9),
        row("a", 0.5, clicks=3),
        row("a", 0.7, clicks=3, name="1", area=2000.0),
        row("b", 1.0, clicks=3),
    ]
    metrics = PointsTask(clicks=(1, 3)).summarize(rows, seed=5)
    assert metrics["mIoU@1"].value == pytest.approx(0.5)
    assert metrics["mIoU@1"].n == 2
    assert np.isnan(metrics["mIoU@1"].ci95).all()  # two images are too few
    several = [row(f"{k:02d}", 0.05 * k) for k in range(12)] + [row("11", 0.25, name="1")]
    wanted = mean_ci95(np.array([0.05 * k for k in range(11)] + [0.4]), np.array([1] * 11 + [2]), seed=5)
    assert PointsTask(clicks=(1,)).summarize(several, seed=5)["mIoU@1"].ci95 == pytest.approx(wanted)
    assert metrics["mIoU@3"].value == pytest.approx(2.2 / 3)
    assert metrics["boundary_IoU@1"].value == pytest.approx(0.25)
    assert metrics["mIoUs@1"].value == pytest.approx(0.55)
    assert metrics["mIoUm@1"].value == pytest.approx(0.4)
    assert math.isnan(metrics["mIoUl@1"].value)
    assert metrics["oracle@1"].value == pytest.approx(1.9 / 3)
    assert metrics["ranking_share@1"].value == pytest.approx((1.9 / 3 - 0.5) / 0.5)
    assert not metrics["ranking_share@1"].higher_is_better
    assert metrics["objects"].value == 3


def test_data_sets_weigh_the_same_and_a_partial_mean_is_called_so():
    rows = [row("gtea/a", 0.2, dataset="gtea"), row("gtea/b", 0.4, dataset="gtea"), row("dram/c", 0.9, dataset="dram")]
    metrics = PointsTask(clicks=(1,), members={"gtea/a": "gtea"}).summarize(rows)
    assert metrics["mIoU@1 (mean of 2 of 23 data sets)"].value == pytest.approx(0.6)
    assert metrics["gtea mIoU@1"].value == pytest.approx(0.3)
    assert metrics["gtea mIoU@1"].n == 2
    assert not any(metric.reference for metric in metrics.values())
    assert not any("SA-23" in name for name in metrics)
    assert np.isnan(metrics["mIoU@1 (mean of 2 of 23 data sets)"].ci95).all()  # dram has one image
    (only,) = [name for name in PointsTask(members={"gtea/a": "gtea"}).summarize(rows[:2]) if name.startswith("mIoU@")]
    assert only == "mIoU@1 (mean of 1 of 23 data sets)"


def test_all_23_are_the_papers_mean():
    rows = [row(f"{name}/a", 0.5, dataset=name, oracle=0.6) for name in CATALOG]
    metrics = PointsTask(clicks=(1,), members={"gtea/a": "gtea"}).summarize(rows)
    assert metrics["mIoU@1 (SA-23)"].reference == "points/SA-23 @1"
    assert metrics["oracle@1 (SA-23)"].reference == "points/SA-23 oracle @1"
    assert metrics["gtea mIoU@1"].reference is None
    limited = PointsTask(clicks=(1,), members={"gtea/a": "gtea"}, whole=False).summarize(rows)
    assert "mIoU@1 (mean of 23 of 23 data sets, in part)" in limited
    assert not any(metric.reference for metric in limited.values())


def test_samples_of_several_data_sets_tell_theirs():
    keys = ["gtea/x/y", "dram/z"]
    many = SimpleNamespace(dataset_of=Sa23.dataset_of, keys=keys, all_keys=keys, card=SimpleNamespace(name="sa23"))
    assert [PointsTask().for_dataset(many).dataset_of(key) for key in keys] == ["gtea", "dram"]
    one = SimpleNamespace(card=SimpleNamespace(name="dram"))
    assert PointsTask().for_dataset(one).dataset_of("gtea/x") == "dram"


def test_single_sets_with_published_numbers_name_their_column():
    metrics = PointsTask(clicks=(1, 3)).summarize([row("a", 0.5, dataset="coco"), row("a", 0.6, 3, dataset="coco")])
    assert metrics["mIoU@3"].reference == "points_coco/COCO @3"
    assert metrics["mIoUs@3"].reference is None


def test_data_without_an_object_is_refused():
    with pytest.raises(DatasetError, match="no object"):
        PointsTask().summarize([])


# published numbers


def test_published_differences_are_the_papers():
    rows = published("points_fig9a")
    assert set(rows["dataset"]) == set(CATALOG)
    assert rows["SAM - RITM"].sum() == pytest.approx(2.125)
    assert (rows["SAM - RITM"] > 0).sum() == 16
    assert (rows["images"].sum(), rows["masks"].sum()) == (40188, 172653)
    assert {row["dataset"]: (row["images"], row["masks"]) for _, row in rows.iterrows()} == {
        name: (entry.images, entry.masks) for name, entry in CATALOG.items()
    }


@pytest.mark.parametrize("table", ["points", "points_coco"])
def test_every_published_row_has_a_source_and_fractions(table):
    rows = published(table)
    assert rows[["source", "location"]].notna().all().all()
    values = rows.drop(columns=["method", "year", "source", "location", "note"])
    assert set(table_spec(table).columns) <= set(values)
    assert ((values > 0) & (values < 1) | values.isna()).all().all()
    assert values.notna().any(axis=1).all()
    build_table(table_spec(table), [])


def test_the_articles_numbers_are_never_called_the_papers():
    rows = published("points")
    article = rows[rows["source"] == "article"]
    assert len(article) == 2
    assert "paper" not in set(rows["source"])


# files


def test_stored_masks_read_back(tmp_path):
    prediction, task = predict(clicks=(1, 2, 3))
    task.save(SAMPLE, prediction, tmp_path)
    first = (tmp_path / "s.json.gz").read_bytes()
    task.save(SAMPLE, prediction, tmp_path)
    assert (tmp_path / "s.json.gz").read_bytes() == first
    reader = task.reader(tmp_path, SimpleNamespace(all_keys=["s"]))
    assert reader.compare(["s"]) == ([], [])
    assert task.score(SAMPLE, reader.read(SAMPLE)) == task.score(SAMPLE, prediction)
    fewer = PointsTask(clicks=(1, 3))
    again = fewer.reader(tmp_path, SimpleNamespace(all_keys=["s"])).read(SAMPLE)
    assert fewer.score(SAMPLE, again) == [one for one in task.score(SAMPLE, prediction) if one["clicks"] != 2]


def test_an_image_without_objects_is_stored_too(tmp_path):
    empty = sample_of()
    prediction, task = predict(empty)
    task.save(empty, prediction, tmp_path)
    assert task.reader(tmp_path, SimpleNamespace(all_keys=["s"])).read(empty).objects == []


def spoilt(path, change):
    content = json.loads(gzip.decompress(path.read_bytes()))
    change(content)
    path.write_bytes(gzip.compress(json.dumps(content).encode()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content["objects"].pop(), "1 of 2 objects have no mask: 1"),
        (lambda content: content["objects"][0].update(id="9"), "answer no object of the image: 9"),
        (lambda content: content.update(clicks=[1, 7]), "no masks after 2 clicks are stored, only after 1, 7"),
        (lambda content: content.update(size=[20, 12]), "masks are 20 x 12"),
        (lambda content: content["objects"][0].update(masks=["1", "2"]), "cannot be used"),
        (lambda content: content["objects"][0].pop("points"), "cannot be used"),
        (lambda content: content.pop("objects"), "cannot be read"),
    ],
)
def test_stored_masks_that_do_not_fit_are_told(tmp_path, change, message):
    prediction, task = predict(clicks=(1, 2))
    task.save(SAMPLE, prediction, tmp_path)
    spoilt(tmp_path / "s.json.gz", change)
    with pytest.raises(PredictionError, match=message) as caught:
        task.reader(tmp_path, SimpleNamespace(all_keys=["s"])).read(SAMPLE)
    assert "s.json.gz" in caught.value.where


def test_a_cut_file_a_stranger_and_no_folder_are_told(tmp_path):
    prediction, task = predict(clicks=(1,))
    task.save(SAMPLE, prediction, tmp_path / "p")
    path = tmp_path / "p" / "s.json.gz"
    path.write_bytes(path.read_bytes()[:30])
    reader = task.reader(tmp_path / "p", SimpleNamespace(all_keys=["t"]))
    assert reader.compare(["t"]) == (["t"], ["s"])
    with pytest.raises(PredictionError, match="cannot be read"):
        reader.read(SAMPLE)
    with pytest.raises(PredictionError, match="does not exist"):
        task.reader(tmp_path / "none", SimpleNamespace(all_keys=["s"]))


# whole runs


@pytest.fixture(scope="module")
def mini_runs(tmp_path_factory, mini):
    """Two runs of a toy over two generated scenes: the paper's outputs, and a single one at the first click."""
    folder = tmp_path_factory.mktemp("runs")
    common = ["model.name=toys:ToyModel", "task.clicks=[1,2]", "limit=2"]
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMBENCH_CACHE", str(mini.parents[1]))
        for name, extra in (("a", []), ("b", ["task.first_output=single"])):
            where = {"dir": str(folder / name)}
            found.append(sambench.run("points", overrides=common + extra, workers=0, progress="off", run=where))
    return found


def test_a_run_holds_one_row_a_mask_and_number_of_clicks(mini_runs):
    rows = mini_runs[0].rows()
    assert len(rows) == 2 * mini_runs[0].metrics["objects"].value
    assert {one["dataset"] for one in rows} == {"mini"}
    assert {"mIoU@1", "mIoU@2", "oracle@1", "ranking_share@1", "boundary_IoU@1"} <= mini_runs[0].metrics.keys()
    assert "oracle@1" not in mini_runs[1].metrics
    assert len(list((mini_runs[0].folder / "pictures").rglob("*.png"))) == 2


def test_scoring_saved_masks_gives_the_run_again(mini_runs, tmp_path):
    again = sambench.score(
        "points",
        "mini",
        mini_runs[0].predictions,
        overrides=["task.clicks=[1,2]", "limit=2"],
        workers=0,
        progress="off",
        run={"dir": str(tmp_path / "again")},
    )
    assert again.rows() == mini_runs[0].rows()


def test_figures_are_drawn_and_are_the_same_every_time(mini_runs, tmp_path):
    for draw in (
        lambda folder: miou_against_clicks(mini_runs, folder),
        lambda folder: dataset_differences(*mini_runs, folder),
        lambda folder: [gallery(mini_runs[0], Mini(kind="coco", limit=2), folder, each=2)],
    ):
        first, again = draw(tmp_path / "a"), draw(tmp_path / "b")
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert headline(mini_runs[0], "mIoU").keys() == {1, 2}


def test_differences_are_of_the_same_masks(mini_runs):
    first, second = mini_runs
    (found,) = differences(first, second).values()
    assert found.value == pytest.approx(first.metrics["mIoU@1"].value - second.metrics["mIoU@1"].value)
    assert found.masks == first.metrics["objects"].value
    assert np.isnan(found.ci95).all()  # of fewer than ten images
    with pytest.raises(RunError, match="nothing to compare"):
        differences(first, second, clicks=9)
    with pytest.raises(RunError, match="no column 'cats'"):
        differences(first, "points_fig9a/cats")


def test_published_columns_are_compared_data_set_by_data_set(tmp_path, monkeypatch):
    rows = [row("gtea/a", 0.5, dataset="gtea"), row("gtea/b", 0.7, dataset="gtea"), row("own/c", 0.9, dataset="own")]
    run = finished_run(tmp_path / "run", "points", {}, rows=[(one["sample_id"], one) for one in rows])
    found = differences(run, "points_fig9a/SAM - RITM")
    assert found.keys() == {"gtea"}
    assert found["gtea"].value == pytest.approx(0.6 + 0.214)
    assert [path.suffix for path in dataset_differences(run, "points_fig9a/SAM - RITM", tmp_path)] == [".png", ".svg"]


@pytest.mark.parametrize("family", ["sam", "sam_hq", "sam2"])
def test_models_of_the_family_are_clicked_as_when_asked_directly(family, tmp_path):
    """Five clicks with feedback on a tiny model of the real class; every answer is asked for again by hand."""
    tiny_model(family).save_pretrained(tmp_path)
    model = load(str(tmp_path), family=family, device="cpu")
    sample = sample_of(rectangle(5, 6, 30, 40, (37, 61)), rectangle(0, 30, 37, 61, (37, 61)))
    task = PointsTask(clicks=(1, 2, 5))
    prediction = task.predict(sample, Predictor(model, None, Stages()))
    clicked, embedding = prediction.clicked, model.encode([sample.image])[0]
    feedback = None
    for count in range(1, 6):
        points = torch.from_numpy(clicked.points_xy[:, :count]).float()
        labels = torch.from_numpy(clicked.labels[:, :count])
        answer = model.decode(embedding, Prompts(points, labels, mask_logits=feedback), count == 1)
        best = answer.predicted_iou.argmax(1)
        feedback = answer.logits[torch.arange(2), best]
        if count in clicked.counts:
            expected = logits_at_original(feedback, answer.frame) > 0
            found = torch.from_numpy(masks_of(prediction, clicked.counts.index(count), (37, 61)))
            assert (found != expected).float().mean() < 1e-3  # logits that are zero within rounding
    assert (clicked.candidates is None) == (family == "sam_hq")
    assert len(task.score(sample, prediction)) == 6
