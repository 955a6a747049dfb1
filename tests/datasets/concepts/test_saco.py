import json
import tracemalloc

import numpy as np
import pytest
from saco_files import SIZE, box_mask, changed, contents, write_gold, write_images, write_silver

from sambench.datasets.concepts.saco import saco_gold, saco_silver
from sambench.datasets.layout import DatasetAbsentError
from sambench.errors import DatasetError, SambenchError, UsageError
from sambench.masks import rle
from sambench.prompts.concepts import ConceptTruth


def decoded(annotations):
    return rle.decode_masks([one.rle for one in annotations], SIZE)


def test_gold_is_read_as_downloaded(tmp_path):
    write_gold(tmp_path)
    data = saco_gold(tmp_path)
    assert data.keys == ["metaclip/x/one", "metaclip/two"]
    assert {data.dataset_of(key) for key in data.keys} == {"metaclip"}
    sample = data.load("metaclip/x/one")
    assert sample.size == SIZE
    assert isinstance(sample.target, ConceptTruth)
    bus, zebra = sample.target.pairs
    assert (bus.id, bus.phrase, bus.exhaustive) == (10000000, "red bus", True)
    assert [len(one) for one in bus.annotators] == [1, 2, 0]
    assert np.array_equal(decoded(bus.annotators[1]), [box_mask(2, 12, 3, 13), box_mask(20, 25, 30, 38)])
    assert bus.annotators[0][0].box_xywh == pytest.approx((3, 2, 10, 10))
    assert bus.annotators[0][0].area == 100
    assert [zebra.phrase, *zebra.annotators] == ["zebra", [], [], []]


def test_pairs_that_one_annotator_left_unfinished_do_not_count(tmp_path):
    write_gold(tmp_path)
    data = saco_gold(tmp_path)
    truth = data.load("metaclip/two").target
    assert [(pair.phrase, pair.exhaustive) for pair in truth.pairs] == [("wheel", False), ("red bus", True)]
    assert [pair.phrase for pair in truth.asked] == ["red bus"]
    assert "1 of 4 pairs are not exhaustive and do not count" in data.card.note


def test_annotators_stand_in_one_order_whatever_the_choice(tmp_path):
    write_gold(tmp_path)
    data = saco_gold(tmp_path, annotators=("c", "a"))
    assert [len(one) for one in data.load_truth("metaclip/x/one").pairs[0].annotators] == [1, 0]
    assert "annotators a, c alone of a, b, c" in data.card.note
    assert data.card.own  # no published number answers to it
    assert not saco_gold(tmp_path).card.own


def test_a_missing_annotator_is_told_with_what_mends_it(tmp_path):
    write_gold(tmp_path, annotators="ac")
    with pytest.raises(DatasetError, match=r"gold_metaclip_merged_b_release_test.json of 3 annotators") as told:
        saco_gold(tmp_path)
    assert "data.annotators=[a,c]" in str(told.value)
    assert len(saco_gold(tmp_path, annotators=("a",)).keys) == 2


def test_subsets_that_are_there_are_read_and_the_others_told(tmp_path, caplog):
    write_gold(tmp_path)
    write_gold(tmp_path, "sa1b", images="sa1b-images")
    data = saco_gold(tmp_path)
    assert data.keys == ["metaclip/x/one", "metaclip/two", "sa1b/x/one", "sa1b/two"]
    assert data.picture("sa1b/two").path == tmp_path / "sa1b-images/two.jpg"
    assert "2 of 7 subsets; missing: attributes, crowded" in data.card.note
    assert "2 of 7 subsets" in caplog.text
    assert "metaclip: 4 pairs, 33393 were published" in data.card.note
    assert saco_gold(tmp_path, limit=1).keys == ["metaclip/x/one", "sa1b/x/one"]
    assert saco_gold(tmp_path, ids=["sa1b/two"]).keys == ["sa1b/two"]
    assert saco_gold(tmp_path, subset="sa1b").keys == ["sa1b/x/one", "sa1b/two"]
    with pytest.raises(DatasetAbsentError, match="gold_crowded"):
        saco_gold(tmp_path, subset="crowded")


def test_pairs_of_subsets_keep_their_places_before_any_choice(tmp_path):
    write_gold(tmp_path)
    write_gold(tmp_path, "sa1b", images="sa1b-images")
    places = saco_gold(tmp_path, limit=1).pair_places()
    assert list(places) == ["metaclip", "sa1b"]
    assert list(places["sa1b"]) == [10000000, 10000001, 10000002, 10000003]
    assert places["sa1b"][10000002] == ("sa1b/two", SIZE)


def test_fingerprints_follow_annotations_and_choice(tmp_path):
    paths = write_gold(tmp_path)
    whole, digests = saco_gold(tmp_path), saco_gold(tmp_path).truth_digests()
    assert digests.keys() == set(whole.keys)
    assert saco_gold(tmp_path).fingerprint == whole.fingerprint
    assert saco_gold(tmp_path, limit=1).fingerprint != whole.fingerprint
    assert saco_gold(tmp_path, limit=1).truth_digests() == {"metaclip/x/one": digests["metaclip/x/one"]}
    changed(paths[2], lambda content: content["images"][3].update(is_instance_exhaustive=0))
    assert saco_gold(tmp_path).fingerprint != whole.fingerprint
    assert saco_gold(tmp_path).truth_digests()["metaclip/two"] != digests["metaclip/two"]


def test_silver_has_one_annotator_and_a_folder_of_images_a_subset(tmp_path):
    write_silver(tmp_path)
    write_silver(tmp_path, "silver_fathomnet_test.json", "fathomnet")
    data = saco_silver(tmp_path)
    assert data.keys == ["nga_art/x/one", "nga_art/two", "fathomnet/x/one", "fathomnet/two"]
    assert data.picture("nga_art/two").path == tmp_path / "nga/two.jpg"
    assert [len(pair.annotators) for pair in data.load("nga_art/two").target.pairs] == [1, 1]


def test_folders_may_be_named(tmp_path):
    write_gold(tmp_path / "truth", folder=".", images="unused")
    write_images(tmp_path / "pictures/deep")
    data = saco_gold(annotations=tmp_path / "truth", images=tmp_path / "pictures/deep")
    assert data.load("metaclip/two").size == SIZE
    data = saco_gold(tmp_path, annotations="truth", images="pictures/deep")
    assert data.picture("metaclip/two").path == tmp_path / "pictures/deep/two.jpg"


def test_truth_stands_without_images(tmp_path):
    write_gold(tmp_path, images="elsewhere")
    with pytest.raises(DatasetError, match="2 of 2 images are missing"):
        saco_gold(tmp_path)
    data = saco_gold(tmp_path, check_images=False)
    assert not data.images_there
    sample = data.load_without_pixels("metaclip/x/one")
    assert sample.size == SIZE
    assert not sample.has_pixels
    assert len(sample.target.pairs) == 2


def test_images_that_could_not_be_downloaded_may_be_left_out(tmp_path, caplog):
    write_gold(tmp_path)
    write_gold(tmp_path, "sa1b", images="sa1b-images")
    (tmp_path / "sa1b-images/two.jpg").unlink()
    with pytest.raises(DatasetError, match=r"1 of 4 images are missing: sa1b-images/two.jpg") as told:
        saco_gold(tmp_path)
    assert "data.allow_missing=true" in str(told.value)
    for check_images in (True, False):
        data = saco_gold(tmp_path, allow_missing=True, check_images=check_images)
        assert data.keys == ["metaclip/x/one", "metaclip/two", "sa1b/x/one"]
        assert data.images_there
        assert data.card.own
        assert "1 of 4 images are missing and left out" in data.card.note
    assert "1 of 4 images are missing and left out" in caplog.text
    (tmp_path / "sa1b-images/x/one.jpg").unlink()  # a whole subset is no small part
    with pytest.raises(DatasetError, match="2 of 4 images are missing") as told:
        saco_gold(tmp_path, allow_missing=True)
    assert "allow_missing" not in str(told.value)
    assert not saco_gold(tmp_path, allow_missing=True, check_images=False).images_there


def test_groups_are_kept_as_groups(tmp_path):
    paths = write_gold(tmp_path)
    changed(paths[0], lambda content: content["annotations"][0].update(iscrowd=1))
    changed(
        paths[1],
        lambda content: content["annotations"][0].update(is_crowd=1) or content["annotations"][0].pop("iscrowd"),
    )
    annotators = saco_gold(tmp_path).load_truth("metaclip/x/one").pairs[0].annotators
    assert [[one.iscrowd for one in drawn] for drawn in annotators] == [[True], [True, False], []]


def no_phrase(content):
    del content["images"][1]["text_input"]


def blank_phrase(content):
    content["images"][1]["text_input"] = " "


def pair_twice(content):
    content["images"][1]["id"] = content["images"][0]["id"]


def another_size(content):
    content["annotations"][0]["segmentation"]["size"] = [40, 30]


def pixel_box(content):
    content["annotations"][0]["bbox"] = [3, 2, 10, 10]


def no_mask(content):
    del content["annotations"][0]["segmentation"]


def damaged_mask(content):
    content["annotations"][0]["segmentation"]["counts"] = "0"


def of_no_pair(content):
    content["annotations"][0]["image_id"] = 7


def image_twice(content):
    content["images"][1]["height"] = 31


def strange_flag(content):
    content["images"][0]["is_instance_exhaustive"] = "maybe"


def other_phrase(content):
    content["images"][0]["text_input"] = "blue bus"


def one_pair_less(content):
    content["images"].pop()
    content["annotations"].pop()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (no_phrase, "1 pairs have no text_input: 10000001"),
        (blank_phrase, "1 pairs have no text_input: 10000001"),
        (pair_twice, "1 pairs use the id of an earlier one: 10000000"),
        (another_size, r"annotations cannot be drawn: .*\[40, 30\]"),
        (pixel_box, "1 annotations have a bbox in pixels"),
        (no_mask, "1 annotations have no mask: 1"),
        (damaged_mask, "annotations cannot be drawn"),
        (of_no_pair, "1 annotations are of pairs that are not in `images`: 1"),
        (image_twice, "1 images have another height or width in one pair than in another: x/one.jpg"),
        (strange_flag, "is_instance_exhaustive that is not 0 or 1"),
        (other_phrase, "1 pairs have another phrase, image or size in gold_metaclip_merged_a"),
        (one_pair_less, "1 pairs of gold_metaclip_merged_a_release_test.json are not in this file: 10000003"),
    ],
)
def test_what_is_wrong_is_told_in_one_message(tmp_path, change, told):
    paths = write_gold(tmp_path)
    changed(paths[0 if change is image_twice else 1], change)
    if change is image_twice:
        changed(paths[1], change)
        changed(paths[2], change)
    with pytest.raises(DatasetError, match=told):
        saco_gold(tmp_path)


def test_files_that_are_no_pairs_are_told(tmp_path):
    path = write_silver(tmp_path)
    for content, told in (
        ({"images": []}, "has no list of annotations"),
        ({"images": [], "annotations": []}, "has no pair"),
        ({"images": [{"id": 1, "width": 3, "height": 3}], "annotations": []}, "1 pairs have no text_input: number 0"),
    ):
        path.write_text(json.dumps(content))
        with pytest.raises(DatasetError, match=told):
            saco_silver(tmp_path)


def test_unknown_choices_are_told(tmp_path):
    write_gold(tmp_path)
    for settings, told in (
        ({"subset": "metclip"}, "no subset 'metclip'"),
        ({"annotators": ("d",)}, "no annotators 'd'"),
        ({"annotators": ()}, "no annotator is chosen"),
        ({"root": None}, "needs the folder"),
        ({"ids": ["three"]}, "1 of the ids are not in this dataset"),
    ):
        with pytest.raises(SambenchError, match=told):
            saco_gold(**{"root": tmp_path, **settings})
    with pytest.raises(UsageError):
        saco_silver()


def test_many_pairs_take_little_memory(tmp_path):
    scenes = [(f"{number // 50}.jpg", f"thing {number % 97}", [[]], (1,)) for number in range(20000)]
    (tmp_path / "silver_inaturalist_merged_test.json").write_text(json.dumps(contents(scenes=scenes)))
    tracemalloc.start()
    data = saco_silver(tmp_path, check_images=False)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(data.keys) == 400
    assert held / len(scenes) < 400  # bytes a pair: 1.4 million of them fit
