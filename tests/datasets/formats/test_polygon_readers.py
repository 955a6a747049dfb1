"""What is particular to COCO JSON, VIA, VISOR, WoodScape, OVIS and Hypersim."""

import json

import numpy as np
import pytest
from replicas import RING, WRITERS, box, coco, code, dump, picture

from sambench.config.resolve import build
from sambench.datasets.formats.coco_source import CocoMasks, Part
from sambench.datasets.sa23.coco_masks import lvis_v05_masks
from sambench.datasets.sa23.zerowaste import CARD as ZEROWASTE
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle


def opened(name, root, **settings):
    return build("datasets", "data", {"name": name, "root": str(root), **settings})


def change(path, edit):
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def test_crowds_are_no_objects(tmp_path):
    content = coco(
        [(139, "000000000139.jpg"), (285, "000000000285.jpg")], [(1, 139, 1, code(RING)), (2, 285, 1, code(RING))]
    )
    content["annotations"][1] |= {"iscrowd": 1, "segmentation": code(RING, "list")}
    dump(tmp_path / "annotations/instances_val2017.json", content)
    for name in ("000000000139", "000000000285"):
        picture(tmp_path / f"val2017/{name}.jpg")
    dataset = opened("coco_masks", tmp_path)
    assert dataset.keys == ["val2017/000000000139"]
    assert "val2017/000000000285: mask 2 left out: it stands for a group (iscrowd)" in dataset.report
    assert opened("coco_masks", tmp_path, ids=[139]).load_truth("val2017/000000000139").image_id == 139


def test_a_file_that_contradicts_itself_is_refused(tmp_path):
    replica = WRITERS["ndispark"](tmp_path)
    change(replica.truth, lambda content: content["images"].append({**content["images"][0], "id": 9}))
    with pytest.raises(DatasetError, match=r"image shares its file name train/64_\.jpg with another") as error:
        opened("ndispark", tmp_path)
    assert "image 9" in str(error.value)


def test_polygons_that_overrun_are_cut_and_broken_ones_left_out(tmp_path):
    replica = WRITERS["trashcan"](tmp_path)
    dataset = opened("trashcan", tmp_path)
    notes = [region.note for region in dataset.source.regions(dataset.keys[0])[1]]
    assert notes == ["", "it reaches 0.998 pixels over the image's border and is cut there"]
    change(replica.truth, lambda content: content["annotations"][0].update(segmentation=[[1, 2, 3, 4]]))
    dataset = opened("trashcan", tmp_path)
    assert dataset.count(dataset.keys[0]) == 1
    assert any("mask 1 left out: polygon should hold" in line for line in dataset.report)


def test_image_ids_may_repeat_in_joined_files(tmp_path):
    WRITERS["plittersdorf"](tmp_path)
    assert len(opened("plittersdorf", tmp_path).keys) == 3
    assert opened("plittersdorf", tmp_path, split="val").keys == ["val/20200101_val_42"]


def test_via_file_of_another_kind_is_refused(tmp_path):
    replica = WRITERS["streets"](tmp_path)
    replica.truth.write_text('{"a.jpg9": {"filename": "a.jpg"}}')
    with pytest.raises(DatasetError, match="lacks `filename` or `regions`") as error:
        opened("streets", tmp_path)
    assert "vehicle-annotations.json, a.jpg9" in str(error.value)
    replica.truth.write_text("[]")
    with pytest.raises(DatasetError, match="holds a list"):
        opened("streets", tmp_path)


def test_via_regions_without_an_area_are_left_out(tmp_path):
    replica = WRITERS["ndd20"](tmp_path)
    point = {"shape_attributes": {"name": "point", "cx": 5, "cy": 5}, "region_attributes": {}}
    change(replica.truth, lambda content: content["1.jpg1234"]["regions"].append(point))
    dataset = opened("ndd20", tmp_path)
    assert dataset.keys == ["ABOVE/1", "BELOW/1"]
    assert "BELOW/1: mask 1 left out: a point has no area" in dataset.report
    assert any(
        line.startswith("ABOVE/1: mask 1 left out: polygon should hold x, y of three") for line in dataset.report
    )
    assert opened("ndd20", tmp_path, split="above").keys == ["ABOVE/1"]


def test_visor_frames_of_another_size_are_refused(tmp_path):
    replica = WRITERS["visor"](tmp_path)
    dataset = opened("visor", tmp_path)
    picture(replica.image, (480, 854))
    with pytest.raises(DatasetError, match="image is 854 x 480 pixels, but its ground truth is for 1920 x 1080"):
        dataset.load(dataset.keys[0])
    assert any("mask c left out: it has no polygon" in line for line in dataset.report)


def test_packed_visor_frames_are_told_to_be_unpacked(tmp_path):
    replica = WRITERS["visor"](tmp_path)
    for path in replica.image.parent.iterdir():
        path.unlink()
    with pytest.raises(DatasetError, match=r"2 x frame is missing; unpack P01_01\.zip"):
        opened("visor", tmp_path).keys  # noqa: B018


def test_woodscape_switches(tmp_path):
    WRITERS["woodscape"](tmp_path)
    dataset = opened("woodscape", tmp_path, exclude=["Void", "ego_vehicle"])
    assert len(dataset.load_truth("00000_FV").annotations) == 1
    visible = opened("woodscape", tmp_path, visible=True)
    sample = visible.load("00000_FV")
    car, ego, void = rle.decode_masks([one.rle for one in sample.target.annotations], sample.size)
    assert np.array_equal(car, box(2, 14, 3, 20) & ~box(8, 21, 10, 31))
    assert np.array_equal(ego, box(8, 21, 10, 31))
    assert np.array_equal(void, box(25, 30, 0, 40))
    names = [visible.source.categories[one.category_id] for one in sample.target.annotations]
    assert names == ["car", "ego_vehicle", "void"]


def test_woodscape_covered_polygons_are_left_out(tmp_path):
    replica = WRITERS["woodscape"](tmp_path)

    def cover(content):
        annotation = content["00000_FV.json"]["annotation"]
        annotation[1]["segmentation"] = [[0, 0], [39, 0], [39, 22], [0, 22]]

    change(replica.truth, cover)
    dataset = opened("woodscape", tmp_path, visible=True)
    assert dataset.count("00000_FV") == 2
    assert dataset.report[0] == "00000_FV: mask id0 left out: it is hidden by others"


def test_video_tracks_must_fit_their_frames(tmp_path):
    replica = WRITERS["ovis"](tmp_path)
    change(replica.truth, lambda content: content["annotations"][1]["segmentations"].pop())
    with pytest.raises(DatasetError, match="2 segmentations for 3 frames") as error:
        opened("ovis", tmp_path)
    assert "annotations[1]" in str(error.value)


def test_video_folders_may_lie_elsewhere(tmp_path):
    replica = WRITERS["ovis"](tmp_path)
    (tmp_path / "OVIS/train").rename(tmp_path / "frames")
    dataset = opened("ovis", tmp_path, annotations=str(replica.truth), images=str(tmp_path / "frames"))
    assert dataset.keys == list(replica.masks)
    (tmp_path / "frames").rename(tmp_path / "OVIS/train_images")
    assert opened("ovis", tmp_path).keys == list(replica.masks)


def test_hypersim_leaves_out_volumes_and_frames_by_rule(tmp_path):
    WRITERS["hypersim"](tmp_path)
    assert len(opened("hypersim", tmp_path).all_keys) == 2
    (tmp_path / "metadata_images_split_scene_v1.csv").unlink()
    assert len(opened("hypersim", tmp_path).keys) == 2
    assert opened("hypersim", tmp_path, exclude_volumes=[1]).keys == ["ai_020_003/scene_cam_00/frame.0000"]


def test_lvis_needs_a_folder_or_files(tmp_path):
    with pytest.raises(UsageError, match="needs the folder"):
        lvis_v05_masks()
    with pytest.raises(UsageError, match="without the images' folder"):
        lvis_v05_masks(annotations=tmp_path / "x.json")


def test_real_lvis_annotations_all_draw(real_data):
    dataset = lvis_v05_masks(annotations=real_data / "lvis_val_100.json", images="images")
    regions = [dataset.source.regions(key)[1] for key in dataset.all_keys]
    assert (len(regions), sum(map(len, regions)), sum(not one for one in regions)) == (100, 977, 7)
    assert all(region.rle is not None and not region.note for own in regions for region in own)
    assert len(dataset.source.faults) == 100  # The images are not at hand.
    with pytest.raises(DatasetError, match="100 x image is missing"):
        dataset.keys  # noqa: B018


@pytest.mark.parametrize(("by_class", "expected"), [(False, 6162), (True, 2405)])
def test_real_zerowaste_annotations_all_draw(real_data, by_class, expected):
    """1.99 class regions an annotated image, against 5.10 instances: what the paper's 2.09 speaks for."""
    path = real_data / "samples/ZeroWaste/labels.json"
    source = CocoMasks(ZEROWASTE, [Part(path, lambda entry: (entry.file_name, path))], rules="", by_class=by_class)
    regions = [source.regions(key)[1] for key in source.items]
    assert (len(regions), sum(map(len, regions)), sum(not one for one in regions)) == (1245, expected, 37)
    assert all(region.rle is not None for own in regions for region in own)
