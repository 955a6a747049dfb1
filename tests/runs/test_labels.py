"""What runs are called beside each other: their weights and dtype, and what differs between those of one model."""

import json

import pytest
from fake_runs import EDGE_ROWS, edges_metrics, finished_run
from stored_runs import stored

from sambench.cli import dispatch
from sambench.runs.labels import own_label
from sambench.runs.run import with_distinct_names


@pytest.fixture
def made(tmp_path):
    """Write runs of task edges by their folder's name."""

    def write(folder, **told):
        return finished_run(tmp_path / folder, "edges", edges_metrics(), rows=EDGE_ROWS, **{"name": "sam", **told})

    return write


def called(*runs):
    return [run.label for run in with_distinct_names(runs)]


def test_a_run_is_called_by_its_weights_and_dtype(made):
    model = {"variant": "vit_b", "checkpoint": "/weights/ft_epoch3.pth", "dtype": "bfloat16"}
    assert made("a", model=model).label == "sam, vit_b, ft_epoch3, bf16"
    plain = {"variant": "vit_b", "checkpoint": "/weights/sam_vit_b.pth", "dtype": "float32"}
    assert made("b", name="sam_vit_b", model=plain).label == "sam_vit_b"  # all of it is in the name
    secret = {"checkpoint": "https://user:secret@host/w.pth?token=12345678"}
    assert "secret" not in made("c", model=secret).label
    assert "12345678" not in own_label(made("d", model=secret).record)


def test_runs_of_one_model_are_told_apart_by_what_differs(made):
    loose, strict = made("a", nms_iou=0.9), made("b", nms_iou=0.7)
    assert called(loose, strict) == ["sam, nms_iou=0.9", "sam, nms_iou=0.7"]
    assert called(loose) == ["sam"]
    other = made("c", name="other")
    assert called(loose, other) == ["sam", "other"]
    both = made("d", nms_iou=0.9, grid=32)
    assert called(loose, strict, both) == [
        "sam, grid=16, nms_iou=0.9",
        "sam, grid=16, nms_iou=0.7",
        "sam, grid=32, nms_iou=0.9",
    ]
    many = made("e", nms_iou=0.5, grid=8, thin=False, blur=2, sobel=5)
    assert called(loose, many)[1] == "sam, grid=8, nms_iou=0.5, sobel=5, 2 more"


def test_presets_data_and_folders_tell_runs_apart(made):
    paper, other = made("a"), made("b", preset="ymgw55")
    assert called(paper, other) == ["sam, paper", "sam, ymgw55"]
    part = made("c", data={"samples": 20})
    assert called(paper, part) == ["sam, 200 images", "sam, 20 images"]
    elsewhere = made("d", data={"name": "mini"})
    assert called(paper, elsewhere) == ["sam", "sam"]  # a table's column, or a list, says so
    assert called(paper, made("e")) == ["sam, a", "sam, e"]
    assert called(made("x/same"), made("y/same")) == ["sam, x/same", "sam, y/same"]


def test_runs_of_equal_names_and_weights_in_other_folders_are_told_apart(made):
    runs = [made(name, model={"checkpoint": f"/w/{name}/best.pth", "fingerprint": name * 8}) for name in ("a", "b")]
    assert called(*runs) == ["sam, best, weights aaaaaa", "sam, best, weights bbbbbb"]


def test_lists_and_tables_call_them_so(made, tmp_path, capsys):
    made("runs/a", nms_iou=0.9)
    made("runs/b")
    results = f"results={tmp_path / 'runs'}"
    assert dispatch(["ls", "runs", results, "format=json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["label"]) for one in found] == [("sam", "sam, nms_iou=0.9"), ("sam", "sam, nms_iou=0.7")]
    assert dispatch(["table", "edges", results, f"out={tmp_path}"]) == 0
    table = capsys.readouterr().out
    assert "| sam, nms_iou=0.9 [" in table
    assert "| sam, nms_iou=0.7 " in table


def test_a_gate_and_a_comparison_call_them_so(tmp_path, capsys):
    for name, overlap in (("a", 0.7), ("b", 0.9)):
        stored(tmp_path / name, nms_iou=overlap)
    one, other = str(tmp_path / "a"), str(tmp_path / "b")
    few = ["compare=task.nms_iou", "replicates=100"]
    assert dispatch(["gate", f"baseline={one}", f"candidate={other}", *few]) == 0
    told = capsys.readouterr().out
    assert f"baseline: {one} (model, nms_iou=0.7)" in told
    assert f"candidate: {other} (model, nms_iou=0.9)" in told
    assert dispatch(["compare", f"runs=[{one},{other}]", *few]) == 0
    assert "A (model, nms_iou=0.7)" in capsys.readouterr().out
