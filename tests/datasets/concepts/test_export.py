"""The commands of `sambench data` on data for text prompts."""

import json

import numpy as np
from PIL import Image
from saco_files import SIZE, box_mask, contents, write_gold, write_silver

from sambench.cli import dispatch
from sambench.commands.data.check import check
from sambench.datasets.concepts.saco import saco_gold
from sambench.drawing.pictures.contact_sheet import tile


def checked(name, root, **settings):
    return check(name, {"name": name, "root": str(root), **settings}, {"out": None})


def test_export_gives_back_the_files_that_were_read(tmp_path, capsys):
    write_gold(tmp_path)
    out = tmp_path / "again" / "pairs.json"
    out.parent.mkdir()
    assert dispatch(["data", "export", "saco_gold", f"root={tmp_path}", f"out={out}"]) == 0
    assert "pairs_b.json: 4 pairs of images and phrases, 4 masks" in capsys.readouterr().out
    for index, one in enumerate("abc"):
        written = json.loads((out.parent / f"pairs_{one}.json").read_text())
        original = contents(index)
        assert written["categories"] == [{"id": 1, "name": "object"}]  # without it every prediction counts for nothing
        for ours, theirs in zip(written["images"], original["images"], strict=True):
            assert ours["file_name"] == f"metaclip-images/{theirs['file_name']}"
            for key in ("id", "text_input", "height", "width"):
                assert ours[key] == theirs[key]
            assert ours["is_instance_exhaustive"] == all(
                contents(other)["images"][theirs["id"] - 10000000]["is_instance_exhaustive"] for other in range(3)
            )
        for ours, theirs in zip(written["annotations"], original["annotations"], strict=True):
            assert ours["segmentation"] == theirs["segmentation"]
            assert (ours["id"], ours["image_id"], ours["iscrowd"]) == (theirs["id"], theirs["image_id"], 0)
            np.testing.assert_allclose([*ours["bbox"], ours["area"]], [*theirs["bbox"], theirs["area"]])


def test_check_counts_pairs_beside_the_published_ones(tmp_path, capsys):
    write_gold(tmp_path)
    assert checked("saco_gold", tmp_path) == 0
    text = capsys.readouterr().out
    assert (
        "metaclip: 4 pairs, 3 of them exhaustive, of these 1 without an object; masks by annotator: 3 and 4 and 2;"
        in text
    )
    assert "published: 33393 pairs, 20144 masks" in text
    assert "saco_gold: 0 faults" in text
    checked("saco_gold", tmp_path, limit=1)
    assert "published" not in capsys.readouterr().out


def test_check_tells_damaged_images_and_files(tmp_path, capsys):
    path = write_silver(tmp_path)
    Image.new("RGB", (41, 30)).save(tmp_path / "nga/two.jpg")
    assert checked("saco_silver", tmp_path) == 1
    assert "image is 41 x 30 pixels" in capsys.readouterr().out
    path.write_bytes(path.read_bytes()[:300])
    assert checked("saco_silver", tmp_path) == 1
    assert "may be truncated" in capsys.readouterr().out


def test_sheet_shows_the_first_annotators_objects(tmp_path, capsys):
    write_gold(tmp_path)
    sheet = tmp_path / "sheet.png"
    assert dispatch(["data", "show", "saco_gold", f"root={tmp_path}", f"out={sheet}"]) == 0
    assert sheet.is_file()
    drawn = tile(saco_gold(tmp_path).load("metaclip/x/one"))
    assert drawn.shape == (*SIZE, 3)
    inside = box_mask(2, 12, 3, 13).astype(bool)
    assert (np.abs(drawn.astype(int) - (200, 30, 30)).max(axis=2)[inside] > 30).all()
    assert (np.abs(drawn.astype(int) - (200, 30, 30)).max(axis=2)[20:25, 30:38] < 30).all()


def test_saco_is_listed_and_found(tmp_path, capsys):
    write_gold(tmp_path / "SACo-Gold")
    assert dispatch(["data", "list", f"root={tmp_path}"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert lines["saco_gold"].split()[-1] == "SACo-Gold/annotations"
    assert lines["saco_silver"].split()[-1] == "no"
    assert "category names" in lines["lvis_concepts"]
