import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask

from sambench.masks import rle

SIZES = st.tuples(st.integers(1, 12), st.integers(1, 15))
MASKS = st.tuples(st.integers(0, 4), SIZES).flatmap(lambda shape: hnp.arrays(bool, (shape[0], *shape[1])))


@given(MASKS)
def test_round_trip_keeps_every_pixel(masks):
    codes = rle.encode_masks(masks)
    assert np.array_equal(rle.decode_masks(codes, masks.shape[1:]), masks)
    written = json.loads(json.dumps([rle.to_json(code) for code in codes]))
    assert [rle.from_segmentation(code, code["size"]) for code in written] == codes


@given(MASKS)
def test_areas_and_boxes_equal_numpy(masks):
    codes = rle.encode_masks(masks)
    assert rle.areas(codes).tolist() == masks.sum(axis=(1, 2)).tolist()
    expected = []
    for mask in masks:
        y, x = np.nonzero(mask)
        expected.append([x.min(), y.min(), x.max() + 1, y.max() + 1] if len(x) else [0, 0, 0, 0])
    assert np.array_equal(rle.boxes_xyxy(codes), np.array(expected, float).reshape(-1, 4))
    sides = rle.boxes_xywh(codes)
    assert np.array_equal(sides[:, :2] + sides[:, 2:], rle.boxes_xyxy(codes)[:, 2:])


@given(SIZES.flatmap(lambda size: st.tuples(hnp.arrays(bool, (3, *size)), hnp.arrays(bool, (2, *size)))))
def test_iou_equals_numpy_with_and_without_crowds(pair):
    ours, others = pair
    both = (ours[:, None] & others[None]).sum(axis=(2, 3)).astype(float)
    either = (ours[:, None] | others[None]).sum(axis=(2, 3))
    alone = np.broadcast_to(ours.sum(axis=(1, 2))[:, None], both.shape)
    codes = rle.encode_masks(ours), rle.encode_masks(others)
    with np.errstate(invalid="ignore"):
        plain, crowded = np.nan_to_num(both / either), np.nan_to_num(both / alone)
    # 1e-12: both divide the same two integers.
    np.testing.assert_allclose(rle.iou(*codes), plain, atol=1e-12)
    np.testing.assert_allclose(rle.iou(*codes, crowd=[True, False])[:, 0], crowded[:, 0], atol=1e-12)
    np.testing.assert_allclose(rle.iou(*codes, crowd=[True, False])[:, 1], plain[:, 1], atol=1e-12)
    assert np.array_equal(rle.decode_masks([rle.union(codes[0])], ours.shape[1:])[0], ours.any(axis=0))


def test_iou_of_nothing_has_the_shape_of_both_lists():
    code = rle.encode_masks(np.ones((1, 2, 2), bool))
    assert rle.iou([], code).shape == (0, 1)
    assert rle.iou(code, []).shape == (1, 0)
    assert rle.areas([]).shape == (0,)
    assert rle.boxes_xyxy([]).shape == (0, 4)


@given(MASKS)
def test_run_lengths_are_those_of_the_columns(masks):
    for mask, code in zip(masks, rle.encode_masks(masks), strict=True):
        column = mask.T.ravel()
        changes = np.flatnonzero(np.diff(column)) + 1
        runs = np.diff(np.concatenate(([0], changes, [column.size])))
        expected = [0, *runs] if column[0] else list(runs)
        assert rle.run_lengths(code["counts"]).tolist() == expected
        assert rle.from_segmentation({"size": list(mask.shape), "counts": expected}, mask.shape) == code


def test_run_lengths_of_a_large_mask_need_several_characters_a_number():
    mask = np.zeros((1, 900, 1000), bool)
    mask[0, 100:700, 5:900] = True
    mask[0, 3, 950] = True
    runs = rle.run_lengths(rle.encode_masks(mask)[0]["counts"])
    assert runs.sum() == mask.size
    assert runs[1::2].sum() == mask.sum()


def test_polygons_are_joined_and_cut_at_the_border():
    square = [1, 1, 4, 1, 4, 4, 1, 4]
    code = rle.from_segmentation([square, [6, 1, 14, 1, 14, 3, 6, 3]], (6, 9))
    expected = np.zeros((6, 9), bool)
    expected[1:4, 1:4] = True
    expected[1:3, 6:9] = True
    assert np.array_equal(rle.decode_masks([code], (6, 9))[0], expected)
    assert rle.from_segmentation([np.array(square, float)], (6, 9))["size"] == [6, 9]


def test_four_numbers_are_no_box():
    # pycocotools reads a list of four numbers as a box and fills it.
    with pytest.raises(ValueError, match="three points"):
        rle.from_segmentation([[1, 1, 3, 3]], (6, 9))


@pytest.mark.parametrize(
    ("segmentation", "message"),
    [
        ([], "no polygon"),
        (None, "no polygon"),
        ([[1, 1, 2, 2, 3]], "three points"),
        ([[[1, 1], [2, 2], [1, 2]]], "three points"),
        ([[1, 1, 2, "a", 3, 3]], "else than numbers"),
        ([[1, 1, 2, float("nan"), 3, 3]], "not finite"),
        ([[1, 1, 2, 2e9, 3, 3]], "far off"),
        ({"counts": [54]}, "should hold"),
        ({"size": [9, 6], "counts": [54]}, r"the image has \[6, 9\]"),
        ({"size": [6, 9], "counts": [50]}, "cover 50 pixels of 54"),
        ({"size": [6, 9], "counts": [60, -6]}, "whole numbers"),
        ({"size": [6, 9], "counts": ["a"]}, "no numbers"),
        ({"size": [6, 9], "counts": "000"}, "cover 0 pixels of 54"),
        ({"size": [6, 9], "counts": "garbage\n"}, "damaged"),
        ({"size": [6, 9], "counts": "f" * 30}, "damaged"),
    ],
)
def test_broken_segmentations_are_told(segmentation, message):
    with pytest.raises(ValueError, match=message):
        rle.from_segmentation(segmentation, (6, 9))


def test_pycocotools_still_decodes_broken_runs_without_a_word():
    # The reason why `from_segmentation` checks: once this fails, pycocotools checks by itself.
    assert coco_mask.area({"size": [6, 9], "counts": b"000"}) is not None


def test_masks_of_another_size_are_refused():
    with pytest.raises(ValueError, match="size"):
        rle.decode_masks(rle.encode_masks(np.ones((1, 2, 3), bool)), (3, 2))


def test_areas_of_many_masks_at_once():
    """The library's own `area` overflows beyond 255 masks."""
    masks = np.zeros((700, 3, 4), bool)
    masks[np.arange(700), 0, 0] = np.arange(700) % 2 == 0
    assert rle.areas(rle.encode_masks(masks)).tolist() == [1, 0] * 350
