"""Decoding 64 points and resizing their masks against segment_anything: CPU time of both in one run, ratio beside it.

Needs segment-anything (`tests/parity/run.sh` makes an environment): python -m pytest --benchmark-enable
tests/benchmarks/test_bench_sam_decode.py
"""

import time

import pytest
import torch

pytest.importorskip("segment_anything")

from segment_anything import SamPredictor, sam_model_registry

from sambench.masks.resize import logits_at_original
from sambench.models.sam.loading import load
from sambench.types import Embedding, Prompts

SIZE, POINTS, ROUNDS = (480, 640), 64, 2


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Return our model of random ViT-B weights, an embedding, points, and segment_anything's answer and CPU times."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = sam_model_registry["vit_b"]().eval()
    path = tmp_path_factory.mktemp("bench") / "vit_b.bin"
    torch.save(model.state_dict(), path)
    features, points = torch.randn(1, 256, 64, 64), torch.rand(POINTS, 1, 2) * torch.tensor([640.0, 480.0])
    labels = torch.ones(POINTS, 1, dtype=torch.int64)
    predictor = SamPredictor(model)
    predictor.features, predictor.original_size, predictor.input_size = features, SIZE, (768, 1024)
    predictor.is_image_set = True
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        coordinates = predictor.transform.apply_coords_torch(points, SIZE)
        full, iou, low = predictor.predict_torch(coordinates, labels, return_logits=True)
        seconds.append(time.process_time() - start)
    embedding = Embedding({"image_embedding": features[0]}, SIZE)
    return load(path, device="cpu"), embedding, Prompts(points, labels), (full, iou, low), min(seconds)


@pytest.mark.benchmark(timer=time.process_time)
def test_decode_and_resize(benchmark, reference):
    model, embedding, points, (full, _, low), seconds = reference

    def run():
        model._prepared = None  # what an image's prompts share is part of the work
        masks = model.decode(embedding, points, True)
        return masks, logits_at_original(masks.logits, masks.frame)

    masks, resized = benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)
    assert (masks.logits - low).abs().max() < 1e-4 * low.abs().max()
    assert not ((resized > 0) != (full > 0))[full.abs() > 1e-3].any()
    benchmark.extra_info["segment_anything seconds"] = seconds
    if benchmark.enabled:
        benchmark.extra_info["times faster"] = seconds / benchmark.stats.stats.min
