"""Cost of one click round outside the model: run with `--benchmark-enable -m slow`."""

import time

import numpy as np
import pytest
import torch

from sambench.masks.crops import layered_crops
from sambench.masks.measure import measure_masks
from sambench.masks.overlap import mask_ious
from sambench.masks.prompted.click_batch import next_clicks
from sambench.masks.resize import logits_at_original
from sambench.masks.rle import encode_masks
from sambench.masks.windows import runs_of_rles
from sambench.types import MaskFrame, Masks

SIZE, COUNT = (1024, 2048), 100
FRAME = MaskFrame(SIZE, (1024, 1024), (512, 1024))


def scene():
    """A hundred wavy discs of 8 to 330 pixels' radius and low-resolution answers that are somewhat beside them."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
    v, u = np.mgrid[:256, :256].astype(np.float32) * 8 + 4
    truth, logits = [], []
    for _ in range(COUNT):
        radius = np.exp(rng.uniform(np.log(8), np.log(330)))
        cy, cx = rng.uniform(0, SIZE[0]), rng.uniform(0, SIZE[1])
        own = np.hypot(y - cy, x - cx) + radius / 9 * np.sin(x / radius * 9) < radius
        truth.append(own if own.any() else np.hypot(y - cy, x - cx) < 3)
        miss = rng.normal(size=2) * radius / 6
        distance = np.hypot(v - cy + miss[0], u - cx + miss[1])
        logits.append((radius * rng.uniform(0.7, 1.3) - distance) / 8 + rng.normal(size=(256, 256)) * 0.3)
    low = torch.tensor(np.array(logits), dtype=torch.float32)[:, None]
    return np.array(truth), Masks(low, torch.ones(COUNT, 1), FRAME)


def click_round(truth, masks):
    """Bring the answers to the image's size, measure their IoU and find the next click of each."""
    (whole,) = layered_crops(SIZE, 0, 0.0)
    runs = measure_masks(masks, 0.0, whole, SIZE, "auto").runs
    return next_clicks(truth, runs, "centre"), mask_ious(runs, truth)


def plain_round(truth, masks):
    """The same as the references do it: full-size logits, and OpenCV's distances on the whole padded image."""
    cv2 = pytest.importorskip("cv2")
    cv2.setNumThreads(1)
    points, ious = [], []
    for own, logits in zip(truth, masks.logits, strict=True):
        mask = logits_at_original(logits, FRAME)[0].numpy() > 0
        ious.append((mask & own).sum() / (mask | own).sum())
        maps = []
        for error in (own & ~mask, mask & ~own):
            padded = np.pad(error, 1).astype(np.uint8)
            maps.append(cv2.distanceTransform(padded, cv2.DIST_L2, 0)[1:-1, 1:-1])
        missed, false = (distances.argmax() for distances in maps)
        points.append(divmod(int(missed if maps[0].flat[missed] > maps[1].flat[false] else false), SIZE[1])[::-1])
    return np.array(points), np.array(ious)


def cpu_seconds(work, *given):
    start = time.process_time()
    found = work(*given)
    return found, time.process_time() - start


@pytest.mark.slow
def test_a_click_round_of_a_hundred_masks(benchmark):
    """Hundred masks on 2048 x 1024, one thread, CPU time; the ratio is against the references' way."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        truth, masks = scene()
        runs = runs_of_rles(encode_masks(truth), SIZE)
        click_round(runs, masks)
        clicks, ious = benchmark.pedantic(click_round, (runs, masks), rounds=3)
        own = min(cpu_seconds(click_round, runs, masks)[1] for _ in range(3))
        (points, expected), plain = cpu_seconds(plain_round, truth, masks)
    finally:
        torch.set_num_threads(threads)
    # Both ways may differ where a logit is zero within rounding, and OpenCV where pixels are equally far.
    assert (clicks.points_xy == points).all(axis=1).mean() > 0.95
    np.testing.assert_allclose(ious, expected, atol=1e-4)
    benchmark.extra_info |= {"cpu_seconds": own, "plain_cpu_seconds": plain, "ratio": plain / own}
