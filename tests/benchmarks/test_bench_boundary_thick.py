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
    made = {"raw": read, "suppressed": lambda file: strength_from_image(suppressed(read(file)))}
    prepared, matched = dict.fromkeys(made, 0.0), dict.fromkeys(made, 0.0)
    for number, key in enumerate(dataset.keys):
        truths, file = dataset.load_truth(key).boundaries, maps / f"{key.rpartition('/')[2]}.png"
        for name, make in made.items():
            if not number:
                boundary_counts(make(file), truths)  # compiled before it is timed
            start = time.process_time()
            strength = make(file)
            between = time.process_time()
            counts = boundary_counts(strength, truths)
            matched[name] += time.process_time() - between
            prepared[name] += between - start
            assert counts[0, 2] > 0
            assert (counts[:, 2] <= counts[:, 3]).all()
    whole = {name: prepared[name] + matched[name] for name in made}
    with capsys.disabled():
        print()
        for what, seconds in (("metric alone", matched), ("with reading and suppression", whole)):
            told = ", ".join(f"{name} {seconds[name] / IMAGES:.3f}" for name in seconds)
            ratio = seconds["raw"] / seconds["suppressed"]
            print(f"CPU seconds an image, {what}: {told}; {ratio:.1f} times")


def read(file):
    return strength_from_image(np.asarray(Image.open(file)))
