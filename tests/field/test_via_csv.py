"""VIA 2's CSV export is read as its JSON is; a CSV that lost rows or cells is told with its place."""

import csv
import io
import json

import pytest
from PIL import Image

from sambench.cli import dispatch
from sambench.datasets.own.reader import own
from sambench.errors import DatasetError
from sambench.runs.open import load_run

QUIET = ["workers=0", "progress=off", "device=cpu", "illustrate=0", "cache.enabled=false"]
HEAD = ["filename", "file_size", "file_attributes", "region_count", "region_id"]
HEAD += ["region_shape_attributes", "region_attributes"]
RECTANGLE = {"name": "rect", "x": 5, "y": 6, "width": 20, "height": 10}
POLYGON = {"name": "polygon", "all_points_x": [30, 50, 50, 30], "all_points_y": [10, 10, 40, 40]}
POINT = {"name": "point", "cx": 3, "cy": 3}
AREAS = [200, 600]


def rows():
    """Two images with two and one regions, one of which is a point, and one without."""
    found = [
        ("a.png", 2, 0, RECTANGLE, {"label": "roof"}),
        ("a.png", 2, 1, POLYGON, {"label": "yard"}),
        ("b, c.png", 2, 0, RECTANGLE, {"label": "roof"}),
        ("b, c.png", 2, 1, POINT, {"label": "roof"}),
        ("none.png", 0, 0, {}, {}),
    ]
    return [
        [name, "100", "{}", str(count), str(place), json.dumps(shape), json.dumps(label)]
        for name, count, place, shape, label in found
    ]


def write(folder, table=None, delimiter=",", encoding="utf-8", head=HEAD, name="via.csv"):
    (folder / "images").mkdir(exist_ok=True)
    for image in ("a.png", "b, c.png", "none.png"):
        Image.new("RGB", (64, 48)).save(folder / "images" / image)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([head, *(rows() if table is None else table)])
    (folder / name).write_bytes(text.getvalue().encode(encoding))
    return folder / name


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_regions_are_those_of_the_json(tmp_path, delimiter, encoding):
    write(tmp_path, delimiter=delimiter, encoding=encoding)
    found = own(tmp_path)
    assert found.keys == ["a", "b, c"]
    assert [one.area for one in found.load("a").target.annotations] == AREAS
    assert [one.area for one in found.load("b, c").target.annotations] == AREAS[:1]
    assert [one["name"] for one in found.categories] == ["roof", "yard"]
    assert own(annotations=tmp_path / "via.csv", images=tmp_path / "images").keys == found.keys


def test_the_older_first_line_and_a_folder_of_the_file_are_read(tmp_path):
    (tmp_path / "annotations").mkdir()
    write(tmp_path, head=["#filename", *HEAD[1:]]).rename(tmp_path / "annotations" / "via.CSV")
    assert own(tmp_path).keys == ["a", "b, c"]


@pytest.mark.parametrize("task", ["points", "proposals", "instances"])
def test_every_task_of_masks_runs(tmp_path, monkeypatch, task):
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    words = [f"task={task}", "data=own", "data.annotations=via.csv", "data.images=images", "model.name=toys:ToyModel"]
    assert dispatch(["run", *words, "run.dir=out", *QUIET]) == 0
    assert load_run("out").record["data"]["samples"] == (2 if task == "points" else 3)


def broken(change):
    table = rows()
    change(table)
    return table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.pop(1), "a.png has 1 rows with a region, its region_count says 2"),
        (lambda table: table[0].__setitem__(5, '{"name": "rect"'), "region_shape_attributes is no JSON"),
        (lambda table: table[0].__setitem__(5, "[1]"), "should be a JSON object, is a list"),
        (lambda table: table[1].pop(), "the row has 6 cells, the first line 7"),
        (lambda table: table[0].__setitem__(0, ""), "the row has no filename"),
    ],
)
def test_what_a_csv_lost_is_told(tmp_path, change, message):
    path = write(tmp_path, broken(change))
    with pytest.raises(DatasetError, match=message) as error:
        _ = own(annotations=path, images=tmp_path / "images").keys
    assert "via.csv" in str(error.value)


def test_a_csv_of_something_else_is_told(tmp_path):
    path = write(tmp_path, head=["a", "b", "c", "d", "e", "f", "g"])
    with pytest.raises(DatasetError, match="nor a CSV that VIA 2 exports"):
        own(annotations=path, images=tmp_path / "images")
    path = write(tmp_path, head=["file", *HEAD[1:]])
    with pytest.raises(DatasetError, match="the CSV lacks filename"):
        own(annotations=path, images=tmp_path / "images")
