import numpy as np
import pytest
from saco_files import PARQUET_ROWS, SIZE, box_mask, coded, parquet_row, write_parquet

from sambench.datasets.concepts.saco import saco_gold
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle


def test_rows_are_pairs_with_their_image(tmp_path):
    write_parquet(tmp_path / "data/test-00000-of-00001.parquet")
    data = saco_gold(tmp_path)
    assert data.keys == ["5", "7", "9"]
    sample = data.load("5")
    assert sample.image[0, 0].tolist() == [9, 5, 7]
    (pair,) = sample.target.pairs
    assert (pair.id, pair.phrase, pair.exhaustive) == (5, "red bus", True)
    assert [len(one) for one in pair.annotators] == [1, 2, 0]
    masks = rle.decode_masks([one.rle for one in pair.annotators[1]], SIZE)
    assert np.array_equal(masks, [box_mask(2, 12, 3, 13), box_mask(20, 25, 30, 38)])
    assert data.load_without_pixels("7").size == SIZE
    assert data.pair_places() == {"": {5: ("5", SIZE), 7: ("7", SIZE), 9: ("9", SIZE)}}
    assert [tuple(count.objects) for key in data.keys for count in data.pair_counts(key)] == [
        (1, 2, 0),
        (0, 0, 0),
        (1, 1, 1),
    ]
    assert data.card.own
    assert "without flags" in data.card.note
    assert saco_gold(tmp_path, limit=1).keys == ["5"]


def test_what_is_wrong_with_the_files_is_told(tmp_path):
    path = tmp_path / "a.parquet"
    write_parquet(path, drop=["expression"])
    with pytest.raises(DatasetError, match="has no column expression"):
        saco_gold(tmp_path)
    write_parquet(path, (*PARQUET_ROWS, PARQUET_ROWS[0]))
    with pytest.raises(DatasetError, match="id 5 is there twice"):
        saco_gold(tmp_path)
    write_parquet(path, [parquet_row(1, "x", coded((0, 9, 0, 9)), [], [], size=(31, 40))])
    with pytest.raises(DatasetError, match="a mask of pair 1 cannot be drawn"):
        saco_gold(tmp_path).load("1")
    write_parquet(path, [{**PARQUET_ROWS[1], "image": {"bytes": b"no image", "path": ""}}])
    with pytest.raises(DatasetError, match="image of pair 7 cannot be decoded"):
        saco_gold(tmp_path).load("7")
    with pytest.raises(UsageError, match="subsets cannot be told apart"):
        saco_gold(tmp_path, subset="sa1b")
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(DatasetError, match="may be truncated"):
        saco_gold(tmp_path)
