"""LabelMe's files as people have them: objects of several shapes, every kind of shape, other sizes than the image's."""

import base64
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from sambench.datasets.own.reader import own
from sambench.errors import DatasetError
from sambench.masks import rle

SQUARE = [[2, 3], [8, 3], [8, 7], [2, 7]]  # 6 x 4 pixels
OTHER = [[20, 10], [30, 10], [30, 15], [20, 15]]  # 10 x 5 pixels


def shape(points, kind="polygon", label="sofa", group=None, **more):
    return {"label": label, "points": points, "group_id": group, "shape_type": kind, "flags": {}, **more}


def write(folder, *shapes, size=(30, 40), name="1.png", **more):
    for inner in ("images", "labels"):
        (folder / inner).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30)).save(folder / "images" / name)
    told = {"version": "5.5.0", "flags": {}, "imagePath": name, "imageData": None, **more}
    sides = {} if size is None else {"imageHeight": size[0], "imageWidth": size[1]}
    path = folder / f"labels/{name[0]}.json"
    path.write_text(json.dumps({**told, "shapes": list(shapes), **sides}))
    return path


def masks(folder):
    truth = own(folder).load_truth("1")
    return rle.decode_masks([one.rle for one in truth.annotations], (30, 40))


def box(top, bottom, left, right):
    mask = np.zeros((30, 40), bool)
    mask[top:bottom, left:right] = True
    return mask


def test_shapes_of_one_label_and_group_are_one_object(tmp_path):
    write(tmp_path, shape(SQUARE, group=0), shape(OTHER, group=0), shape(OTHER), shape(SQUARE, label="cat", group=0))
    found = masks(tmp_path)
    assert [mask.sum() for mask in found] == [24 + 50, 50, 24]
    assert np.array_equal(found[0], box(3, 7, 2, 8) | box(10, 15, 20, 30))
    assert [one.id for one in own(tmp_path).load_truth("1").annotations] == [0, 2, 3]


def test_an_overlap_within_a_group_counts_once_and_what_cannot_be_drawn_of_it_is_told(tmp_path):
    write(tmp_path, shape(SQUARE, group=7), shape(SQUARE, group=7), shape([[1, 1], [2, 2]], "line", group=7))
    assert [mask.sum() for mask in masks(tmp_path)] == [24]
    ((_, regions),) = [own(tmp_path).source.regions("1")]
    assert [region.note for region in regions] == ["shape 2: a line has no area"]


@pytest.mark.parametrize("corners", [[[2, 3], [8, 7]], [[8, 7], [2, 3]], [[8, 3], [2, 7]], SQUARE])
def test_a_rectangle_is_drawn_from_any_two_corners(tmp_path, corners):
    write(tmp_path, shape(corners, "rectangle"))
    (found,) = masks(tmp_path)
    assert np.array_equal(found, box(3, 7, 2, 8))


def test_a_circle_is_the_disc_to_its_second_point(tmp_path):
    # Of radius 2 about the corner between four pixels: rows of 2, 4, 4 and 2 pixels.
    write(tmp_path, shape([[10, 10], [10, 12]], "circle"), shape([[0, 0], [3, 4]], "circle"))
    disc, cut = masks(tmp_path)
    assert np.array_equal(disc, box(8, 12, 9, 11) | box(9, 11, 8, 12))
    # A quarter of the disc of radius 5 about the image's corner: the pixels with (x + .5)^2 + (y + .5)^2 <= 25.
    assert cut[:6, :6].sum(1).tolist() == [5, 5, 4, 4, 2, 0]
    assert cut.sum() == 20
    assert "it reaches 5 pixels over the image's border" in own(tmp_path).source.regions("1")[1][1].note


def test_a_mask_lies_between_its_corners(tmp_path):
    pixels = np.zeros((4, 6), np.uint8)
    pixels[1, 2:5] = 1
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    write(tmp_path, shape([[10, 20], [15, 23]], "mask", mask=encoded), shape([[0, 0], [3, 3]], "mask", mask=encoded))
    (found,) = masks(tmp_path)
    assert np.array_equal(found, box(21, 22, 12, 15))
    dataset = own(tmp_path)
    assert dataset.count("1") == 1
    assert dataset.report == ["1: mask 1 left out: its mask is 6 x 4 pixels, its corners are for 4 x 4 pixels"]


def test_what_has_no_area_is_left_out_and_told(tmp_path):
    kinds = {"point": [[3, 3]], "line": [[1, 1], [9, 9]], "linestrip": [[1, 1], [9, 9], [1, 9]], "cuboid": SQUARE}
    shapes = [shape(points, kind) for kind, points in kinds.items()]
    write(tmp_path, *shapes, shape(SQUARE, label="__ignore__"), shape(SQUARE))
    dataset = own(tmp_path)
    assert dataset.count("1") == 1
    assert dataset.report == [
        "1: mask 0 left out: a point has no area",
        "1: mask 1 left out: a line has no area",
        "1: mask 2 left out: a linestrip has no area",
        "1: mask 3 left out: a cuboid of 4 points cannot be drawn",
        "1: mask 4 left out: it is labelled __ignore__",
    ]


@pytest.mark.parametrize("size", [(10**9, 10**9), (30, 41), (0, 40), (-30, 40)])
def test_a_size_that_the_image_has_not_is_told_before_anything_is_drawn(tmp_path, size):
    write(tmp_path, shape(SQUARE), size=size)
    told = f"image is 40 x 30 pixels, but its ground truth is for {size[1]} x {size[0]} pixels"
    with pytest.raises(DatasetError, match=told):
        own(tmp_path).keys  # noqa: B018


def test_files_of_old_versions_are_for_the_whole_image(tmp_path):
    write(tmp_path, {"label": "sofa", "points": SQUARE}, size=None)
    (found,) = masks(tmp_path)
    assert np.array_equal(found, box(3, 7, 2, 8))


@pytest.mark.parametrize(
    "damage",
    [
        lambda told: told.pop("shapes"),
        lambda told: told.update(shapes=[7]),
        lambda told: told.update(shapes=[{"label": "x"}]),
        lambda told: told.update(shapes=[{"label": "x", "points": [[1]]}]),
        lambda told: told.update(shapes=[{"label": "x", "points": SQUARE, "group_id": {}}]),
        lambda told: told.update(imageHeight="tall"),
        lambda told: told.pop("imageWidth"),
    ],
)
def test_what_is_no_labelme_file_is_told(tmp_path, damage):
    path = write(tmp_path, shape(SQUARE))
    told = json.loads(path.read_text())
    damage(told)
    path.write_text(json.dumps(told))
    with pytest.raises(DatasetError, match="this is no LabelMe file") as error:
        own(tmp_path).keys  # noqa: B018
    assert error.value.where == str(path)


def test_numbers_that_are_none_are_told(tmp_path):
    write(tmp_path, shape([[float("nan"), 1], [5, 5], [1, 5]]), shape([[float("inf"), 1], [5, 5]], "circle"))
    dataset = own(tmp_path)
    with pytest.raises(DatasetError, match="no image has a mask"):
        dataset.keys  # noqa: B018
    assert len(dataset.report) == 3  # two masks, and the image


def in_file(folder, labels, name, colour):
    pixels = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(pixels, "PNG")
    told = {"version": "5.5.0", "flags": {}, "imagePath": f"..\\photos\\{name}.png", "shapes": [shape(SQUARE)]}
    told |= {"imageData": base64.b64encode(pixels.getvalue()).decode(), "imageHeight": 30, "imageWidth": 40}
    path = folder / labels / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told))


@pytest.mark.parametrize(("labels", "beside"), [("labels", False), ("labels", True), (".", False)])
def test_images_in_the_files_alone_are_refused_and_the_printed_command_writes_them_out(tmp_path, labels, beside):
    root = tmp_path / "it's mine"
    if beside:
        write(root, shape(OTHER))  # one image in a file of its own: the others belong beside it
    for name, colour in (("a/2", (1, 2, 3)), ("3", (4, 5, 6))):
        in_file(root, labels, name, colour)
    with pytest.raises(
        DatasetError, match=r"2 LabelMe files have their image in the file alone \(imageData\)"
    ) as error:
        own(root)
    assert "3.json" in error.value.what
    assert "a/2.json" in error.value.what
    before, command = error.value.mend.split("python", 1)
    assert before == "write the images out: "
    subprocess.run(["bash", "-c", f'"{sys.executable}"{command}'], check=True, timeout=60)
    dataset = own(root)
    assert sorted(dataset.keys) == ["1"] * beside + ["3", "a/2"]
    assert dataset.load("a/2").image[0, 0].tolist() == [1, 2, 3]
    assert [one.area for one in dataset.load("3").target.annotations] == [24]
