"""`sambench data` reads, draws and writes every kind of data, not only the datasets of masks."""

import json

import numpy as np
import pytest
from PIL import Image
from replicas import WRITERS
from toys import write_bsds

from sambench.cli import dispatch


@pytest.fixture
def own(tmp_path):
    """Two photographs with id images: one object of 3 x 4 pixels, and none."""
    for name in ("images", "labels"):
        (tmp_path / "own" / name).mkdir(parents=True)
    for name, value in (("a", 1), ("b", 0)):
        ids = np.zeros((20, 30), np.uint8)
        ids[5:8, 10:14] = value
        Image.new("RGB", (30, 20)).save(tmp_path / f"own/images/{name}.png")
        Image.fromarray(ids).save(tmp_path / f"own/labels/{name}.png")
    return tmp_path / "own"


@pytest.mark.parametrize("name", ["coco", "lvis"])
def test_coco_and_lvis_are_written_as_they_were(name, mini, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert dispatch(["data", "check", name, f"root={mini}"]) == 0
    assert f"{name}: 0 faults, 0 notes" in capsys.readouterr().out
    assert dispatch(["data", "show", name, f"root={mini}", "count=3"]) == 0
    assert (tmp_path / f"{name}.png").exists()
    assert dispatch(["data", "export", name, f"root={mini}"]) == 0
    file = {"coco": "instances_val2017.json", "lvis": "lvis_v1_val.json"}[name]
    source = json.loads((mini / "annotations" / file).read_text())
    written = json.loads((tmp_path / f"{name}.json").read_text())
    sizes = [(image["height"], image["width"]) for image in source["images"]]
    assert sorted((image["height"], image["width"]) for image in written["images"]) == sorted(sizes)
    for key in ("category_id", "iscrowd"):
        told = [sorted(one.get(key, 0) for one in content["annotations"]) for content in (source, written)]
        assert told[0] == told[1]
    names = [{one["id"]: one["name"] for one in content["categories"]} for content in (source, written)]
    assert names[0] == names[1]
    assert all((mini / image["file_name"]).exists() for image in written["images"])


def test_generated_scenes_are_checked_in_every_format(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert dispatch(["data", "check", "mini", "limit=2"]) == 0
    told = capsys.readouterr().out
    assert all(f"mini {kind}: 2 samples read" in told for kind in ("bsds", "coco", "lvis"))
    assert dispatch(["data", "export", "mini", "limit=2"]) == 0
    assert "2 images" in capsys.readouterr().out
    assert dispatch(["data", "show", "mini", "limit=2"]) == 0


def test_boundaries_are_drawn_and_segments_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    root = write_bsds(tmp_path / "data", count=1, annotators=1)
    assert dispatch(["data", "show", "bsds500", f"root={root}"]) == 0
    sheet = np.asarray(Image.open("bsds500.png"))
    # Outlines of rectangles of 25 x 16 and 14 x 8 pixels; their lower right corners lie on two sides at once.
    assert (sheet == (255, 0, 0)).all(2).sum() == 2 * (25 + 16) - 1 + 2 * (14 + 8) - 1
    assert dispatch(["data", "export", "bsds500", f"root={root}"]) == 0
    assert "1 images, 3 masks" in capsys.readouterr().out


def test_own_photographs_are_checked_drawn_and_written(own, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert dispatch(["data", "check", "own", f"root={own}"]) == 0
    assert "2 images read, 1 with masks, 1 masks" in capsys.readouterr().out
    assert dispatch(["data", "show", "own", f"root={own}"]) == 0
    assert dispatch(["data", "export", "own", f"root={own}"]) == 0
    (one,) = json.loads((tmp_path / "own.json").read_text())["annotations"]
    assert (one["bbox"], one["area"]) == ([10, 5, 4, 3], 12)


def test_fewer_images_than_the_paper_is_a_note(tmp_path, capsys):
    WRITERS["bbbc038v1"](tmp_path)
    dispatch(["data", "check", "bbbc038v1", f"root={tmp_path}"])
    told = capsys.readouterr().out
    assert "fewer images than the paper scored" in told
    (notes,) = [line for line in told.splitlines() if line.startswith("bbbc038v1: 0 faults, ")]
    assert notes != "bbbc038v1: 0 faults, 0 notes"
    assert sum(line.startswith("note") for line in told.splitlines()) == int(notes.split(", ")[1].split()[0])


def test_every_choice_of_data_says_which_tasks_it_serves(capsys):
    assert dispatch(["ls", "data"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = {line.split()[0]: line for line in lines}
    assert {"coco", "lvis", "mini", "own", "bsds500"} <= set(found)
    words = ("points", "proposals", "instances", "edges", "concepts", "every task")
    assert [line for line in lines if not any(word in line.rpartition("(")[2] + line for word in words)] == []
    assert "(proposals, instances)" in found["coco"]
    assert "(proposals, instances)" in found["lvis"]
    assert "(edges, regions)" in found["bsds500"]
    assert "(every task)" in found["mini"]
    assert dispatch(["data", "list"]) == 0
    assert "coco " in capsys.readouterr().out
