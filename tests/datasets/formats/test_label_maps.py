import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from replicas import DOT, RING, SIZE, TWO, WRITERS, box, id_map, picture, png

from sambench.config.resolve import build
from sambench.datasets.cards import MaskCard
from sambench.datasets.edges.bsds500_segments import bsds500_segments
from sambench.datasets.formats.label_maps import label_rles, read_ids
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle

CARD = MaskCard("x", "X", "home", "terms", "layout", ("all",))


def opened(name, root, **settings):
    return build("datasets", "data", {"name": name, "root": str(root), **settings})


def areas(dataset, key=None):
    return [int(one.area) for one in dataset.load_truth(key or dataset.keys[0]).annotations]


@settings(max_examples=60, deadline=None)
@given(arrays(np.int32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(-1, 3)))
def test_runs_equal_compressing_each_mask(ids):
    found = label_rles(ids)
    assert list(found) == np.unique(ids).tolist()
    for value, code in found.items():
        assert code == rle.encode_masks((ids == value)[None])[0]


def test_values_are_read_as_stored(tmp_path):
    ids = id_map((1, 2, 200))
    assert np.array_equal(read_ids(png(tmp_path / "grey.png", ids), CARD), ids)
    assert np.array_equal(read_ids(png(tmp_path / "palette.png", ids, palette=True), CARD), ids)
    deep = id_map((1, 26001, 65535), np.uint16)
    assert np.array_equal(read_ids(png(tmp_path / "deep.png", deep), CARD), deep)
    assert np.array_equal(read_ids(png(tmp_path / "bit.png", RING), CARD), RING)
    Image.fromarray(np.stack([ids, np.full_like(ids, 255)], 2), "LA").save(tmp_path / "transparent.png")
    assert np.array_equal(read_ids(tmp_path / "transparent.png", CARD), ids)


def test_colours_are_read_as_told(tmp_path):
    colours = np.zeros((*SIZE, 3), np.uint8)
    colours[RING], colours[TWO] = (1, 2, 3), (1, 0, 0)
    path = png(tmp_path / "colours.png", colours)
    assert np.array_equal(read_ids(path, CARD, "first"), (RING | TWO).astype(int))
    assert np.array_equal(read_ids(path, CARD, "code"), RING * 0x010203 + TWO * 0x010000)
    with pytest.raises(DatasetError, match="has 3 channels; one is expected"):
        read_ids(path, CARD, "refuse")
    grey = png(tmp_path / "grey.png", np.repeat(id_map()[..., None], 3, 2))
    assert np.array_equal(read_ids(grey, CARD, "code"), id_map())


def test_fractions_are_no_ids(tmp_path):
    Image.fromarray(np.zeros((3, 4), np.float32)).save(tmp_path / "depth.tiff")
    with pytest.raises(DatasetError, match="holds float32 values"):
        read_ids(tmp_path / "depth.tiff", CARD)


def test_cityscapes_switches(tmp_path):
    WRITERS["cityscapes"](tmp_path)
    counts = {(stuff, groups): len(areas(opened("cityscapes", tmp_path, stuff=stuff, groups=groups)))
              for stuff in (True, False) for groups in (True, False)}  # fmt: skip
    assert counts == {(True, False): 4, (True, True): 5, (False, False): 2, (False, True): 3}
    prints = {opened("cityscapes", tmp_path, stuff=stuff).fingerprint for stuff in (True, False)}
    assert len(prints) == 2


def test_egohos_keeps_the_sources_that_are_named(tmp_path):
    WRITERS["egohos"](tmp_path)
    assert opened("egohos", tmp_path, sources=["epic"]).keys == ["train/epic_P01"]
    assert len(opened("egohos", tmp_path, sources=[]).keys) == 3
    with pytest.raises(DatasetError, match=r"no images named escape_\*; prefixes found: ego4d, epic, thu"):
        opened("egohos", tmp_path, sources=["escape"])


def test_ppdls_and_ishape_need_the_parts_that_are_named(tmp_path):
    WRITERS["ppdls"](tmp_path)
    assert opened("ppdls", tmp_path, subsets=["Tobacco"]).keys == ["Tobacco/tobacco_plant001"]
    with pytest.raises(DatasetError, match="image has no ground truth"):
        opened("ppdls", tmp_path, subsets=["Ara2013-Canon"]).keys  # noqa: B018
    with pytest.raises(DatasetError, match="no Ara2013-RPi/ here; the folder holds Ara2012/, Ara2013-Canon/, Tobacco/"):
        opened("ppdls", tmp_path, subsets=["Ara2012", "Ara2013-RPi"])
    with pytest.raises(UsageError, match="has no subsets 'Ara2014'"):
        opened("ppdls", tmp_path, subsets=["Ara2014"])
    WRITERS["ishape"](tmp_path)
    assert opened("ishape", tmp_path, parts=["wire", "log"]).keys == ["wire/val/0001", "log/val/0001"]


def test_doors_lists_give_the_images_of_a_split(tmp_path):
    replica = WRITERS["doors"](tmp_path)
    assert opened("doors", tmp_path, split="T").keys == ["DS1/00010", "DS1/00001"]
    (replica.image.parents[1] / "V.txt").write_text("00010.png\n00099.png\n")
    with pytest.raises(DatasetError, match=r"listed image is not there: V\.txt: DS1/00099"):
        opened("doors", tmp_path, split="V").keys  # noqa: B018
    with pytest.raises(DatasetError, match="list of a split cannot be read"):
        opened("doors", tmp_path, split="Te1")


def test_zerowaste_masks_are_regions_by_either_file_or_instances(tmp_path):
    WRITERS["zerowaste"](tmp_path)
    assert areas(opened("zerowaste", tmp_path)) == [RING.sum(), TWO.sum(), DOT.sum()]
    union = opened("zerowaste", tmp_path, masks="union")
    assert areas(union) == [box(2, 14, 3, 20).sum(), TWO.sum()]
    assert [one.category_id for one in union.load_truth(union.keys[0]).annotations] == [1, 2]
    instances = opened("zerowaste", tmp_path, masks="instance")
    assert areas(instances) == [8 * 8, 8 * 13, 12 * 17]
    assert "train/09_frame_002100: mask 3 left out: its segmentation is empty" in instances.report
    assert len({data.fingerprint for data in (opened("zerowaste", tmp_path), union, instances)}) == 3


def test_a_jpeg_of_labels_is_refused(tmp_path):
    replica = WRITERS["gtea"](tmp_path)
    picture(replica.truth, mode="L")
    with pytest.raises(DatasetError, match=r"holds \d+ different ids, at most 8 are expected: 1, 2") as error:
        opened("gtea", tmp_path).keys  # noqa: B018
    assert str(replica.truth) in str(error.value)


def test_bsds_segments_are_masks(tmp_path):
    from toys import write_bsds

    write_bsds(tmp_path, count=2)
    everyone = bsds500_segments(tmp_path)
    assert everyone.keys == ["test/1000", "test/1001"]
    truth = everyone.load_truth("test/1000")
    assert [one.id for one in truth.annotations] == ["0/1", "0/2", "0/3", "1/1", "1/3"]
    assert sum(one.area for one in truth.annotations) == 2 * 24 * 36
    assert everyone.load("test/1000").size == (24, 36)
    assert len(bsds500_segments(tmp_path, annotators="first").load_truth("test/1000").annotations) == 3


def test_real_bsds_segments_tile_every_image(real_data):
    dataset = bsds500_segments(real_data, limit=5)
    for key in dataset.keys:
        sample = dataset.load(key)
        labels = {str(one.id).partition("/")[0] for one in sample.target.annotations}
        assert sum(one.area for one in sample.target.annotations) == len(labels) * sample.size[0] * sample.size[1]


def test_real_nuclei_are_the_pixels_of_their_files(real_data):
    dataset = opened("bbbc038v1", real_data / "samples", limit=6, subset="all")
    assert len(dataset.all_keys) == 130
    for key in dataset.keys:
        sample = dataset.load(key)
        files = dataset.source.items[key].truths
        assert len(files) == len(sample.target.annotations)
        for path, one in zip(files, sample.target.annotations, strict=True):
            assert np.array_equal(rle.decode_masks([one.rle], sample.size)[0], np.asarray(Image.open(path)) == 255)


@pytest.mark.slow
def test_all_real_nuclei(real_data):
    dataset = opened("bbbc038v1", real_data / "samples")
    assert (len(dataset.keys), sum(map(dataset.count, dataset.keys)), dataset.report) == (130, 5787, [])
