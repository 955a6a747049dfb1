"""A user's own set in COCO's format has its own name, and no published number stands beside it anywhere."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from sambench.cli import dispatch
from sambench.datasets.coco import Coco
from sambench.datasets.lvis import Lvis
from sambench.datasets.official_files import COCO, WholeFile
from sambench.datasets.sa23.coco_masks import coco_masks
from sambench.runs.open import load_run

PUBLISHED = re.compile(r"SAM|ViT|COCO 2017")
QUIET = ["workers=0", "progress=off", "device=cpu", "illustrate=0", "cache.enabled=false"]


def write(folder, names=("part_000.jpg", "part_001.jpg"), categories=((1, "rect"), (2, "disc")), url="", **category):
    """Write images with an object of each category, and their annotations at COCO's own place below the folder."""
    (folder / "annotations").mkdir(parents=True)
    (folder / "val2017").mkdir()
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for place, name in enumerate(names):
        Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8)).save(folder / "val2017" / name)
        digits = re.findall(r"\d{12}", name)
        number = int(digits[0]) if digits else place + 1
        images.append({"id": number, "file_name": name, "height": 48, "width": 64, "coco_url": url and url + name})
        for kind, _ in categories:
            polygon = [4.0, 4.0, 30.0 + kind % 9, 4.0, 30.0, 40.0, 4.0, 40.0]
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": kind})
            annotations[-1] |= {"segmentation": [polygon], "area": 900.0, "bbox": [4, 4, 26, 36], "iscrowd": 0}
    known = [{"id": number, "name": name, **category} for number, name in categories]
    path = folder / "annotations/instances_val2017.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": known}))
    return path


def perfect(path):
    found = json.loads(path.read_text())
    entries = [
        {key: one[key] for key in ("image_id", "category_id", "segmentation")} | {"score": 0.9}
        for one in found["annotations"]
    ]
    out = path.parent / "results.json"
    out.write_text(json.dumps(entries))
    return out


@pytest.mark.parametrize(("command", "named"), [("score", "my parts"), ("run", "")])
def test_own_data_have_their_own_name_everywhere(tmp_path, monkeypatch, capsys, command, named):
    monkeypatch.chdir(tmp_path)
    file = write(tmp_path / "mine").rename(tmp_path / "mine/annotations/instances.json")
    data = ["data=coco", f"data.annotations={file}", f"data.images={tmp_path}/mine/val2017"]
    data += [f"data.name={named}"] if named else []
    made = ["model.name=toys:ToyModel"] if command == "run" else [f"predictions={perfect(file)}"]
    for folder in ("results/a", "results/b"):
        assert dispatch([command, "task=instances", *data, *made, f"run.dir={folder}", *QUIET]) == 0
        out = capsys.readouterr().out
        assert f"{named or 'instances'} all, 2 images" in out
        assert not PUBLISHED.search(out)
    run = load_run("results/a")
    assert run.record["data"]["card"]["title"] == (named or "instances")
    assert run.record["identity"]["data"]["name"] == (named.replace(" ", "_") or "instances")
    assert dispatch(["table", "instances"]) == 0
    out = capsys.readouterr().out
    published, _, own = out.partition("instances on own data, to which no published number answers")
    assert "measured, a" not in published
    assert "minus" not in out
    assert own.count("measured, ") == 2
    assert not PUBLISHED.search(own)
    assert dispatch(["report", "runs=[results/a,results/b]", "out=page"]) == 0
    (page,) = (tmp_path / "page").glob("*.html")
    published, _, own = page.read_text().partition("instances on own data")
    assert not re.search(r"ViT-H|SAM \(paper\)|COCO 2017|minus", published)
    assert own.count("measured, ") == 2
    assert dispatch(["gate", "baseline=results/a", "candidate=results/b"]) == 3  # two images tell nothing
    assert not PUBLISHED.search(capsys.readouterr().out)


def test_the_layout_of_coco_makes_no_coco(tmp_path):
    write(tmp_path / "mine")
    data = Coco(tmp_path / "mine")
    assert (data.card.own, data.card.title, data.split) == (True, "instances_val2017", "all")
    masks = coco_masks(tmp_path / "mine", subset="all")
    assert (masks.card.own, masks.card.name) == (True, "instances_val2017")
    assert Coco(tmp_path / "mine", title="../../x\ny").card.name == "x_y"
    assert Coco(tmp_path / "mine", title="..").card.name == "own"


@pytest.mark.parametrize(
    ("change", "own"),
    [
        ({}, False),
        ({"names": ("COCO_val2014_000000000139.jpg",)}, False),
        ({"names": ("139.jpg",)}, True),
        ({"categories": ((1, "person"), (12, "street sign"))}, True),
        ({"categories": ((1, "cat"),)}, True),
    ],
)
def test_cocos_own_files_are_known_by_their_contents(tmp_path, change, own):
    about = {"names": ("000000000139.jpg",), "categories": ((1, "person"), (90, "toothbrush")), **change}
    write(tmp_path / "c", **about)
    card = Coco(tmp_path / "c").card
    assert (card.own, card.name == "coco") == (own, not own)
    if not own:
        assert card.note == "an annotation file of 1 of its 5000 images"


def test_other_annotations_of_all_of_its_images_are_not_cocos(tmp_path, monkeypatch):
    """Re-annotated versions keep file names and categories; only the number of annotations tells them."""
    about = {"names": ("000000000139.jpg", "000000000285.jpg"), "categories": ((1, "person"),)}
    write(tmp_path / "c", **about)
    for count, own in ((2, False), (3, True)):
        monkeypatch.setitem(COCO, "val2017", WholeFile(2, count))
        card = Coco(tmp_path / "c").card
        assert card.own == own
        assert own or card.note == ""
    monkeypatch.setitem(COCO, "val2017", WholeFile(1, None))
    assert Coco(tmp_path / "c").card.own, "more images than COCO has"


@pytest.mark.parametrize(
    ("url", "frequency", "own"),
    [
        ("http://images.cocodataset.org/val2017/", "f", False),
        ("http://example.org/val2017/", "f", True),
        ("http://images.cocodataset.org/val2017/", None, True),
    ],
)
def test_lvis_is_known_by_its_images_and_frequencies(tmp_path, url, frequency, own):
    category = {} if frequency is None else {"frequency": frequency}
    file = write(tmp_path / "c", names=("000000000139.jpg",), url=url, **category)
    data = Lvis(annotations=file, images=tmp_path / "c")
    assert (data.card.own, data.card.name) == (own, "instances_val2017" if own else "lvis")
    assert data.rules == "lvis"
