import csv
import json

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from replicas import WRITERS, code

from sambench.cli import dispatch
from sambench.commands.data.check import check
from sambench.datasets.layout import DatasetAbsentError
from sambench.datasets.own.reader import own
from sambench.errors import SambenchError, UsageError
from sambench.masks import rle

NAMES = sorted(WRITERS)


def checked(name, root, **settings):
    """Run `sambench data check` without the half second in which Hydra composes its settings."""
    return check(name, {"name": name, "root": str(root), **settings}, {"out": None})


def cut(path, share=0.6):
    """Keep the first part of a file, as an interrupted download does."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def fault_lines(capsys, path):
    """Return the printed faults, of which one names the file."""
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAULT")]
    assert any(path.name in line for line in lines)
    return "\n".join(lines)


@pytest.mark.parametrize("name", NAMES)
def test_whole_copies_have_no_fault(name, tmp_path, capsys):
    replica = WRITERS[name](tmp_path)
    assert checked(name, tmp_path) == 0
    text = capsys.readouterr().out
    masks = sum(map(len, replica.masks.values()))
    images = len(replica.masks) + len(replica.left_out)
    assert f"{images} images read, {len(replica.masks)} with masks, {masks} masks" in text
    assert "(Table 7)" in text
    assert "the counts differ by" in text
    assert f"{name}: 0 faults" in text
    for key in replica.left_out:
        assert key in text


@pytest.mark.parametrize("name", NAMES)
def test_damaged_ground_truth_is_named(name, tmp_path, capsys):
    replica = WRITERS[name](tmp_path)
    cut(replica.truth)
    assert checked(name, tmp_path) == 1
    assert "may be truncated" in fault_lines(capsys, replica.truth)


@pytest.mark.parametrize("name", NAMES)
def test_damaged_images_are_named(name, tmp_path, capsys):
    replica = WRITERS[name](tmp_path)
    cut(replica.image)
    assert checked(name, tmp_path) == 1
    assert "cannot be decoded" in fault_lines(capsys, replica.image)


@pytest.mark.parametrize("name", NAMES)
def test_missing_images_are_named(name, tmp_path, capsys):
    replica = WRITERS[name](tmp_path)
    replica.image.unlink()
    assert checked(name, tmp_path) == 1
    # Where files stand in pairs, the one that is left is named.
    names = {"bbbc038v1": replica.image.parents[1], "cityscapes": replica.truth, "ppdls": replica.truth}
    lines = fault_lines(capsys, names.get(name, replica.image.with_suffix("")))
    assert any(told in lines for told in ("is missing", "has no image", "0 images and"))


def test_sizes_that_differ_are_faults(tmp_path, capsys):
    replica = WRITERS["cityscapes"](tmp_path)
    Image.new("RGB", (44, 28)).save(replica.image)
    assert checked("cityscapes", tmp_path) == 1
    assert "image is 44 x 28 pixels, but its ground truth is for 40 x 30 pixels" in fault_lines(capsys, replica.image)


def test_what_is_cut_or_left_out_is_a_note(tmp_path, capsys):
    WRITERS["streets"](tmp_path)
    assert checked("streets", tmp_path) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "it reaches 4 pixels over the image's border" in text
    assert "left out: it covers no pixel" in text
    assert "left out: image has no mask" in text
    assert "streets: 0 faults, 5 notes" in text  # the fifth: fewer images than the paper


def test_findings_are_written_in_full(tmp_path, capsys):
    replica = WRITERS["bbbc038v1"](tmp_path)
    cut(replica.truth)
    assert dispatch(["data", "check", "bbbc038v1", f"root={tmp_path}", f"out={tmp_path / 'found.csv'}"]) == 1
    with (tmp_path / "found.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["kind"] for row in rows].count("fault") == 1
    assert [row["where"] for row in rows if row["kind"] == "fault"] == [str(replica.truth)]
    assert {row["dataset"] for row in rows} == {"bbbc038v1"}


def test_every_dataset_that_is_there_is_checked(tmp_path, capsys):
    for name in ("gtea", "timberseg"):
        replica = WRITERS[name](tmp_path)
    cut(replica.image)
    assert checked("sa23", tmp_path) == 1
    text = capsys.readouterr().out
    assert "gtea: 0 faults" in text
    assert "timberseg: 1 faults" in text
    assert "not found: ppdls, " in text


def test_data_of_other_kinds_is_loaded(tmp_path, capsys):
    from toys import write_bsds

    write_bsds(tmp_path)
    assert dispatch(["data", "check", "bsds500", f"root={tmp_path}"]) == 0
    cut(tmp_path / "BSDS500/data/images/test/1001.jpg")
    assert dispatch(["data", "check", "bsds500", f"root={tmp_path}", "limit=1"]) == 0
    capsys.readouterr()
    assert dispatch(["data", "check", "bsds500", f"root={tmp_path}"]) == 1
    assert "1001.jpg" in capsys.readouterr().out


def test_equal_counts_are_told(tmp_path, capsys, monkeypatch):
    from dataclasses import replace

    from sambench.datasets.sa23 import timberseg

    WRITERS["timberseg"](tmp_path)
    monkeypatch.setattr(timberseg, "CARD", replace(timberseg.CARD, expected_images=1, expected_masks=1))
    checked("timberseg", tmp_path)
    assert "the counts are equal" in capsys.readouterr().out


def test_wrong_words_are_told(tmp_path):
    for words, told in (
        (["chek", "gtea"], "has no 'chek'"),
        (["check", "root=x"], "needs a dataset's name"),
        (["check", "gtae"], "there is no data 'gtae'"),
        (["check", "gtea", "rot=x"], "has no 'rot'"),
        (["show", "gtea", "count=0"], "count is 0"),
        (["show", "bsds500", f"root={tmp_path}"], r"is missing|not found"),
    ):
        with pytest.raises(SambenchError, match=told):
            dispatch(["data", *words])
    with pytest.raises(UsageError, match=r"unknown|masks is 'all'"):
        dispatch(["data", "export", "zerowaste", f"root={tmp_path}", "masks=all"])
    with pytest.raises(DatasetAbsentError):
        dispatch(["data", "check", "gtea", f"root={tmp_path}"])
    assert dispatch(["data"]) == 2


def test_list_tells_what_is_there(tmp_path, capsys):
    WRITERS["gtea"](tmp_path)
    assert dispatch(["data", "list", f"root={tmp_path}"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert set(NAMES) <= set(lines)
    assert lines["gtea"].endswith("hand2K_dataset/GTEA")
    assert "1,208" in lines["gtea"]
    assert lines["cityscapes"].split()[-1] == "no"
    assert "https://zenodo.org/record/7107409" in lines["doors"]


def test_sheet_shows_masks_and_clicks(tmp_path, capsys):
    WRITERS["egohos"](tmp_path)
    out = tmp_path / "sheet.png"
    assert dispatch(["data", "show", "egohos", f"root={tmp_path}", f"out={out}", "count=5"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    sheet = np.asarray(Image.open(out))
    assert sheet.shape == (6 + 360 + 16 + 6, 2 * 366 + 6, 3)
    colours = {tuple(pixel) for pixel in sheet.reshape(-1, 3)}
    assert len(colours) > 100


def test_tile_marks_the_farthest_pixel():
    from sambench.drawing.pictures.contact_sheet import tile
    from sambench.types import Annotation, InstanceTruth, Sample

    mask = np.zeros((60, 80), bool)
    mask[20:41, 30:51] = True
    one = Annotation(1, 1, rle.encode_masks(mask[None])[0], float(mask.sum()))
    drawn = tile(Sample("x", np.zeros((60, 80, 3), np.uint8), InstanceTruth([one], 1)))
    assert drawn.shape == (60, 80, 3)
    assert drawn[30, 40].tolist() == [255, 255, 255]
    assert drawn[22, 32].any()
    assert not drawn[10, 10].any()


def test_export_is_read_by_coco_and_by_generic(tmp_path, capsys):
    replica = WRITERS["ppdls"](tmp_path)
    out = tmp_path / "out.json"
    assert dispatch(["data", "export", "ppdls", f"root={tmp_path}", f"out={out}"]) == 0
    assert "2 images, 6 masks" in capsys.readouterr().out
    content = json.loads(out.read_text())
    assert content["categories"] == [{"id": 1, "name": "leaf"}]
    assert [image["source_id"] for image in content["images"]] == list(replica.masks)
    official = COCO(str(out))
    for image in content["images"]:
        masks = [official.annToMask(one) for one in official.loadAnns(official.getAnnIds(image["id"]))]
        assert np.array_equal(masks, replica.masks[image["source_id"]])
    images = tmp_path / "Plant_Phenotyping_Datasets"
    again = own(tmp_path, images=str(images), annotations="out.json")
    assert len(again.keys) == 2
    for key, masks in zip(again.keys, replica.masks.values(), strict=True):
        sample = again.load(key)
        assert np.array_equal(rle.decode_masks([one.rle for one in sample.target.annotations], sample.size), masks)
    assert content["annotations"][0]["segmentation"]["counts"] == code(masks_of_first(replica))["counts"]


def masks_of_first(replica):
    return next(iter(replica.masks.values()))[0]
