"""What `sambench explain` does a mask: errors against the object, its shape and its contrast."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift

from sambench.masks.rle import encode_masks
from sambench.masks.windows import runs_of_rles
from sambench.metrics.anatomy.pairs import contrasts, errors_of, shapes_of

SIZE = (480, 640)


@pytest.fixture(scope="module")
def pairs():
    """Eight objects as large as COCO's with masks that are a little off, and an image."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices(SIZE)
    wobble = gaussian_filter(rng.normal(size=SIZE), 12) * 60
    radii = np.exp(rng.normal(np.log(34), 1.0, 8)).clip(4, 220)
    truth = np.stack([np.hypot(rows - 240, columns - 320) + wobble < radius for radius in radii])
    masks = np.stack([shift(one.astype(float), (2, 1), order=0) > 0 for one in truth])
    image = rng.integers(0, 255, (*SIZE, 3), dtype=np.uint8)
    return runs_of_rles(encode_masks(masks), SIZE), runs_of_rles(encode_masks(truth), SIZE), image


@pytest.mark.parametrize("part", ["errors", "shapes", "contrasts"])
def test_bench_explain(benchmark, pairs, part):
    masks, truth, image = pairs
    calls = {
        "errors": lambda: errors_of(masks, truth, 6),
        "shapes": lambda: shapes_of(truth),
        "contrasts": lambda: contrasts(image, truth, 6),
    }
    assert len(benchmark(calls[part])) == 8
