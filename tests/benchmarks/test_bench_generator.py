"""What mask generation costs after the decoder, and as a whole, against the reference in the same run.

Times are CPU times of one thread (`time.process_time`), ratios reference / ours; nothing is asserted about them.
"""

import importlib.util
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from sambench.masks.boxes import masks_to_boxes_xyxy
from sambench.masks.crops import Crop
from sambench.masks.generator import AutomaticMaskGenerator, GeneratorSettings
from sambench.masks.mask_sources import ModelMasks
from sambench.masks.measure import measure_masks
from sambench.masks.nms import box_nms
from sambench.masks.run_lengths.device import mask_run_lengths
from sambench.masks.stability import stability_score
from sambench.types import MaskFrame, Masks

SIZE = (480, 640)
FRAME = MaskFrame(SIZE, (1024, 1024), (768, 1024))


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def seconds(function, *arguments):
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def objects():
    """64 x 3 logits of wobbly discs, as a trained model answers."""
    generator = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    centre = torch.rand(2, 64, 1, 1, 1, generator=generator) * 256
    radius = torch.rand(64, 3, 1, 1, generator=generator) ** 2 * 80 + 2
    wobble = F.interpolate(torch.randn(64, 3, 32, 32, generator=generator), (256, 256), mode="bicubic")
    return (radius - torch.hypot(y - centre[0], x - centre[1]) + 1.5 * wobble).clamp(-20, 20)


def noise():
    """64 x 3 logits of noise, the worst case: nothing is far from a boundary."""
    return F.interpolate(
        torch.randn(64, 3, 64, 64, generator=torch.Generator().manual_seed(0)), (256, 256), mode="bilinear"
    )


def at_full_size(logits):
    """Resize all masks of a batch at once, then measure and encode them."""
    full = F.interpolate(logits, FRAME.padded_size, mode="bilinear")[..., : FRAME.input_size[0], : FRAME.input_size[1]]
    full = F.interpolate(full, SIZE, mode="bilinear").flatten(0, 1)
    stability_score(full)
    masks_to_boxes_xyxy(full > 0)
    mask_run_lengths(full > 0).compressed(np.arange(len(full)))


def by_segment_anything(logits):
    """Do the same with segment_anything's own functions."""
    pytest.importorskip("segment_anything")
    from segment_anything.modeling import Sam
    from segment_anything.utils import amg

    class Shape:
        class image_encoder:  # noqa: N801
            img_size = 1024

    full = Sam.postprocess_masks(Shape, logits, FRAME.input_size, SIZE).flatten(0, 1)
    amg.calculate_stability_score(full, 0.0, 1.0)
    masks = full > 0
    amg.batched_mask_to_box(masks)
    [amg.coco_encode_rle(rle) for rle in amg.mask_to_rle_pytorch(masks)]


def ours(logits, method="auto"):
    masks = Masks(logits, torch.zeros(logits.shape[:2]), FRAME)
    measured = measure_masks(masks, 1.0, Crop((0, 0, SIZE[1], SIZE[0]), 0), SIZE, method)
    measured.runs.compressed(np.arange(len(measured.areas)))


@pytest.mark.slow
@pytest.mark.parametrize("peer", [at_full_size, by_segment_anything])
@pytest.mark.parametrize("content", [objects, noise])
def test_postprocessing_of_64_points(benchmark, content, peer):
    logits = content()
    ours(logits[:1])
    theirs = seconds(peer, logits)
    benchmark.pedantic(ours, (logits,), rounds=3)
    own = min(seconds(ours, logits) for _ in range(3))
    resized = seconds(ours, logits, "torch")
    benchmark.extra_info.update(ours=own, ours_by_torch=resized, peer=theirs, ratio=theirs / own)


@pytest.mark.slow
@pytest.mark.parametrize("count", [3072, 12288])
def test_suppression(benchmark, count):
    generator = torch.Generator().manual_seed(0)
    corners = torch.randint(0, 640, (count, 2), generator=generator)
    boxes = torch.cat([corners, corners + torch.randint(1, 300, (count, 2), generator=generator)], dim=1)
    kept = benchmark.pedantic(box_nms, (boxes, torch.rand(count, generator=generator), 0.7), rounds=3, warmup_rounds=1)
    benchmark.extra_info.update(kept=len(kept))


def reference_models():
    path = Path(__file__).parents[1] / "parity" / "reference_models.py"
    spec = importlib.util.spec_from_file_location("reference_models", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_generation_32_by_32(benchmark, tmp_path):
    """One 480 x 640 image, ViT-B with random weights, fp32, encoding included.

    Filters are off, since random quality estimates would let all masks or none through: every mask is measured and
    encoded, and as those of random weights are noise, at its dearest.
    """
    segment_anything = pytest.importorskip("segment_anything")
    from sambench.models.sam.loading import load

    references = reference_models()
    model = references.randomise(segment_anything.sam_model_registry["vit_b"](), 1)
    torch.save(model.state_dict(), tmp_path / "weights.bin")
    settings = GeneratorSettings(pred_iou_thresh=0.0, stability_score_thresh=0.0)
    image = references.image(*SIZE)
    peer = segment_anything.SamAutomaticMaskGenerator(
        model, points_per_side=32, pred_iou_thresh=0.0, stability_score_thresh=0.0, output_mode="coco_rle"
    )
    generator = AutomaticMaskGenerator(ModelMasks(load(str(tmp_path / "weights.bin"), device="cpu")), settings)
    own = seconds(benchmark.pedantic, generator.generate, (image,))
    theirs = seconds(peer.generate, image)
    benchmark.extra_info.update(settings=asdict(settings), ours=own, peer=theirs, ratio=theirs / own)
