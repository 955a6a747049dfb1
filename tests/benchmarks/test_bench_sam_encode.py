"""ViT-B image encoding against segment_anything in float32: CPU time of both in one run, ratio and error beside it.

Needs segment-anything (`tests/parity/run.sh` makes an environment): python -m pytest --benchmark-enable
tests/benchmarks/test_bench_sam_encode.py
"""

import time

import numpy as np
import pytest
import torch

pytest.importorskip("segment_anything")

from segment_anything import SamPredictor, sam_model_registry

from sambench.models.sam.loading import load

ROUNDS = 2


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Return a checkpoint, an image, segment_anything's embedding of it and its best CPU time."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = sam_model_registry["vit_b"]()
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if "pos" in name:
                tensor.normal_(std=0.2)
    path = tmp_path_factory.mktemp("bench") / "vit_b.bin"
    torch.save(model.state_dict(), path)
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    predictor, seconds = SamPredictor(model.eval()), []
    for _ in range(ROUNDS):
        start = time.process_time()
        predictor.set_image(image)
        seconds.append(time.process_time() - start)
    return path, image, predictor.features[0], min(seconds)


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_encode(benchmark, reference, dtype):
    path, image, expected, seconds = reference
    model = load(path, device="cpu", dtype=dtype)
    embedding = benchmark.pedantic(lambda: model.encode([image])[0], rounds=ROUNDS)
    error = (embedding.tensors["image_embedding"].float() - expected).norm() / expected.norm()
    assert error < (1e-4 if dtype == "fp32" else 0.05)
    benchmark.extra_info["relative error"] = float(error)
    benchmark.extra_info["segment_anything seconds"] = seconds
    if benchmark.enabled:
        benchmark.extra_info["times faster"] = seconds / benchmark.stats.stats.min
