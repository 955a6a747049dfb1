"""Which images are scored: the subset rule, `ids` and `limit`; counts that are remembered; and all 23 as one."""

import hashlib
import shutil

import numpy as np
import pytest
from replicas import WRITERS, id_map, picture, png

from sambench.config.resolve import build
from sambench.datasets import counts
from sambench.datasets.own.reader import own
from sambench.datasets.sa23.sa23 import Sa23
from sambench.datasets.sampling import sampling_order, take_subset
from sambench.errors import DatasetError, UsageError


@pytest.fixture
def wells(tmp_path):
    """Ten images with 0 to 9 masks each."""
    for number in range(10):
        ids = np.zeros((6, 20), np.uint8)
        ids[2, 1 : 2 * number + 1 : 2] = np.arange(1, number + 1)
        picture(tmp_path / f"images/{number}.png", ids.shape)
        png(tmp_path / f"labels/{number}.png", ids)
    return tmp_path


def test_order_is_that_of_sha256():
    keys = ["a/1", "a/2", "b/1"]
    by_hand = sorted(keys, key=lambda key: hashlib.sha256(f"3/gtea/{key}".encode()).hexdigest())
    assert sampling_order(keys, "gtea", 3) == by_hand
    assert sampling_order(keys[::-1], "gtea", 3) == by_hand
    many = [str(number) for number in range(50)]
    assert sampling_order(many, "gtea", 3) != sampling_order(many, "gtea", 4) != sampling_order(many, "dram", 4)


def test_images_are_taken_until_the_target_is_reached():
    masks = {str(number): number for number in range(30)}
    asked = []

    def count(key):
        asked.append(key)
        return masks[key]

    subset = take_subset(list(masks), count, dataset="x", above=200, target=100)
    order = [key for key in sampling_order(list(masks), "x", 0) if masks[key]]
    sums = np.cumsum([masks[key] for key in order])
    taken = order[: int(np.argmax(sums >= 100)) + 1]
    assert subset.sampled
    assert subset.keys == sorted(taken, key=int)
    assert subset.masks == sum(masks[key] for key in taken) >= 100
    assert len(asked) < 30  # No more is counted than is needed.
    assert subset.list_sha256 == hashlib.sha256("\n".join(subset.keys).encode()).hexdigest()


def test_small_data_is_taken_whole_but_for_empty_images():
    subset = take_subset(["a", "b", "c"], {"a": 3, "b": 0, "c": 4}.get, dataset="x", above=7, target=5)
    assert (subset.keys, subset.masks, subset.sampled) == (["a", "c"], 7, False)


def test_ids_and_limit(wells):
    assert own(wells).keys == [str(number) for number in range(1, 10)]
    assert own(wells, limit=2).keys == ["1", "2"]
    assert own(wells, ids=["0", 4, "7"]).keys == ["4", "7"]
    assert own(wells, subset="paper", limit=3).keys == ["1", "2", "3"]
    with pytest.raises(DatasetError, match="no image has a mask"):
        own(wells, ids=[0]).keys  # noqa: B018
    with pytest.raises(UsageError, match="limit is 0, but takes from 1"):
        own(wells, limit=0).keys  # noqa: B018
    with pytest.raises(DatasetError, match="1 of the ids are not in this dataset"):
        own(wells, ids=["77"]).keys  # noqa: B018


def test_subset_is_told_on_the_card(wells, monkeypatch):
    from sambench.datasets import masks, sampling

    def small(*arguments, **settings):
        return sampling.take_subset(*arguments, **settings, above=20, target=10)

    monkeypatch.setattr(masks, "take_subset", small)
    dataset = own(wells, subset="paper", subset_seed=5)
    assert dataset.subset.sampled
    assert dataset.keys == dataset.subset.keys
    assert f"(seed 5, list SHA-256 {dataset.subset.list_sha256[:16]})" in dataset.card.note
    assert own(wells, subset="paper", subset_seed=6).keys != dataset.keys
    assert own(wells, subset="all").subset is None
    with pytest.raises(UsageError, match="has no subset 'half'"):
        own(wells, subset="half")


def test_counts_are_remembered_by_content(wells, monkeypatch, tmp_path):
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "cache"))
    first = own(wells)
    assert (len(first.keys), first.report) == (9, ["0: image left out, it has no mask"])
    second = own(wells)
    monkeypatch.setattr(type(second.source), "regions", lambda *_: pytest.fail("was counted again"))
    assert (second.keys, second.report) == (first.keys, first.report)
    monkeypatch.undo()
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "cache"))
    png(wells / "labels/0.png", id_map())
    assert own(wells).keys[0] == "0"
    for path in (tmp_path / "cache/counts").iterdir():
        path.write_text("{torn")
    assert own(wells).count("3") == 3


def test_lines_on_masks_are_remembered_too(tmp_path):
    WRITERS["bbbc038v1"](tmp_path)
    reports = [build("datasets", "data", {"name": "bbbc038v1", "root": str(tmp_path)}) for _ in range(2)]
    for dataset in reports:
        assert len(dataset.keys) == 2
    assert reports[0].report == reports[1].report
    assert "stage1_train/00ae65c1c6631ae6: mask ee55 left out: it covers no pixel" in reports[0].report


def test_a_cache_that_cannot_be_written_costs_only_time(wells, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SAMBENCH_CACHE", str(tmp_path / "file"))
    assert counts.cache_root() == tmp_path / "file"
    assert len(own(wells).keys) == 9


def test_all_that_is_there_is_one_dataset(tmp_path, caplog):
    for name in ("gtea", "timberseg", "dram"):
        WRITERS[name](tmp_path)
    dataset = Sa23(tmp_path)
    assert list(dataset.datasets) == ["timberseg", "dram", "gtea"]
    assert not dataset.complete
    assert len(dataset.missing) == 20
    assert "20 of 23 datasets are missing: ppdls, bbbc038v1" in caplog.text
    assert dataset.keys[0] == "timberseg/original/images/log_1"
    assert {Sa23.dataset_of(key) for key in dataset.keys} == {"timberseg", "dram", "gtea"}
    sample = dataset.load(dataset.keys[0])
    assert sample.id == dataset.keys[0]
    assert dataset.load_truth(sample.id) == sample.target
    assert "3 of 23 datasets" in dataset.card.note
    digest = hashlib.sha256("\n".join(dataset.datasets["gtea"].keys).encode()).hexdigest()[:16]
    assert f"gtea 2 images {digest}" in dataset.card.note
    assert Sa23(tmp_path, only=("gtea",)).fingerprint != dataset.fingerprint
    assert len(Sa23(tmp_path, limit=1).keys) == 3
    assert Sa23(tmp_path, ids=[dataset.keys[0]]).keys == dataset.keys[:1]


def test_a_dataset_with_a_missing_part_is_not_taken_for_absent(tmp_path):
    replica = WRITERS["ishape"](tmp_path)
    WRITERS["gtea"](tmp_path)
    shutil.rmtree(replica.truth.parent)
    with pytest.raises(DatasetError, match="ishape is not whole: no instance_map/ here; the folder holds image/"):
        Sa23(tmp_path)


def test_all_23_are_complete(tmp_path):
    for name, write in WRITERS.items():
        (tmp_path / name).mkdir()
        write(tmp_path / name)
    dataset = Sa23(tmp_path)
    assert dataset.complete
    assert dataset.missing == []
    assert len({Sa23.dataset_of(key) for key in dataset.keys}) == 23


def test_members_take_switches_and_faults_are_not_hidden(tmp_path):
    replica = WRITERS["zerowaste"](tmp_path)
    settings = {"zerowaste": {"masks": "instance"}}
    assert len(Sa23(tmp_path, switches=settings).load_truth("zerowaste/train/09_frame_002000").annotations) == 3
    with pytest.raises(UsageError, match="has no switch 'mask'"):
        Sa23(tmp_path, switches={"zerowaste": {"mask": "instance"}})
    with pytest.raises(UsageError, match="no dataset 'zero'"):
        Sa23(tmp_path, switches={"zero": {}})
    with pytest.raises(DatasetError, match="gtea is not found"):
        Sa23(tmp_path, only=("gtea",))
    replica.image.unlink()
    with pytest.raises(DatasetError, match="ground truth has no image"):
        Sa23(tmp_path).keys  # noqa: B018
    with pytest.raises(DatasetError, match="none of the 23 datasets is here"):
        Sa23(tmp_path / "nowhere")
