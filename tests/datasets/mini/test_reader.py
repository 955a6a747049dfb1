import json
import logging
import multiprocessing
import os
import re

import numpy as np
import pytest
import scipy.io
from scipy import ndimage
from skimage.morphology import thin as skimage_thin

from sambench.datasets.edges.bsds500 import Bsds500
from sambench.datasets.mini import annotate as mini_annotate
from sambench.datasets.mini import reader as mini
from sambench.datasets.mini import texture
from sambench.datasets.mini import things as mini_things
from sambench.datasets.mini import write as mini_write
from sambench.datasets.mini.reader import Mini, ensure_mini
from sambench.errors import DatasetError, UsageError
from sambench.files import paths
from sambench.masks import rle

REAL = os.environ.get("SAMBENCH_TEST_DATA")


@pytest.fixture(scope="module")
def cache(mini):
    """The cache folder that holds the generated data."""
    return mini.parents[1]


@pytest.fixture
def quick(monkeypatch):
    """Two small scenes in place of sixteen, for tests of the cache and not of the scenes."""

    def write_some(folder):
        for number in range(2):
            scene, image = mini_things.paint_scene(number, (60, 80))
            name = f"mini{number:02d}"
            mini_write.write_jpeg(folder / "BSDS500/data/images/test" / f"{name}.jpg", image)
            labels = mini_annotate.annotate(scene, mini_annotate.HABITS[3], np.random.default_rng(0))
            mini_write.write_bsds_truth(folder / "BSDS500/data/groundTruth/test" / f"{name}.mat", [labels])

    monkeypatch.setattr(mini_write, "write_all", write_some)
    monkeypatch.setattr(mini_write, "write_test", write_some)


def test_edges_kind_is_read_by_the_bsds_reader(cache):
    dataset = Mini(cache_dir=cache)
    assert isinstance(dataset, Bsds500)
    assert len(dataset) == 12
    assert dataset.card.generated
    assert dataset.card.note == "generated scenes made by sambench; not BSDS500, COCO or LVIS"
    assert len(Mini(split="val", cache_dir=cache)) == 4
    sizes = {sample.size for sample in dataset}
    assert sizes == {(321, 481), (481, 321)}
    assert {len(dataset.load_truth(key).boundaries) for key in dataset.keys} == {4, 5}


def test_annotators_differ_in_granularity_yet_agree_on_places(cache):
    for sample in Mini(cache_dir=cache, limit=4):
        truth = sample.target
        regions = [int(labels.max()) for labels in truth.segmentations]
        assert regions[-1] > 1.3 * regions[0]
        for labels, boundary in zip(truth.segmentations, truth.boundaries, strict=True):
            assert labels.min() == 1
            assert np.array_equal(boundary, mini_annotate.boundary_of(labels) != 0)
            # BSDS500's annotators mark 1.8 % of the pixels on average.
            assert 0.01 < boundary.mean() < 0.06
        coarse, fine = truth.boundaries[0], truth.boundaries[-1]
        distance = scipy.ndimage.distance_transform_edt(~fine)[coarse]
        assert np.mean(distance <= 4) > 0.9
        assert (coarse & ~fine).any()


def test_instances_have_crowds_holes_and_parts(cache):
    coco, lvis = Mini(kind="coco", cache_dir=cache), Mini(kind="lvis", cache_dir=cache)
    assert len(coco) == len(lvis) == 12
    assert {key.split("/")[0] for key in lvis.keys} == {"val2017", "train2017"}
    crowds = [found.iscrowd for key in coco.keys for found in coco.load_truth(key).annotations]
    assert 0 < sum(crowds) < len(crowds) / 4
    assert {category["frequency"] for category in lvis.categories} == {"r", "c", "f"}
    truths = [lvis.load_truth(key) for key in lvis.keys]
    assert any(truth.neg_category_ids for truth in truths)
    assert any(truth.not_exhaustive_category_ids for truth in truths)
    names = {category["id"]: category["name"] for category in lvis.categories}
    for truth in truths:
        present = {found.category_id for found in truth.annotations}
        assert not present & set(truth.neg_category_ids)
        for found in truth.annotations:
            assert found.area == rle.areas([found.rle])[0] >= 30
        windows = [found.rle for found in truth.annotations if names[found.category_id] == "window"]
        houses = [found.rle for found in truth.annotations if names[found.category_id].endswith("house")]
        assert all(rle.iou([window], houses, [True] * len(houses)).max() == 1 for window in windows)


def test_phrases_are_asked_of_the_scenes_and_of_what_they_lack(cache):
    data = Mini(kind="concepts", cache_dir=cache)
    assert data.keys == Mini(kind="coco", cache_dir=cache).keys
    pairs = [pair for key in data.keys for pair in data.load_truth(key).pairs]
    assert len({pair.id for pair in pairs}) == len(pairs)
    assert all(len(pair.annotators) == 3 for pair in pairs)
    absent = [pair for pair in pairs if not any(pair.annotators)]
    assert 1 / 3 < len(absent) / len(pairs) < 2 / 3
    assert {"cat", "blue leaf"} <= {pair.phrase for pair in absent}
    assert 0 < sum(not pair.exhaustive for pair in pairs) < len(pairs) / 10
    assert any(one.iscrowd for pair in pairs if pair.exhaustive for one in pair.annotators[0])
    # Annotators differ in borders, in number and in whether there is anything.
    assert len({len({len(one) for one in pair.annotators}) for pair in pairs}) == 2
    assert any(len({bool(one) for one in pair.annotators}) == 2 for pair in pairs)
    first, second = ([one.rle for one in drawn] for drawn in pairs[0].annotators[:2])
    assert 0.8 < rle.iou(first, second, [False] * len(second)).diagonal().min() < 1


def test_phrases_name_the_same_things_as_the_instances(cache):
    data, coco = Mini(kind="concepts", cache_dir=cache), Mini(kind="coco", cache_dir=cache)
    names = {category["id"]: category["name"] for category in coco.categories}
    asked = 0
    for key in data.keys:
        objects = coco.load_truth(key).annotations
        for pair in data.load_truth(key).pairs:
            if pair.phrase in names.values() and pair.exhaustive:
                own = [one.rle for one in objects if names[one.category_id] == pair.phrase]
                drawn = [one.rle for one in pair.annotators[0]]
                assert sorted(one["counts"] for one in drawn) == sorted(one["counts"] for one in own)
                asked += bool(own)
    assert asked > 40


def test_annotation_files_hold_every_form_of_segmentation(cache):
    for file, forms in (("instances_val2017", {"polygon", "str", "list"}), ("lvis_v1_val", {"polygon", "str"})):
        content = json.loads((cache / "data/mini-v1/annotations" / f"{file}.json").read_text())
        kinds = [found["segmentation"] for found in content["annotations"]]
        assert {type(kind["counts"]).__name__ if isinstance(kind, dict) else "polygon" for kind in kinds} == forms
        assert all("iscrowd" in found for found in content["annotations"]) == (file != "lvis_v1_val")
        assert re.search("generated", content["info"]["description"])


def test_polygons_give_back_the_mask_they_trace():
    scene, _ = mini_things.paint_scene(3, (160, 240))
    from sambench.datasets.mini.instances import _segmentation

    checked = 0
    for index in range(3, len(scene.layers)):
        mask = scene.visible(index)
        if mask.any():
            code = rle.from_segmentation(_segmentation(mask, crowd=index % 5 == 0), mask.shape)
            assert np.array_equal(rle.decode_masks([code], mask.shape)[0], mask)
            checked += 1
    assert checked > 10


def test_a_gradient_finds_most_boundaries_but_not_all(cache):
    # A set on which everything scores 1 would show nothing: judged here with dilation in place of exact matching.
    from scipy import ndimage

    from sambench.metrics.boundary.thinning import thin

    best, found = 0.0, {}
    for sample in Mini(cache_dir=cache, limit=6):
        grey = sample.image.mean(axis=2)
        strength = ndimage.gaussian_gradient_magnitude(grey, 2)
        truth = np.logical_or.reduce(sample.target.boundaries)
        for level in (2, 3, 4, 5, 6, 8):
            edges = thin(strength > level)
            near = ndimage.distance_transform_edt(~truth)[edges] <= 4.3
            hit = ndimage.distance_transform_edt(~edges)[truth] <= 4.3
            counts = np.array([near.sum(), near.size, hit.sum(), hit.size])
            found[level] = found.get(level, 0) + counts
    for right, drawn, hit, true in found.values():
        precision, recall = right / drawn, hit / true
        best = max(best, 2 * precision * recall / (precision + recall))
    assert 0.6 < best < 0.92


def test_scenes_follow_from_their_number_alone():
    (first, image), (second, again) = (mini_things.paint_scene(5, (80, 120)) for _ in range(2))
    assert np.array_equal(image, again)
    assert np.array_equal(first.top, second.top)
    assert not np.array_equal(image, mini_things.paint_scene(6, (80, 120))[1])


def test_truth_files_of_one_scene_are_equal_to_the_byte(tmp_path):
    labels = [np.arange(48, dtype=np.uint16).reshape(6, 8) // 10 + 1]
    mini_write.write_bsds_truth(tmp_path / "a.mat", labels)
    mini_write.write_bsds_truth(tmp_path / "b.mat", labels)
    assert (tmp_path / "a.mat").read_bytes() == (tmp_path / "b.mat").read_bytes()
    read = scipy.io.loadmat(tmp_path / "a.mat")["groundTruth"][0, 0]
    assert np.array_equal(read["Segmentation"][0, 0], labels[0])


def test_boundary_lies_between_regions_one_pixel_wide():
    labels = np.ones((5, 6), np.uint16)
    labels[:, 3:] = 2
    expected = np.zeros((5, 6), np.uint8)
    expected[:, 2] = 1
    assert np.array_equal(mini_annotate.boundary_of(labels), expected)


@pytest.mark.skipif(REAL is None, reason="SAMBENCH_TEST_DATA is not set")
def test_boundary_rule_gives_bsds500s_own_boundaries():
    dataset = Bsds500(REAL, split="val", limit=4)
    for key in dataset.keys:
        truth = dataset.load_truth(key)
        for labels, boundary in zip(truth.segmentations, truth.boundaries, strict=True):
            assert np.array_equal(mini_annotate.boundary_of(labels) != 0, boundary)
            assert np.array_equal(skimage_thin(boundary), boundary)


def test_good_data_is_not_made_again(tmp_path, quick, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    folder = ensure_mini(tmp_path)
    assert folder == tmp_path / "data" / "mini-v1"
    monkeypatch.setattr(mini_write, "write_all", lambda folder: pytest.fail("made again"))
    assert ensure_mini(tmp_path) == folder
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_all_of_the_data_is_taken_for_the_test_split_and_the_other_way_round_never(tmp_path, quick, monkeypatch):
    split = Mini(cache_dir=tmp_path)
    assert split.root == str(tmp_path / "data/mini-v1-test")
    monkeypatch.setattr(mini_write, "write_test", lambda folder: pytest.fail("made again"))
    whole = ensure_mini(tmp_path)
    again = Mini(cache_dir=tmp_path)
    assert again.root == str(whole) == str(tmp_path / "data/mini-v1")
    assert again.fingerprint == split.fingerprint
    damage_file(whole)
    assert Mini(cache_dir=tmp_path).root == split.root


def test_the_test_split_alone_has_the_very_files_of_all_of_the_data(tmp_path, mini, monkeypatch):
    monkeypatch.setattr(mini_write, "_TEST", 2)
    mini_write.write_test(tmp_path)
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(made) == 4
    for path in made:
        assert path.read_bytes() == (mini / path.relative_to(tmp_path)).read_bytes()


def damage_file(folder):
    (folder / "BSDS500/data/images/test/mini01.jpg").write_bytes(b"broken")


def remove_file(folder):
    (folder / "BSDS500/data/groundTruth/test/mini00.mat").unlink()


def break_manifest(folder):
    (folder / "manifest.json").write_text('{"generator": 1')


def remove_manifest(folder):
    (folder / "manifest.json").unlink()


def age_manifest(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"generator": 0}))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (damage_file, "mini01.jpg is damaged"),
        (remove_file, "mini00.mat is missing"),
        (break_manifest, "manifest.json cannot be used"),
        (remove_manifest, "manifest.json is missing"),
        (age_manifest, "made by generator 0"),
    ],
)
def test_damaged_data_is_made_again_and_said_so(tmp_path, quick, caplog, damage, told):
    before = Mini(cache_dir=tmp_path).fingerprint
    damage(tmp_path / "data" / "mini-v1-test")
    caplog.clear()
    dataset = Mini(cache_dir=tmp_path)
    assert dataset.fingerprint == before
    assert dataset.load("test/mini01").size == (60, 80)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert told in caplog.text
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["mini-v1-test"]


def test_interrupted_generation_leaves_nothing_behind(tmp_path, monkeypatch):
    def stop(folder):
        (folder / "BSDS500").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(mini_write, "write_all", stop)
    with pytest.raises(KeyboardInterrupt):
        ensure_mini(tmp_path)
    assert list((tmp_path / "data").iterdir()) == []


def _make(folder, barrier, results):
    barrier.wait()
    results.put(Mini(cache_dir=folder).fingerprint)


def test_processes_started_together_share_one_folder(tmp_path, quick):
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(3), context.Queue()
    workers = [context.Process(target=_make, args=(tmp_path, barrier, results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    found = {results.get(timeout=60) for _ in workers}
    for worker in workers:
        worker.join()
    assert found == {Mini(cache_dir=tmp_path).fingerprint}
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["mini-v1-test"]


def test_cache_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "data").write_text("a file, no folder")
    with pytest.raises(DatasetError, match="cannot be written") as error:
        ensure_mini(tmp_path)
    assert "SAMBENCH_CACHE" in str(error.value)


def test_unknown_kind_and_split_are_told(tmp_path):
    with pytest.raises(UsageError, match="no kind 'voc'"):
        Mini(kind="voc", cache_dir=tmp_path)
    with pytest.raises(UsageError, match="kind coco has no split 'test'"):
        Mini(kind="coco", split="test", cache_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_cache_folder_follows_the_environment(tmp_path, monkeypatch, quick):
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "mine"))
    assert Mini().root == str(tmp_path / "mine/data/mini-v1-test")
    monkeypatch.delenv("SAMBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert paths.cache_root() == tmp_path / "xdg" / "sambench"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.cache_root() == tmp_path / ".cache" / "sambench"
    monkeypatch.delenv("SAMBENCH_DATA", raising=False)
    assert paths.data_root() is None
    monkeypatch.setenv("SAMBENCH_DATA", "~/data")
    assert paths.data_root() == tmp_path / "data"


def test_generator_number_is_raised_with_the_scenes():
    # The labels of one scene: when this changes, raise mini.GENERATOR so that older caches are made anew.
    scene, _ = mini_things.paint_scene(0, (160, 240))
    shares = np.bincount(scene.top.ravel(), minlength=len(scene.layers)) / scene.top.size
    assert mini.GENERATOR == 5
    assert len(scene.layers) == 39
    np.testing.assert_allclose(shares[:6], [0.2653, 0.2307, 0.2606, 0.0174, 0.003, 0.0007], atol=0.002)


@pytest.mark.parametrize("step", [3, 10])
def test_coarse_noise_is_enlarged_no_further_than_it_is_seen(step):
    whole = np.random.default_rng(0).normal(size=(9, 1))
    for length in range(1, 7 * step):
        parts = (whole, whole[: texture._needed(length, step)])
        np.testing.assert_array_equal(*(texture.enlarged(samples, step)[:length] for samples in parts))


@pytest.mark.parametrize("step", [1, 2, 3, 4, 10])
@pytest.mark.parametrize("size", [(2, 3), (33, 49), (82, 122)])
def test_fields_are_enlarged_as_by_scipy_to_the_last_bit(step, size):
    field = np.random.default_rng(step).normal(size=size)
    expected = ndimage.zoom(field, step, order=1, grid_mode=True, mode="nearest")
    np.testing.assert_array_equal(texture.enlarged(field, step), expected)
    # scipy takes a last coordinate that rounding puts beyond the field for one outside
    inside = np.s_[: size[0] * step - step, : size[1] * step - step]
    expected = ndimage.zoom(field, step, order=1)
    np.testing.assert_array_equal(texture.enlarged(field, step, corners=True)[inside], expected[inside])
