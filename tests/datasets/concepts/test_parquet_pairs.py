import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from saco_files import SIZE, box_mask

from sambench.datasets.concepts.saco import saco_gold
from sambench.errors import DatasetError, UsageError
from sambench.masks import rle


def coded(*places):
    codes = [coco_mask.encode(np.asfortranarray(box_mask(*place))) for place in places]
    return [{"size": list(SIZE), "counts": code["counts"].decode()} for code in codes]


def row(number, phrase, *masks, size=SIZE):
    stream = io.BytesIO()
    Image.new("RGB", size[::-1], (9, number, 7)).save(stream, "PNG")
    image = {"bytes": stream.getvalue(), "path": "same.png"}
    drawn = {f"human_{at}_masks": one for at, one in enumerate(masks, 1)}
    return {"id": number, "image": image, "expression": phrase, **drawn, "count": max(map(len, masks))}


ROWS = (
    row(5, "red bus", coded((2, 12, 3, 13)), coded((2, 12, 3, 13), (20, 25, 30, 38)), []),
    row(7, "zebra", [], [], []),
    row(9, "wheel", *[coded((0, 9, 0, 9))] * 3),
)


def write(path, rows=ROWS, drop=()):
    path.parent.mkdir(exist_ok=True)
    mask = pa.list_(pa.struct({"size": pa.list_(pa.int64()), "counts": pa.string()}))
    fields = {
        "id": pa.int64(),
        "image": pa.struct({"bytes": pa.binary(), "path": pa.string()}),
        "expression": pa.string(),
    }
    fields |= {f"human_{at}_masks": mask for at in (1, 2, 3)}
    schema = pa.schema({name: kind for name, kind in {**fields, "count": pa.int64()}.items() if name not in drop})
    table = pa.Table.from_pylist([{key: one[key] for key in schema.names} for one in rows], schema)
    pq.write_table(table, path, row_group_size=2)


def test_rows_are_pairs_with_their_image(tmp_path):
    write(tmp_path / "data/test-00000-of-00001.parquet")
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
    write(path, drop=["expression"])
    with pytest.raises(DatasetError, match="has no column expression"):
        saco_gold(tmp_path)
    write(path, (*ROWS, ROWS[0]))
    with pytest.raises(DatasetError, match="id 5 is there twice"):
        saco_gold(tmp_path)
    write(path, [row(1, "x", coded((0, 9, 0, 9)), [], [], size=(31, 40))])
    with pytest.raises(DatasetError, match="a mask of pair 1 cannot be drawn"):
        saco_gold(tmp_path).load("1")
    write(path, [{**ROWS[1], "image": {"bytes": b"no image", "path": ""}}])
    with pytest.raises(DatasetError, match="image of pair 7 cannot be decoded"):
        saco_gold(tmp_path).load("7")
    with pytest.raises(UsageError, match="subsets cannot be told apart"):
        saco_gold(tmp_path, subset="sa1b")
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(DatasetError, match="may be truncated"):
        saco_gold(tmp_path)
