import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from sambench.masks.boxes import masks_to_boxes_xyxy, runs_to_boxes_xyxy
from sambench.masks.run_lengths.device import mask_run_lengths, packed_columns, runs_of_packed
from sambench.masks.run_lengths.runs import RunLengths


def test_runs_go_down_the_columns_and_start_with_background():
    masks = torch.tensor([[[0, 1], [1, 1]], [[1, 0], [0, 1]], [[0, 0], [0, 0]], [[1, 1], [1, 1]]], dtype=torch.bool)
    runs = mask_run_lengths(masks)
    assert runs.size == (2, 2)
    assert runs.lengths.tolist() == [2, 4, 1, 2]
    assert runs.counts.tolist() == [1, 3, 0, 1, 2, 1, 4, 0, 4]


def test_pixels_go_down_the_columns_into_the_bits_of_bytes():
    """Rows [1 0 1] and [1 1 0] are 1 1, 0 1, 1 0 by columns: bits 0, 1, 3 and 4."""
    packed = packed_columns(torch.tensor([[[1, 0, 1], [1, 1, 0]]], dtype=torch.bool))
    assert packed.tolist() == [[1 + 2 + 8 + 16, 0, 0, 0, 0, 0, 0, 0]]
    assert runs_of_packed(packed.numpy(), (2, 3)).counts.tolist() == [0, 2, 1, 2, 1]


@pytest.mark.parametrize("size", [(8, 8), (16, 8), (64, 3), (13, 5)])
def test_masks_of_whole_words_and_of_parts_of_them(size):
    for mask in (np.ones(size, bool), np.zeros(size, bool), np.indices(size).sum(0) % 2 == 0):
        runs = mask_run_lengths(torch.from_numpy(mask)[None])
        assert runs.compressed(np.array([0])) == [coco_mask.encode(np.asfortranarray(mask, np.uint8))]


@st.composite
def mask_batches(draw):
    count, height, width = (draw(st.integers(low, high)) for low, high in ((0, 4), (1, 9), (1, 9)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.random((count, height, width)) < draw(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]))


@settings(max_examples=100, deadline=None)
@given(mask_batches())
def test_codes_equal_pycocotools_and_boxes_follow(masks):
    runs = mask_run_lengths(torch.from_numpy(masks))
    expected = [coco_mask.encode(np.asfortranarray(mask, np.uint8)) for mask in masks]
    assert runs.compressed(np.arange(len(masks))) == expected
    boxes, areas = runs_to_boxes_xyxy(runs.counts, runs.lengths, masks.shape[1])
    np.testing.assert_array_equal(boxes, masks_to_boxes_xyxy(torch.from_numpy(masks)).numpy())
    np.testing.assert_array_equal(areas, masks.sum((1, 2)))


def test_chosen_masks_of_joined_batches():
    masks = torch.rand(5, 6, 7, generator=torch.Generator().manual_seed(0)) > 0.5
    runs = RunLengths.joined([mask_run_lengths(masks[:2]), mask_run_lengths(masks[2:])])
    decoded = [coco_mask.decode([rle])[..., 0] for rle in runs.compressed(np.array([4, 1]))]
    np.testing.assert_array_equal(decoded, masks[[4, 1]].numpy())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_same_on_cuda():
    masks = torch.rand(3, 20, 30) > 0.5
    ours, theirs = mask_run_lengths(masks.cuda()), mask_run_lengths(masks)
    np.testing.assert_array_equal(ours.counts, theirs.counts)
