"""Masks as segment_anything's own generator writes them, one JSON an image: the same figures as those of the run."""

import gzip
import json

import pytest

import sambench
from sambench.errors import PredictionError, UsageError


@pytest.fixture(scope="module")
def data(mini):
    return [f"+data.cache_dir={mini.parents[1]}", "limit=2"]


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "out"
    words = [*data, "task.points_per_side=6", "task.max_dets=[1,10,100]", f"run.dir={folder}", "illustrate=0"]
    return sambench.run("proposals", data="mini", overrides=[*words, "workers=0", "progress=off"])


def lists(run):
    """Return what a run predicted as `amg.py --convert-to-rle` writes it, by image."""
    kept = ("segmentation", "predicted_iou", "stability_score")
    for path in sorted(run.predictions.rglob("*.json.gz")):
        entries = json.loads(gzip.decompress(path.read_bytes()))
        yield path.name.removesuffix(".json.gz"), [{name: entry[name] for name in kept} for entry in entries]


def write(run, folder, form=lambda entries: entries, name="{}.json"):
    folder.mkdir()
    for key, entries in lists(run):
        (folder / name.format(key)).write_text(json.dumps(form(entries)))
    return folder


def score(data, folder, out, *words, task="proposals"):
    limits = ["task.max_dets=[1,10,100]"] if task == "proposals" else []
    overrides = [*data, *limits, f"run.dir={out}", "illustrate=0", "workers=0", "progress=off", *words]
    return sambench.score(task, "mini", folder, overrides=overrides)


def values(run):
    return {name: metric.value for name, metric in run.metrics.items() if metric.value == metric.value}


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (lambda entries: entries[::-1], "{}.json"),
        (lambda entries: {"image": {"image_id": 3}, "annotations": entries}, "sa_{}.json"),
    ],
)
def test_a_generators_lists_score_as_the_run_itself(data, run, tmp_path, form, name):
    scored = score(data, write(run, tmp_path / "amg", form, name), tmp_path / "out")
    assert values(scored) == values(run)
    assert "masks without a score are ranked by task.rank=iou_and_stability" in scored.record.model.notes[-1]


def test_a_score_that_stands_beside_a_mask_is_taken(data, run, tmp_path):
    folder = write(run, tmp_path / "amg", lambda entries: [{**one, "score": -i} for i, one in enumerate(entries)])
    scored = score(data, folder, tmp_path / "out")
    assert scored.metrics["AR@100"].value == run.metrics["AR@100"].value  # no more than 100 masks an image
    assert not scored.record.model.notes
    other = score(data, write(run, tmp_path / "b"), tmp_path / "other", "task.rank=predicted_iou")
    assert "ranked by task.rank=predicted_iou" in other.record.model.notes[-1]


@pytest.mark.parametrize(
    ("change", "told", "mend"),
    [
        ({"stability_score": None}, "neither a score nor predicted_iou and stability_score", "write the file again"),
        ({"segmentation": {"size": [3, 4], "counts": "0<"}}, "a segmentation of another size", "[height, width]"),
        ({"image_id": 5}, "an unknown image_id", "choose the data"),
        ({"score": "0.5"}, "a missing or non-finite score", "without quotes"),
        ({"score": 0.5}, "a score, where other entries have none", "give each entry a `score`, or none"),
    ],
)
def test_entries_that_do_not_fit_are_told_with_file_and_number(data, run, tmp_path, change, told, mend):
    folder = write(run, tmp_path / "amg", lambda entries: [entries[0], {**entries[1], **change}])
    with pytest.raises(PredictionError, match=f"entry 1 is or has {told}") as caught:
        score(data, folder, tmp_path / "out")
    assert mend in caught.value.mend
    assert str(folder) in str(caught.value.where)


def test_what_is_no_list_and_what_answers_no_image_is_told(data, run, tmp_path):
    with pytest.raises(PredictionError, match="prediction holds no list of detections"):
        score(data, write(run, tmp_path / "a", lambda entries: {"masks": entries}), tmp_path / "out")
    folder = write(run, tmp_path / "b")
    (folder / "another.json").write_text("[]")
    with pytest.raises(PredictionError, match=r"1 prediction\(s\) answer no sample of this data: another.json"):
        score(data, folder, tmp_path / "out")
    (folder / "another.json").unlink()
    next(folder.iterdir()).unlink()
    with pytest.raises(PredictionError, match="1 of 2 samples have no prediction"):
        score(data, folder, tmp_path / "out")
    rest = score(data, folder, tmp_path / "rest", "allow_missing=true")
    assert rest.metrics["AR@100"].value < run.metrics["AR@100"].value


def test_instances_need_scores_and_categories(data, run, tmp_path):
    with pytest.raises(PredictionError, match="entry 0 is or has no category_id"):
        score(data, write(run, tmp_path / "amg"), tmp_path / "out", task="instances")


def test_boxes_stand_beside_all_masks_or_none(data, run, tmp_path):
    def boxed(*kept):
        return lambda entries: [
            {**one, "bbox": [3, 4, 50, 60]} if i in kept else one for i, one in enumerate(entries[:2])
        ]

    def scored(name, *kept):
        return score(data, write(run, tmp_path / name, boxed(*kept)), tmp_path / f"{name}_out", "task.iou_type=bbox")

    stated, of_masks = scored("all", 0, 1), scored("none")
    assert stated.rows() != of_masks.rows()
    choices = [one.record["identity"]["predictions"] for one in (stated, of_masks)]
    assert choices == [{"boxes": "stated"}, {"boxes": "of_masks"}]
    with pytest.raises(PredictionError, match="entry 1 is or has no bbox, where other entries have one"):
        scored("first", 0)
    with pytest.raises(PredictionError, match="entry 1 is or has a bbox, where other entries have none"):
        scored("second", 1)


def test_categories_have_to_be_the_datas(data, run, tmp_path):
    folder = write(run, tmp_path / "amg", lambda es: [{**one, "score": 0.5, "category_id": 9999} for one in es])
    with pytest.raises(PredictionError, match="entry 0 is or has an unknown category_id"):
        score(data, folder, tmp_path / "out", task="instances")


def test_names_are_asked_of_lists_alone(data, run, tmp_path):
    folder = write(run, tmp_path / "amg", name="{}_a.json")
    for key, entries in lists(run):
        (folder / f"{key}_b.json").write_text(json.dumps(entries[:1]))
    chosen = score(data, folder, tmp_path / "out", "predictions.names=*_a")
    assert values(chosen) == values(run)
    with pytest.raises(UsageError, match="only folders of one list an image are read by the names"):
        score(data, run.predictions, tmp_path / "own", "predictions.names=*_a")
