"""The readers of interactive segmentation on replicas in their original formats."""

import inspect
import logging
from importlib.resources import files

import numpy as np
import pytest
import yaml
from interactive_replicas import BAND, HOLE, INTERACTIVE, voc_palette
from PIL import Image
from replicas import DOT, RING, TWO, box

from sambench.commands.data.check import check
from sambench.config.registry import resolve
from sambench.config.resolve import build
from sambench.datasets.coco_export import export_coco
from sambench.datasets.interactive.object_masks import object_of
from sambench.datasets.interactive.pascal_voc import grey_of
from sambench.datasets.layout import DatasetAbsentError
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle

NAMES = sorted(INTERACTIVE)
COUNTS = {
    "grabcut": (50, 50),
    "berkeley": (100, 100),
    "davis": (345, 345),
    "coco_mval": (800, 800),
    "hqseg44k": (1537, 1537),
    "pascal_voc": (1449, 3417),
    "sbd": (2857, 6671),
}


def opened(name, root, **settings):
    return build("datasets", "data", {"name": name, "root": str(root), **settings})


def masks_of(sample):
    return rle.decode_masks([one.rle for one in sample.target.annotations], sample.size)


def ignored_in(sample):
    """The pixels that count neither way for each object, as one mask; None where an object has none."""
    found = [one.ignore for one in sample.target.annotations]
    return None if None in found else rle.decode_masks(found, sample.size)


@pytest.mark.parametrize("name", NAMES)
def test_masks_are_those_of_the_files(name, tmp_path):
    replica = INTERACTIVE[name](tmp_path)
    dataset = opened(name, tmp_path)
    assert dataset.keys == list(replica.masks)
    for key, masks in replica.masks.items():
        sample = dataset.load(key)
        found = masks_of(sample)
        assert len(found) == len(masks) == dataset.count(key)
        assert all(np.array_equal(one, mask) for one, mask in zip(found, masks, strict=True))
        assert dataset.load_truth(key) == sample.target


@pytest.mark.parametrize("name", NAMES)
def test_whole_copies_have_no_fault_and_are_held_against_the_published_counts(name, tmp_path, capsys):
    replica = INTERACTIVE[name](tmp_path)
    assert check(name, {"name": name, "root": str(tmp_path)}, {"out": None}) == 0
    text = capsys.readouterr().out
    images, masks = COUNTS[name]
    assert f"scored {images} images with {masks} masks (its README)" in text
    found = len(replica.masks), sum(map(len, replica.masks.values()))
    assert f"the counts differ by {found[0] - images:+} images, {found[1] - masks:+} masks" in text
    assert "the paper" not in text


@pytest.mark.parametrize("name", NAMES)
def test_damaged_missing_and_absent_files_are_told(name, tmp_path, capsys):
    with pytest.raises(DatasetAbsentError, match=f"{name} is not found"):
        opened(name, tmp_path)
    replica = INTERACTIVE[name](tmp_path)
    with pytest.raises(UsageError, match="no split 'moon'"):
        opened(name, tmp_path, split="moon")
    replica.truth.write_bytes(replica.truth.read_bytes()[:60])
    assert check(name, {"name": name, "root": str(tmp_path)}, {"out": None}) == 1
    assert replica.truth.name in capsys.readouterr().out
    replica.image.unlink()
    with pytest.raises(DatasetError, match=r"files do not fit together: 1 x (listed image|ground truth has no image)"):
        opened(name, tmp_path).keys  # noqa: B018


@pytest.mark.parametrize("name", NAMES)
def test_configuration_is_that_of_the_reader(name):
    settings = yaml.safe_load((files("sambench.configs") / "data" / f"{name}.yaml").read_text())
    parameters = inspect.signature(resolve("datasets", name)).parameters
    assert settings.pop("name") == name
    assert set(settings) == set(parameters)
    outside = {"root": "${oc.env:SAMBENCH_DATA,null}", "limit": "${limit}"}
    assert {key: outside.get(key, one.default) for key, one in parameters.items()} == settings


@pytest.mark.parametrize("name", ["grabcut", "berkeley"])
def test_unknown_pixels_count_neither_way(name, tmp_path):
    INTERACTIVE[name](tmp_path)
    dataset = opened(name, tmp_path)
    assert np.array_equal(ignored_in(dataset.load("a"))[0], BAND)
    assert ignored_in(dataset.load("b.2")) is None  # the second has none


def test_export_tells_what_its_form_has_no_place_for(tmp_path, caplog):
    INTERACTIVE["grabcut"](tmp_path)
    with caplog.at_level(logging.WARNING):
        assert export_coco(opened("grabcut", tmp_path), tmp_path / "all.json") == (2, 2)
    assert "grabcut: around 1 of 2 masks are pixels that count neither way" in caplog.text


def test_soft_masks_have_their_switch(tmp_path):
    INTERACTIVE["coco_mval"](tmp_path)
    assert np.array_equal(masks_of(opened("coco_mval", tmp_path, above=128).load("a"))[0], RING)
    INTERACTIVE["hqseg44k"](tmp_path)
    half = opened("hqseg44k", tmp_path, above=128, split="coift")
    assert half.keys == ["coift/x"]
    assert np.array_equal(masks_of(half.load("coift/x"))[0], RING)
    assert half.fingerprint != opened("hqseg44k", tmp_path, split="coift").fingerprint
    assert half.source.card.expected_masks == 280
    with pytest.raises(UsageError, match="above"):
        opened("hqseg44k", tmp_path, above=64)


def test_void_is_ignored_and_grey_values_merge_objects(tmp_path):
    INTERACTIVE["pascal_voc"](tmp_path)
    sample = opened("pascal_voc", tmp_path).load("2007_000033")
    assert [one.id for one in sample.target.annotations] == [1, 2, 16]
    assert all(np.array_equal(own, BAND) for own in ignored_in(sample))
    grey = opened("pascal_voc", tmp_path, object_ids="grey").load("2007_000033")
    assert [one.id for one in grey.target.annotations] == [38, 75]  # objects 1 and 16 are equally grey
    assert np.array_equal(masks_of(grey), [RING | DOT, TWO])
    assert all(np.array_equal(own, BAND) for own in ignored_in(grey))


def test_grey_is_opencvs():
    colours = voc_palette()[None]
    cv2 = pytest.importorskip("cv2")
    assert np.array_equal(grey_of(colours), cv2.cvtColor(colours[..., ::-1].copy(), cv2.COLOR_BGR2GRAY))
    greys = grey_of(colours)[0].tolist()
    assert greys[255] == 220
    for one, other in ((1, 16), (9, 24), (6, 21), (3, 18), (39, 54), (42, 57)):
        assert greys[one] == greys[other]


def test_which_pixels_are_the_object():
    values = np.zeros((1, 5, 3), np.uint8)
    values[0, :, 2] = [0, 1, 128, 129, 255]  # the first channel as OpenCV reads it
    values[0, 0, 0] = 7
    assert [own.tolist() for own in object_of(values, "any")] == [[[True] * 5], [[False] * 5]]
    assert object_of(values, "half")[0].tolist() == [[False, False, False, True, True]]
    assert object_of(values, "marked")[1].tolist() == [[False, False, True, False, False]]


def test_black_and_white_and_palettes_are_read_as_colours(tmp_path):
    replica = INTERACTIVE["grabcut"](tmp_path)
    other = tmp_path / "GrabCut/boundary_GT/b.2.png"
    Image.fromarray(HOLE).save(other)  # one bit a pixel
    assert np.array_equal(masks_of(opened("grabcut", tmp_path).load("b.2"))[0], HOLE)
    drawn = Image.fromarray(np.where(RING, 1, 2 * box(18, 26, 2, 10)).astype(np.uint8), "P")
    drawn.putpalette([0, 0, 0, 255, 255, 255, 128, 128, 128])
    drawn.save(other)
    sample = opened("grabcut", tmp_path).load("b.2")
    assert np.array_equal(masks_of(sample)[0], RING)
    assert np.array_equal(ignored_in(sample)[0], box(18, 26, 2, 10))
    Image.fromarray(TWO.astype(np.uint16) * 500).save(other)
    with pytest.raises(DatasetError, match="8 bits a channel are expected"):
        opened("grabcut", tmp_path).load("b.2")
    assert replica.truth.is_file()


def test_lists_and_label_maps_are_checked(tmp_path):
    INTERACTIVE["sbd"](tmp_path)
    names = tmp_path / "benchmark_RELEASE/dataset/val.txt"
    names.write_text("2008_000002\n2008_000009\n")
    with pytest.raises(DatasetError, match=r"1 x listed image is not there: val\.txt: 2008_000009"):
        opened("sbd", tmp_path).keys  # noqa: B018
    names.write_text("\n")
    with pytest.raises(DatasetError, match="holds no name"):
        opened("sbd", tmp_path)
    names.unlink()
    with pytest.raises(DatasetError, match="list of the split is missing"):
        opened("sbd", tmp_path)
