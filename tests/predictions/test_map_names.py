"""Folders of predictions whose files are not named as samples are: what is found, what is asked for."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat
from toys import write_bsds

import sambench
from sambench.errors import PredictionError, UsageError
from sambench.files.name_templates import filled
from sambench.predictions.map_names import check_template, choose_template

IDS = ["test/1000", "test/1001", "test/1002"]
LAST = [key.partition("/")[2] for key in IDS]


@pytest.mark.parametrize(
    "template",
    ["*", "*_edge", "*-sigmoid", "img_*", "val/*", "a/b/*", "val/img_*_fused", "*.jpg", "edge*", "*edge"],
)
def test_one_template_of_all_files_is_found(tmp_path, template):
    assert choose_template([template.replace("*", name) for name in LAST], IDS, tmp_path) == template


def test_folders_of_an_id_are_part_of_its_name(tmp_path):
    assert choose_template([f"maps/{key}" for key in IDS], IDS, tmp_path) == "maps/*"


def test_files_of_some_samples_are_found_too(tmp_path):
    assert choose_template(["1001_edge"], IDS, tmp_path) == "*_edge"


def test_whole_ids_are_found_where_last_parts_are_shared(tmp_path):
    ids = ["a/1", "a/2", "b/1", "b/2"]
    assert choose_template([f"{key}_edge" for key in ids], ids, tmp_path) == "*_edge"


def test_a_piece_of_a_longer_number_or_word_is_no_name(tmp_path):
    assert choose_template(["img_123", "img_124"], ["12", "4"], tmp_path) == "*"
    assert choose_template(["scarf"], ["car"], tmp_path) == "*"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([f"{name}{end}" for name in LAST for end in ("_fused", "_side1")], r"\*_fused \(3 of 6 files\), \*_side1 \(3"),
        ([f"{name}{end}" for name in LAST for end in ("", "_edge")], r"\* \(3 of 6 files\), \*_edge \(3"),
        ([f"{side}/{name}" for name in LAST for side in ("hed", "rcf")], r"hed/\* \(3 of 6 files\), rcf/\*"),
        ([*(f"{name}_edge" for name in LAST), "overview"], r"\*_edge \(3 of 4 files\)"),
    ],
)
def test_files_of_several_names_are_not_guessed(tmp_path, names, told):
    with pytest.raises(PredictionError, match=told) as caught:
        choose_template(names, IDS, tmp_path)
    assert "predictions.names='" in caught.value.mend


def test_a_name_that_can_be_split_in_two_ways_is_not_guessed(tmp_path):
    with pytest.raises(PredictionError, match="cannot be told"):
        choose_template(["1_2"], ["1", "2"], tmp_path)


def test_a_stray_file_beside_names_of_samples_is_left_to_be_told_by_name(tmp_path):
    assert choose_template([*LAST, "overview"], IDS, tmp_path) == "*"


def test_what_stands_for_the_sample():
    assert filled("a_*-b", "a_17-b") == "17"
    assert filled("a_*-b", "a_-b") is None
    assert filled("ab*ba", "aba") is None


@pytest.mark.parametrize("template", ["_edge", "*/*", ""])
def test_a_template_holds_one_star(template):
    with pytest.raises(UsageError, match="holds \\* once"):
        check_template(template)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_bsds(tmp_path_factory.mktemp("data"), size=(24, 32))


def score(data, task, folder, out, *words):
    overrides = [f"data.root={data}", *(["task.thresholds=5"] if task == "edges" else []), *words]
    more = {"workers": 0, "progress": "off", "illustrate": 0, "run": {"dir": str(out)}}
    return sambench.score(task, "bsds500", folder, overrides=overrides, **more)


def write_maps(data, folder, template, shift=0):
    """Write the first annotator's boundaries, moved down by some pixels, under names of a template."""
    for name in LAST:
        path = folder / f"{template.replace('*', name)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        first = loadmat(data / f"BSDS500/data/groundTruth/test/{name}.mat")["groundTruth"].ravel()[0]
        drawn = np.roll(first["Boundaries"][0, 0] != 0, shift, 0)
        Image.fromarray(drawn.astype(np.uint8) * np.uint8(255)).save(path)
    return folder


@pytest.mark.parametrize("template", ["*_edge", "img_*", "val/*"])
def test_maps_of_other_names_score_as_those_of_samples_names(data, tmp_path, template):
    plain = score(data, "edges", write_maps(data, tmp_path / "plain", "*"), tmp_path / "a")
    other = score(data, "edges", write_maps(data, tmp_path / "other", template), tmp_path / "b")
    assert other.metrics["ods"].value == plain.metrics["ods"].value > 0.9
    assert not any("files are found" in note for note in plain.record["model"]["notes"])
    assert f"files are found as {template}," in " ".join(other.record["model"]["notes"])


def test_the_one_asked_for_is_scored_and_others_are_counted(data, tmp_path):
    only = score(data, "edges", write_maps(data, tmp_path / "only", "*"), tmp_path / "a")
    both = write_maps(data, write_maps(data, tmp_path / "both", "*_fused"), "*_side1", 6)
    with pytest.raises(PredictionError, match="cannot be told"):
        score(data, "edges", both, tmp_path / "b")
    run = score(data, "edges", both, tmp_path / "c", "predictions.names=*_fused")
    assert run.metrics["ods"].value == only.metrics["ods"].value > 0.9
    assert "3 files of other names are passed over" in " ".join(run.record["model"]["notes"])


def test_a_template_that_no_file_has_is_told(data, tmp_path):
    with pytest.raises(PredictionError, match="no prediction"):
        score(data, "edges", write_maps(data, tmp_path / "maps", "*"), tmp_path / "run", "predictions.names=*_edge")


def test_segmentations_are_found_by_template(data, tmp_path):
    (tmp_path / "maps").mkdir()
    for name in LAST:
        np.save(tmp_path / "maps" / f"{name}_segs.npy", np.arange(24 * 32).reshape(1, 24, 32) // 400 + 1)
    run = score(data, "regions", tmp_path / "maps", tmp_path / "run")
    assert "files are found as *_segs" in " ".join(run.record["model"]["notes"])


def test_tasks_of_one_file_take_no_template(tmp_path):
    (tmp_path / "found.json").write_text("[]")
    with pytest.raises(UsageError, match="only folders of one list an image are read by the names"):
        sambench.score(
            "instances",
            "mini",
            tmp_path / "found.json",
            overrides=["predictions.names=*_a", "data.limit=2"],
            run={"dir": str(tmp_path / "run")},
        )
