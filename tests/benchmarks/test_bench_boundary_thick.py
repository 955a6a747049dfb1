"""What raw edge maps cost beside the same maps after edge suppression: PiDiNet's own of 20 BSDS500 test images.

Run with `SAMBENCH_TEST_DATA=FOLDER pytest tests/benchmarks/test_bench_boundary_thick.py --benchmark-enable -m slow -s`.
"""

import time

import numpy as np
import pytest
from PIL import Image

from sambench.datasets.edges.bsds500 import Bsds500
from sambench.metrics.boundary.counts import boundary_counts, strength_from_image
from sambench.predictions.edge_suppression import suppressed

IMAGES = 20


@pytest.mark.slow
def test_bench_raw_maps_beside_suppressed_ones(benchmark, real_data, capsys):
    if benchmark.disabled:
        pytest.skip("measures and asserts little; run with --benchmark-enable")
    maps = real_data / "published" / "pidinet" / "maps"
    dataset = Bsds500(real_data, limit=IMAGES)
    seconds = {"raw": 0.0, "suppressed": 0.0}
    for key in dataset.keys:
        truths = dataset.load_truth(key).boundaries
        raw = strength_from_image(np.asarray(Image.open(maps / f"{key.rpartition('/')[2]}.png")))
        for name, strength in (("raw", raw), ("suppressed", strength_from_image(suppressed(raw)))):
            if not seconds[name]:
                boundary_counts(strength, truths)  # compiled before it is timed
            start = time.process_time()
            counts = boundary_counts(strength, truths)
            seconds[name] += time.process_time() - start
            assert counts[0, 2] > 0
            assert (counts[:, 2] <= counts[:, 3]).all()
    with capsys.disabled():
        told = ", ".join(f"{name} {seconds[name] / IMAGES:.3f}" for name in seconds)
        print(f"\nCPU seconds an image: {told}; {seconds['raw'] / seconds['suppressed']:.1f} times")
