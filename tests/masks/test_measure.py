import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from sambench.masks.boxes import masks_to_boxes_xyxy
from sambench.masks.crops import Crop
from sambench.masks.measure import measure_masks
from sambench.masks.run_lengths.scan import axis_taps
from sambench.masks.stability import stability_score
from sambench.types import MaskFrame, Masks

WHOLE = Crop((0, 0, 64, 48), 0)
SAM = MaskFrame((48, 64), (1024, 1024), (768, 1024))


def stepwise(logits, frame):
    """Resize step by step with torch, as the references do."""
    if frame.padded_size is not None:
        logits = F.interpolate(logits, frame.padded_size, mode="bilinear")
        logits = logits[..., : frame.input_size[0], : frame.input_size[1]]
    return F.interpolate(logits, frame.original_size, mode="bilinear")


def smooth_logits(count, size, seed, coarse=9):
    generator = torch.Generator().manual_seed(seed)
    return F.interpolate(torch.randn(count, 3, coarse, coarse, generator=generator) * 6, size, mode="bicubic")


def measure(logits, frame, method, crop=WHOLE, image_size=(48, 64), offset=1.0):
    masks = Masks(logits, torch.zeros(logits.shape[:2]), frame)
    measured = measure_masks(masks, offset, crop, image_size, method)
    decoded = coco_mask.decode(measured.runs.compressed(np.arange(len(measured.areas))))
    return measured, torch.from_numpy(decoded.transpose(2, 0, 1).astype(bool))


FRAMES = {
    "sam": SAM,
    "sam2": MaskFrame((48, 64)),
    "taller": MaskFrame((90, 31), (1024, 1024), (1024, 353)),
    "larger": MaskFrame((700, 523), (1024, 1024), (1024, 765)),
    "smaller": MaskFrame((20, 30)),
    "small_square": MaskFrame((48, 64), (256, 256), (192, 256)),
}


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(sorted(FRAMES)), st.sampled_from(["scan", "torch"]), st.integers(0, 999), st.sampled_from([4, 60])
)
def test_equals_resizing_step_by_step(name, method, seed, coarse):
    frame = FRAMES[name]
    logits = smooth_logits(2, (64, 64) if name == "small_square" else (256, 256), seed, coarse)
    full = stepwise(logits, frame).flatten(0, 1)
    crop = Crop((0, 0, frame.original_size[1], frame.original_size[0]), 0)
    measured, masks = measure(logits, frame, method, crop, frame.original_size)
    # One matrix an axis rounds otherwise than two steps: only logits that are zero within that rounding may differ.
    assert full[masks != (full > 0)].abs().max() < 1e-4 if (masks != (full > 0)).any() else True
    np.testing.assert_array_equal(measured.boxes_xyxy, masks_to_boxes_xyxy(masks))
    np.testing.assert_array_equal(measured.areas, masks.sum((1, 2)))
    # At most a pixel or two of either area may fall to the other side of its threshold.
    # A mask without a pixel at either threshold has no stability: NaN on both sides.
    tolerance = 4 / full[0].numel() + 1e-3
    torch.testing.assert_close(measured.stability, stability_score(full), rtol=0, atol=tolerance, equal_nan=True)


@pytest.mark.parametrize("method", ["scan", "torch"])
def test_exact_thresholds_empty_and_full_masks(method):
    levels = torch.tensor([-9.0, -1.0, -0.5, 0.0, 0.5, 1.0, 9.0])
    logits = levels[:, None, None, None].expand(-1, 1, 16, 16).contiguous()
    measured, masks = measure(logits, MaskFrame((48, 64)), method)
    assert masks.flatten(1).all(1).tolist() == [False, False, False, False, True, True, True]
    assert not masks[:4].any()
    assert measured.boxes_xyxy.tolist() == [[0, 0, 0, 0]] * 4 + [[0, 0, 63, 47]] * 3
    assert measured.stability.isnan().tolist() == [True, True] + [False] * 5
    assert measured.stability[2:].tolist() == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("method", ["scan", "torch"])
def test_a_crops_masks_land_in_the_image(method):
    logits = smooth_logits(3, (64, 64), 5)
    frame = MaskFrame((20, 30))
    crop = Crop((7, 11, 37, 31), 1)
    _, masks = measure(logits, frame, method, crop, (48, 64))
    inside = stepwise(logits, frame).flatten(0, 1) > 0
    np.testing.assert_array_equal(masks[:, 11:31, 7:37], inside)
    assert masks.sum() == inside.sum()


def test_the_other_offset():
    logits = smooth_logits(2, (64, 64), 7)
    for method in ("scan", "torch"):
        measured, _ = measure(logits, SAM, method, offset=2.5)
        torch.testing.assert_close(
            measured.stability, stability_score(stepwise(logits, SAM).flatten(0, 1), offset=2.5), rtol=0, atol=1e-6
        )


def test_no_masks():
    for method in ("scan", "torch"):
        masks = Masks(torch.zeros(0, 1, 16, 16), torch.zeros(0, 1), MaskFrame((48, 64)))
        measured = measure_masks(masks, 1.0, WHOLE, (48, 64), method)
        assert measured.boxes_xyxy.shape == (0, 4)
        assert measured.stability.shape == (0,)


def test_frames_that_three_neighbours_do_not_cover_go_by_torch():
    frame = MaskFrame((48, 64), (32, 32), (24, 32))
    logits = smooth_logits(1, (128, 128), 3)
    assert axis_taps(128, frame, 1) is None
    with pytest.raises(ValueError, match="cannot be scanned"):
        measure(logits, frame, "scan")
    _, masks = measure(logits, frame, "auto")
    np.testing.assert_array_equal(masks, stepwise(logits, frame).flatten(0, 1) > 0)
