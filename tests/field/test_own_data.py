"""One's own images and truth files, whatever they are called and wherever they lie."""

import json

import numpy as np
import pytest
import scipy.io
from PIL import Image
from sambench.tasks.edges import EdgesTask
from sambench.tasks.instances import InstancesTask
from sambench.tasks.points import PointsTask
from sambench.tasks.proposals import ProposalsTask
from sambench.tasks.regions import RegionsTask
from toys import write_bsds

from sambench.cli import dispatch
from sambench.config.resolve import build
from sambench.datasets.coco import Coco
from sambench.datasets.edges.bsds500 import Bsds500
from sambench.datasets.formats.via import ViaFile, ViaMasks
from sambench.datasets.layout import sample_ids
from sambench.datasets.own import sources
from sambench.datasets.own.reader import own
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle
from sambench.runs.open import load_run

SQUARE = [2, 3, 8, 3, 8, 7, 2, 7]  # 6 x 4 pixels


def image(path, value=0, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, value, value)).save(path, "PNG")
    return path


def coco(path, *names):
    images = [{"id": n, "file_name": name, "width": 40, "height": 30} for n, name in enumerate(names, 1)]
    one = {"category_id": 1, "iscrowd": 0, "bbox": [2, 3, 6, 4], "area": 24, "segmentation": [SQUARE]}
    annotations = [{"id": n, "image_id": n, **one} for n in range(1, len(names) + 1)]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "x"}]}))
    return path


def labelme(path, **stated):
    """Write a LabelMe file of one rectangle for an image of 40 x 30 pixels, or of what is stated."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = {"label": "x", "points": [[2, 3], [8, 7]], "shape_type": "rectangle"}
    path.write_text(json.dumps({"shapes": [shape], "imagePath": "a.png", **stated}))


def test_names_keep_an_ending_that_tells_them_apart():
    assert sample_ids(["a.jpg", "b.png", "c"]) == ["a", "b", "c"]
    assert sample_ids(["a.jpg", "a.png", "x/a.jpg"]) == ["a.jpg", "a.png", "x/a"]
    assert sample_ids(["a", "a.jpg", "a.jpg.png"]) == ["a", "a.jpg", "a.jpg.png"]


@pytest.mark.parametrize("reader", ["instances", "masks"])
def test_two_images_of_one_name_are_two_samples(tmp_path, reader):
    image(tmp_path / "images/a.jpg", 10)
    image(tmp_path / "images/a.png", 20)
    image(tmp_path / "images/b.png", 30)
    file = coco(tmp_path / "gt.json", "a.jpg", "a.png", "b.png")
    if reader == "instances":
        dataset, prefix = Coco(annotations=file, images=tmp_path / "images"), "val2017/"
    else:
        dataset, prefix = own(tmp_path, annotations="gt.json"), ""
    assert dataset.keys == [f"{prefix}a.jpg", f"{prefix}a.png", f"{prefix}b"]
    assert [int(dataset.load(key).image[0, 0, 0]) for key in dataset.keys] == [10, 20, 30]
    assert [dataset.load(key).target.image_id for key in dataset.keys] == [1, 2, 3]


@pytest.mark.parametrize("place", ["images/default", "val2017", "photographs/2026/may"])
@pytest.mark.parametrize("name", ["a.jpg", "a"])
def test_an_image_is_found_in_the_folder_that_a_tool_keeps_it_in(tmp_path, place, name):
    image(tmp_path / place / "a.jpg", 10)
    image(tmp_path / "masks/a.jpg", 255)  # ground truth is never taken for the image
    (tmp_path / "annotations").mkdir()
    coco(tmp_path / "annotations/gt.json", name)
    found = own(tmp_path, annotations="annotations/gt.json")
    assert [int(found.load(key).image[0, 0, 0]) for key in found.keys] == [10]
    image(tmp_path / place / "again/a.jpg", 20)
    with pytest.raises(DatasetError, match="may be any of"):
        print(own(tmp_path, annotations="annotations/gt.json").keys)


@pytest.mark.parametrize("reader", ["instances", "masks"])
def test_a_file_name_without_ending_is_the_image_of_that_name(tmp_path, reader):
    image(tmp_path / "images/a.JPG" if reader == "masks" else tmp_path / "images/a.jpg", 10)
    image(tmp_path / "images/scene.v2", 20)
    file = coco(tmp_path / "gt.json", "a", "scene.v2")

    def opened():
        if reader == "instances":
            return Coco(annotations=file, images=tmp_path / "images")
        found = own(tmp_path, annotations="gt.json")
        found.keys  # noqa: B018
        return found

    assert [int(opened().load(key).image[0, 0, 0]) for key in opened().keys] == [10, 20]
    image(tmp_path / "images/a.png", 30)
    if reader == "instances":
        with pytest.raises(DatasetError, match=r"name a has no ending and is that of several images: a\.jpg, a\.png"):
            opened()
    image(tmp_path / "images/a", 40)
    assert [int(opened().load(key).image[0, 0, 0]) for key in opened().keys] == [40, 20]


def test_via_files_tell_two_images_of_one_name_apart(tmp_path):
    for name in ("a.jpg", "a.png"):
        image(tmp_path / name)
    shape = {"name": "rect", "x": 2, "y": 3, "width": 6, "height": 4}
    regions = [{"shape_attributes": shape, "region_attributes": {}}]
    told = {name: {"filename": name, "size": 1, "regions": regions} for name in ("a.jpg", "a.png")}
    (tmp_path / "via.json").write_text(json.dumps(told))
    source = ViaMasks(own.card, [ViaFile(tmp_path / "via.json", tmp_path, "")], lambda _: "x", rules="1")
    assert list(source.items) == ["a.jpg", "a.png"]


def test_folders_whose_files_share_a_name_are_refused(tmp_path):
    image(tmp_path / "images/a.jpg")
    image(tmp_path / "images/a.png")
    (tmp_path / "labels").mkdir()
    Image.fromarray(np.eye(30, 40, dtype=np.uint8)).save(tmp_path / "labels/a.png")
    with pytest.raises(DatasetError, match=r"two files are called a: a\.(jpg|png) and a\.(jpg|png)"):
        own(tmp_path)
    write_bsds(tmp_path / "bsds", count=1)
    (photograph,) = (tmp_path / "bsds").rglob("*.jpg")
    image(photograph.with_suffix(".png"))
    with pytest.raises(DatasetError, match=f"two files are called {photograph.stem}"):
        Bsds500(tmp_path / "bsds")


def write_coco(folder):
    path = coco(folder / "annotations.json", "a.png", "b.png")
    told = json.loads(path.read_text())
    (one,) = told["annotations"][:1]
    told |= {"annotations": [one | {"category_id": 4}], "categories": [{"id": 4, "name": "roof"}]}
    path.write_text(json.dumps(told))


def write_labelme(folder):
    (folder / "labels").mkdir()
    shape = {"label": "roof", "points": np.reshape(SQUARE, (-1, 2)).tolist(), "group_id": None, "shape_type": "polygon"}
    for name, shapes in (("a", [shape]), ("b", [])):
        told = {"version": "5", "imagePath": name, "imageData": None, "imageHeight": 30, "imageWidth": 40}
        (folder / f"labels/{name}.json").write_text(json.dumps({**told, "shapes": shapes}))


def write_via(folder):
    shape = {"name": "polygon", "all_points_x": SQUARE[::2], "all_points_y": SQUARE[1::2]}
    region = {"shape_attributes": shape, "region_attributes": {"kind": "roof"}}
    images = {
        f"{name}.png9": {"filename": f"{name}.png", "size": 9, "regions": regions, "file_attributes": {}}
        for name, regions in (("a", [region]), ("b", []))
    }
    (folder / "via.json").write_text(json.dumps({"_via_settings": {}, "_via_img_metadata": images}))


def write_ids(folder):
    (folder / "masks").mkdir()
    ids = np.zeros((30, 40), np.uint8)
    Image.fromarray(ids).save(folder / "masks/b.png")
    ids[3:7, 2:8] = 9
    Image.fromarray(ids).save(folder / "masks/a.png")


FORMS = {"coco": write_coco, "labelme": write_labelme, "via": write_via, "ids": write_ids}


@pytest.fixture(params=list(FORMS))
def folder(request, tmp_path):
    """A user's folder of two images, of which the first holds one object of 24 pixels."""
    folder = tmp_path / "my.roofs 1"
    for name in "ab":
        image(folder / f"images/{name}.png")
    FORMS[request.param](folder)
    return folder


def truth_of(folder):
    """Return the file or folder that the fixture has put the ground truth into."""
    return next(
        folder / name for name in ("annotations.json", "labels", "via.json", "masks") if (folder / name).exists()
    )


def opened(task=None, **settings):
    return build("datasets", "data", {"name": "own", **settings}, for_task=task)


def object_of(dataset, key):
    (found,) = dataset.load(key).target.annotations
    mask = rle.decode_masks([found.rle], (30, 40))[0]
    return mask.sum(), mask[3:7, 2:8].all(), found.area


def test_points_read_the_images_with_objects(folder):
    dataset = opened(PointsTask(), root=str(folder))
    assert dataset.keys == ["a"]
    assert object_of(dataset, "a") == (24, True, 24)
    assert dataset.card.own
    assert (dataset.card.title, dataset.card.name) == ("my.roofs 1", "my.roofs_1")
    assert opened(PointsTask(), root=str(folder), title="roofs 2").card.title == "roofs 2"


@pytest.mark.parametrize("task", [InstancesTask(), ProposalsTask()])
def test_tasks_of_detections_read_every_image(folder, task):
    dataset = opened(task, root=str(folder))
    assert dataset.keys == ["a", "b"]
    assert object_of(dataset, "a") == (24, True, 24)
    assert dataset.load("b").target.annotations == []
    name = "object" if (folder / "masks").is_dir() else "roof"
    assert [category["name"] for category in dataset.categories] == [name]
    assert set(dataset.size_of_image_id.values()) == {(30, 40)}
    assert opened(task, root=str(folder), limit=1).keys == ["a"]
    assert opened(task, root=str(folder), ids=["b"]).keys == ["b"]


def test_detections_made_elsewhere_are_scored_against_every_form(folder, tmp_path):
    """One detection on the object and one of lower score on the image without any: AP is 1, as no recall is left."""
    dataset = opened(InstancesTask(), root=str(folder))
    (a, b), category = dataset.image_ids, dataset.categories[0]["id"]
    found = [{"image_id": i, "category_id": category, "segmentation": [SQUARE]} for i in (a, b)]
    results = tmp_path / "results.json"
    results.write_text(json.dumps([found[0] | {"score": 0.9}, found[1] | {"score": 0.3}]))
    words = ["score", "task=instances", "data=own", f"data.root={folder}", f"predictions={results}", "workers=0"]
    assert dispatch([*words, "progress=off", f"run.dir={tmp_path / 'out'}"]) == 0
    run = load_run(tmp_path / "out")
    assert run.metrics["AP"].value == pytest.approx(1)
    assert run.record["data"]["samples"] == 2
    # The other way round, half of the two best detections are right at any recall: AP .5.
    results.write_text(json.dumps([found[0] | {"score": 0.3}, found[1] | {"score": 0.9}]))
    assert dispatch([*words, "progress=off", f"run.dir={tmp_path / 'worse'}"]) == 0
    assert load_run(tmp_path / "worse").metrics["AP"].value == pytest.approx(0.5)


def test_a_model_is_run_on_every_form_and_generic_is_the_same(folder, tmp_path, capsys):
    for data in ("own", "generic"):
        words = ["run", "task=points", f"data={data}", f"data.root={folder}", "model.name=toys:ToyModel", "workers=0"]
        quiet = ["progress=off", "device=cpu", "illustrate=0", "cache.enabled=false"]
        assert dispatch([*words, *quiet, f"run.dir={tmp_path / data}"]) == 0
        assert "my.roofs 1 all, 1 images" in capsys.readouterr().out
        assert dispatch(["data", "check", data, f"root={folder}"]) == 0
        assert "2 images read, 1 with masks, 1 masks" in capsys.readouterr().out
    records = [load_run(tmp_path / data).record["identity"]["data"] for data in ("own", "generic")]
    assert records[0] == records[1]


def test_paths_are_below_the_root_or_else_the_working_directory_or_absolute(folder, tmp_path, monkeypatch):
    truth = truth_of(folder).name
    monkeypatch.chdir(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for settings in (
        {"root": str(folder), "annotations": truth, "images": "images"},
        {"root": str(folder), "annotations": str(folder / truth)},
        {"annotations": f"my.roofs 1/{truth}", "images": "my.roofs 1/images"},
        {"root": "my.roofs 1", "annotations": truth, "images": str(folder / "images")},
        {"root": str(elsewhere), "annotations": f"my.roofs 1/{truth}", "images": "my.roofs 1/images"},
    ):
        assert object_of(opened(**settings), "a") == (24, True, 24)
    if truth == "annotations.json":
        found = Coco(root=folder, annotations=truth, images="images")
        assert object_of(found, "val2017/a") == (24, True, 24)


def test_images_are_found_above_the_ground_truth(folder):
    for name in "ab":
        (folder / f"images/{name}.png").rename(folder / f"{name}.png")
    (folder / "images").rmdir()
    if truth_of(folder).name == "masks":  # what lies below the images' own folder would be an image too
        with pytest.raises(DatasetError, match="image has no ground truth"):
            opened(root=str(folder)).keys  # noqa: B018
    else:
        assert object_of(opened(root=str(folder)), "a") == (24, True, 24)
        assert object_of(opened(annotations=str(truth_of(folder))), "a") == (24, True, 24)


def test_neither_title_nor_place_changes_the_fingerprint(folder, tmp_path):
    for task in (PointsTask(), InstancesTask()):
        one, other = (opened(task, root=str(folder), title=title).fingerprint for title in (None, "roofs 2"))
        assert one == other
    moved = folder.rename(tmp_path / "elsewhere")
    assert opened(InstancesTask(), root=str(moved)).fingerprint == other
    truth = next(
        moved / name for name in ("annotations.json", "labels", "via.json", "masks") if (moved / name).exists()
    )
    titles = {"annotations.json": "annotations", "via.json": "via"}
    found = opened(InstancesTask(), annotations=str(truth), images=str(moved / "images"))
    assert (found.card.title, found.fingerprint) == (titles.get(truth.name, "elsewhere"), other)


def boundaries(folder, ending):
    lines = np.zeros((30, 40), bool)
    lines[:, 12] = True
    for name in "ab":
        image(folder / f"images/{name}.png")
        path = folder / f"groundTruth/{name}.{ending}"
        path.parent.mkdir(exist_ok=True)
        if ending == "mat":
            struct = np.empty((1, 1), [("Boundaries", object)])
            struct[0, 0]["Boundaries"] = lines
            cells = np.empty((1, 1), object)
            cells[0, 0] = struct
            scipy.io.savemat(path, {"groundTruth": cells})
        else:
            Image.fromarray(lines).save(path)
    return lines


@pytest.mark.parametrize("title", [None, "my lines"])
def test_own_data_in_the_layout_of_bsds500_have_their_own_name(tmp_path, capsys, title):
    write_bsds(tmp_path / "roads", count=2)
    words = ["run", "task=edges", "data=bsds500", f"data.root={tmp_path / 'roads'}", "model.name=toys:ToyModel"]
    words += ["task.grid=4", "workers=0", "progress=off", "device=cpu", "illustrate=0", f"run.dir={tmp_path / 'out'}"]
    assert dispatch([*words, *([f"data.title={title}"] if title else [])]) == 0
    out = capsys.readouterr().out
    assert f"{title or 'roads'} test, 2 images. own data" in out
    assert "Berkeley" not in out
    assert "SAM" not in out
    card = load_run(tmp_path / "out").record["data"]["card"]
    assert (card["own"], card["name"]) == (True, (title or "roads").replace(" ", "_"))


def test_files_named_as_those_of_bsds500_are_a_part_of_it(tmp_path):
    write_bsds(tmp_path, count=2)
    for path in [*tmp_path.rglob("*.jpg"), *tmp_path.rglob("*.mat")]:
        path.rename(path.with_stem({"1000": "100007", "1001": "10081"}[path.stem]))
    card = Bsds500(tmp_path).card
    assert (card.own, card.name, card.note) == (False, "bsds500", "2 of the 200 images of test")
    assert Bsds500(tmp_path, title="mine").card.own


@pytest.mark.parametrize("ending", ["mat", "png"])
def test_edges_read_boundaries_of_either_form(tmp_path, ending):
    lines = boundaries(tmp_path, ending)
    dataset = opened(EdgesTask(), root=str(tmp_path))
    assert dataset.keys == ["a", "b"]
    assert np.array_equal(dataset.load("a").target.boundaries, [lines])
    # What is found is the line, in b three pixels to the right, where .0075 of the diagonal of 50 pixels is allowed.
    maps = tmp_path / "maps"
    maps.mkdir()
    for name, shift in (("a", 0), ("b", 3)):
        Image.fromarray(np.roll(lines, shift, 1).astype(np.uint8) * 255).save(maps / f"{name}.png")
    words = ["score", "task=edges", "data=own", f"data.root={tmp_path}", f"predictions={maps}", "workers=0"]
    assert dispatch([*words, "progress=off", "illustrate=0", "predictions.nms=none", f"run.dir={tmp_path / 'o'}"]) == 0
    metrics = load_run(tmp_path / "o").metrics
    assert metrics["ods"].value == pytest.approx(0.5)  # half of what is drawn and half of what is found match
    (tmp_path / "images/b.png").unlink()
    with pytest.raises(DatasetError, match=r"1 files do not fit together: .*ground truth has no image"):
        opened(EdgesTask(), root=str(tmp_path))


def test_a_task_is_told_what_it_cannot_read(tmp_path, folder):
    boundaries(tmp_path / "lines", "mat")
    with pytest.raises(UsageError, match=r"points needs masks, but these are boundaries \(\.mat\)"):
        opened(PointsTask(), root=str(tmp_path / "lines"))
    if not (folder / "masks").is_dir():
        with pytest.raises(UsageError, match="edges and regions need boundaries, but these are "):
            opened(RegionsTask(), root=str(folder))


def test_what_is_no_ground_truth_is_told(tmp_path):
    with pytest.raises(UsageError, match="needs to be told where it lies"):
        opened()
    with pytest.raises(DatasetError, match="the folder does not exist"):
        opened(root=str(tmp_path / "nowhere"))
    (tmp_path / "labels").mkdir()
    with pytest.raises(DatasetError, match="no ground truth; the folder is empty"):
        opened(root=str(tmp_path))
    with pytest.raises(DatasetError, match="ground truth is missing"):
        opened(root=str(tmp_path), annotations="gt.json")
    (tmp_path / "gt.txt").write_text("x")
    with pytest.raises(DatasetError, match=r"gt\.txt is no JSON"):
        opened(root=str(tmp_path), annotations="gt.txt")
    for name in ("a.json", "b.json"):
        coco(tmp_path / "labels" / name, "a.png")
    with pytest.raises(DatasetError, match="several JSON files that are no LabelMe files"):
        opened(root=str(tmp_path))
    with pytest.raises(DatasetError, match="the folder of images does not exist"):
        opened(root=str(tmp_path), annotations="labels/a.json", images="pictures")
    image(tmp_path / "labels/x.png")
    (tmp_path / "labels/b.json").unlink()
    (tmp_path / "labels/x.mat").touch()
    with pytest.raises(DatasetError, match="both LabelMe files and boundaries"):
        opened(root=str(tmp_path))


def test_words_of_other_tools_in_a_coco_json_change_nothing(tmp_path):
    image(tmp_path / "images/a.png")
    path = coco(tmp_path / "gt.json", "a.png")
    told = json.loads(path.read_text())
    names = [{"id": number, "name": name} for number, name in enumerate(("shapes", "regions", "imagePath"), 1)]
    path.write_text(json.dumps({"categories": names, **{key: told[key] for key in ("images", "annotations")}}))
    assert object_of(opened(root=str(tmp_path)), "a") == (24, True, 24)
    image(tmp_path / "images/b.png")
    coco(tmp_path / "more.json", "b.png")
    with pytest.raises(DatasetError, match=r"several files may be the ground truth: gt\.json, more\.json"):
        opened(root=str(tmp_path))


@pytest.mark.parametrize("folder", [".", "images"])
def test_labelme_files_beside_their_images(tmp_path, folder):
    image(tmp_path / folder / "a.png")
    write_labelme(tmp_path)
    (tmp_path / "labels/b.json").unlink()
    (tmp_path / "labels/a.json").rename(tmp_path / folder / "a.json")
    (tmp_path / "labels").rmdir()
    assert object_of(opened(root=str(tmp_path)), "a") == (24, True, 24)


@pytest.mark.parametrize(
    ("values", "ignore", "noted"),
    [
        ([0, 1, 2, 255], [0], True),
        ([0, 1, 2, 255], [0, 255], False),
        ([0, 255], [0], False),
        ([1, 230, 255], [0], False),
    ],
)
def test_a_value_255_beside_small_ids_is_told(tmp_path, values, ignore, noted):
    image(tmp_path / "images/a.png", size=(len(values) * 3, 8))
    (tmp_path / "labels").mkdir()
    Image.fromarray(np.array(values, np.uint8).repeat(3)[None].repeat(8, axis=0)).save(tmp_path / "labels/a.png")
    data = opened(root=str(tmp_path), ignore=ignore)
    told = "255 is an object beside ids up to 2 (data.ignore=[0,255] leaves it out)"
    assert (told in data.card.note) == noted


def test_a_red_of_255_is_no_value_255(tmp_path):
    image(tmp_path / "images/a.png", size=(6, 8))
    (tmp_path / "labels").mkdir()
    colours = np.array([[0, 0, 0], [100, 0, 0], [255, 0, 0]], np.uint8).repeat(2, axis=0)
    Image.fromarray(colours[None].repeat(8, axis=0)).save(tmp_path / "labels/a.png")
    assert "255" not in opened(root=str(tmp_path)).card.note
    assert "255 is an object beside ids up to 100" in opened(root=str(tmp_path), colours="first").card.note


@pytest.mark.parametrize("given", [True, False])
def test_images_that_a_score_does_not_need_are_not_searched_for(tmp_path, monkeypatch, given):
    """Ground truth in a home folder: nothing below it is listed, unless the folder of images is named."""
    image(tmp_path / "photos/deep/a.png")
    coco(tmp_path / "gt.json", "a.png")
    found = {"image_id": 1, "category_id": 1, "segmentation": [SQUARE], "score": 0.9}
    (tmp_path / "found.json").write_text(json.dumps([found]))
    searched, search = [], sources._by_name
    monkeypatch.setattr(sources, "_by_name", lambda place: searched.append(place) or search(place))
    words = ["score", "task=instances", "data=own", f"data.annotations={tmp_path / 'gt.json'}", "workers=0"]
    words += [f"data.images={tmp_path / 'photos'}"] if given else []
    words += [f"predictions={tmp_path / 'found.json'}", "progress=off", f"run.dir={tmp_path / 'out'}"]
    assert dispatch(words) == 0
    assert load_run(tmp_path / "out").metrics["AP"].value == pytest.approx(1)
    assert bool(searched) == given


@pytest.mark.parametrize("data", ["own", "coco_masks", "lvis_v05_masks"])
def test_points_of_a_coco_json_are_scored_without_the_images(tmp_path, data):
    photograph = image(tmp_path / "photos" / ("val2017" if data == "lvis_v05_masks" else "") / "a.png", 90)
    coco(tmp_path / "gt.json", "a.png")
    words = ["task=points", f"data={data}", f"data.annotations={tmp_path / 'gt.json'}", "task.clicks=[1]", "workers=0"]
    words += ["progress=off", "illustrate=0"]
    assert dispatch(["run", *words, f"data.images={tmp_path / 'photos'}", f"run.dir={tmp_path / 'run'}"]) == 0
    photograph.unlink()
    again = [*words, f"predictions={tmp_path / 'run/predictions'}", f"run.dir={tmp_path / 'again'}"]
    assert dispatch(["score", *again]) == 0
    run, scored = load_run(tmp_path / "run"), load_run(tmp_path / "again")
    assert scored.metrics["mIoU@1"].value == run.metrics["mIoU@1"].value
    assert "images were not read" in " ".join(scored.record["model"]["notes"])


@pytest.mark.parametrize("form", ["labelme", "ids"])
@pytest.mark.parametrize("task", ["points", "instances"])
def test_files_of_one_image_each_are_scored_without_the_images(tmp_path, form, task):
    photograph = image(tmp_path / "a.png", 90)
    if form == "labelme":
        labelme(tmp_path / "labels/a.json", imageHeight=30, imageWidth=40)
    else:
        (tmp_path / "labels").mkdir()
        ids = np.zeros((30, 40), np.uint8)
        ids[3:7, 2:8] = 7
        Image.fromarray(ids).save(tmp_path / "labels/a.png")
    given = [f"task={task}", *(["task.boxes=gt"] if task == "instances" else ["task.clicks=[1]"])]
    words = [*given, "data=own", f"data.annotations={tmp_path / 'labels'}", "workers=0", "progress=off", "illustrate=0"]
    (tmp_path / "photos").mkdir()
    photograph.rename(tmp_path / "photos/a.png")
    assert dispatch(["run", *words, f"data.images={tmp_path / 'photos'}", f"run.dir={tmp_path / 'run'}"]) == 0
    (tmp_path / "photos/a.png").unlink()
    again = [*words, f"predictions={tmp_path / 'run/predictions'}", f"run.dir={tmp_path / 'again'}"]
    assert dispatch(["score", *again]) == 0
    run, scored = load_run(tmp_path / "run"), load_run(tmp_path / "again")
    name = "AP" if task == "instances" else "mIoU@1"
    assert scored.metrics[name].value == run.metrics[name].value
    assert "images were not read" in " ".join(scored.record["model"]["notes"])


def test_a_labelme_file_that_states_no_size_needs_its_image(tmp_path):
    labelme(tmp_path / "labels/a.json")
    with pytest.raises(DatasetError, match="its image is needed"):
        own(annotations=tmp_path / "labels", check_images=False).keys  # noqa: B018
