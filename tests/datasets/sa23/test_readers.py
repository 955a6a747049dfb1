"""Every reader on a replica in its original format: masks to the pixel, what is left out, order, fingerprints."""

import inspect
import logging
from importlib.resources import files

import numpy as np
import pytest
import yaml
from replicas import WRITERS

from sambench.config.registry import resolve
from sambench.config.resolve import build
from sambench.datasets.layout import DatasetAbsentError
from sambench.datasets.sa23.catalog import CATALOG
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle

NAMES = sorted(WRITERS)


def opened(name, root, **settings):
    return build("datasets", "data", {"name": name, "root": str(root), **settings})


def test_every_one_of_the_23_has_a_replica():
    assert set(WRITERS) == set(CATALOG)
    assert len(CATALOG) == 23
    assert (sum(row.images for row in CATALOG.values()), sum(row.masks for row in CATALOG.values())) == (40188, 172653)


@pytest.mark.parametrize("name", NAMES)
def test_masks_are_those_of_the_files(name, tmp_path, caplog):
    replica = WRITERS[name](tmp_path)
    dataset = opened(name, tmp_path)
    with caplog.at_level(logging.WARNING):
        assert dataset.keys == list(replica.masks)
    assert sorted(dataset.all_keys) == sorted([*replica.masks, *replica.left_out])
    for key, masks in replica.masks.items():
        sample = dataset.load(key)
        assert (sample.id, sample.image.dtype, sample.image.shape[2]) == (key, np.uint8, 3)
        codes = [one.rle for one in sample.target.annotations]
        found = rle.decode_masks(codes, sample.size)
        assert len(found) == len(masks) == dataset.count(key)
        for index, (one, mask) in enumerate(zip(found, masks, strict=True)):
            assert np.array_equal(one, mask), f"mask {index} of {key}"
        assert [one.area for one in sample.target.annotations] == [mask.sum() for mask in masks]
        assert len({one.id for one in sample.target.annotations}) == len(masks)
        assert dataset.load_truth(key) == sample.target
    for key in replica.left_out:
        assert f"{key}: image left out, it has no mask" in dataset.report
        assert key in caplog.text


@pytest.mark.parametrize("name", NAMES)
def test_folder_is_found_from_above_and_by_its_name(name, tmp_path):
    (tmp_path / name).mkdir()
    replica = WRITERS[name](tmp_path / name)
    assert opened(name, tmp_path).keys == opened(name, tmp_path / name).keys == list(replica.masks)


@pytest.mark.parametrize("name", NAMES)
def test_fingerprint_follows_the_ground_truth(name, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        replica = WRITERS[name](tmp_path / folder)
    first, second = opened(name, tmp_path / "a"), opened(name, tmp_path / "b")
    assert first.fingerprint == second.fingerprint
    with replica.truth.open("ab") as file:
        file.write(b"\n")
    assert opened(name, tmp_path / "b", ids=list(first.keys)).fingerprint != first.fingerprint


@pytest.mark.parametrize("name", NAMES)
def test_missing_files_are_told_and_never_left_out(name, tmp_path):
    replica = WRITERS[name](tmp_path)
    replica.image.unlink()
    with pytest.raises(DatasetError, match=r"files do not fit together|image is missing|images and"):
        opened(name, tmp_path).keys  # noqa: B018


@pytest.mark.parametrize("name", NAMES)
def test_absent_data_is_told_with_layout_home_page_and_terms(name, tmp_path):
    with pytest.raises(DatasetAbsentError) as error:
        opened(name, tmp_path)
    text = str(error.value)
    assert "the folder is empty" in text or "does not exist" in text
    card = CATALOG[name]
    assert card.title in text
    assert "terms: " in text
    with pytest.raises(UsageError, match=r"needs the folder|root"):
        build("datasets", "data", {"name": name, "root": None})


@pytest.mark.parametrize("name", NAMES)
def test_unknown_split_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match="no split 'moon'"):
        opened(name, tmp_path, split="moon")


@pytest.mark.parametrize("name", ["bbbc038v1", "cityscapes", "streets", "trashcan", "visor"])
def test_image_of_another_size_is_refused(name, tmp_path):
    from replicas import picture

    replica = WRITERS[name](tmp_path)
    key = next(iter(replica.masks))
    dataset = opened(name, tmp_path, ids=[key])
    picture(dataset.source.items[key].image, (28, 44))
    if name == "streets":  # VIA gives no sizes: the image's own decides.
        assert dataset.load(key).size == (28, 44)
    else:
        with pytest.raises(DatasetError, match="image is 44 x 28 pixels, but its ground truth is for"):
            dataset.load(key)


@pytest.mark.parametrize("name", [*NAMES, "bsds500_segments", "coco_masks", "generic", "own", "sa23"])
def test_configuration_is_that_of_the_reader(name):
    """Every switch stands in the YAML file with the reader's own default, but for what comes from outside."""
    settings = yaml.safe_load((files("sambench.configs") / "data" / f"{name}.yaml").read_text())
    parameters = dict(inspect.signature(resolve("datasets", name)).parameters)
    for supplied in ("check_images", "boxes_only", "for_task"):  # by the engine
        parameters.pop(supplied, None)
    assert settings.pop("name") == name
    assert set(settings) == set(parameters)
    outside = {"root": None if name == "own" else "${oc.env:SAMBENCH_DATA,null}", "limit": "${limit}"}
    for key, parameter in parameters.items():
        default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
        expected = {} if (name, key) == ("sa23", "switches") else outside.get(key, default)
        assert settings[key] == expected, key
