"""The mask generator against segment_anything's, both fed by the same toy segmenter.

Run as a script it writes the reference's answers to `tests/golden/generator_reference.json` for the quick suite.

Runs where segment_anything is installed. Of torchvision the reference's generator needs only `batched_nms` and
`box_area` (and its preprocessing two functions that are not called here); where torchvision itself cannot be imported,
a stand-in with those two, written from their definition, is put in its place while segment_anything is imported.
"""

import importlib
import importlib.util
import json
import sys
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import reference_models
import torch
from pycocotools import mask as coco_mask

from sambench.masks.generator import AutomaticMaskGenerator, GeneratorSettings
from sambench.masks.mask_sources import ModelMasks
from sambench.masks.nms import box_nms
from sambench.models.sam.loading import load
from sambench.types import Prompts

if importlib.util.find_spec("segment_anything") is None:
    pytest.skip("segment_anything is not installed", allow_module_level=True)


def load_beside(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "masks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


toy = load_beside("toy_segmenter")


def area(boxes):
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def naive_nms(boxes, scores, groups, iou_threshold):
    """Greedy suppression by definition; the reference only ever uses one group."""
    assert not groups.any()
    kept = []
    left = torch.sort(scores, stable=True, descending=True).indices
    while len(left):
        best, left = left[0], left[1:]
        kept.append(int(best))
        sides = (
            torch.minimum(boxes[best, 2:], boxes[left, 2:]) - torch.maximum(boxes[best, :2], boxes[left, :2])
        ).clamp(min=0)
        overlap = sides[:, 0] * sides[:, 1]
        iou = overlap / (area(boxes[best][None]) + area(boxes[left]) - overlap)
        left = left[~(iou.double() > iou_threshold)]
    return torch.tensor(kept, dtype=torch.int64)


def stand_in():
    names = ("torchvision", "torchvision.ops", "torchvision.ops.boxes", "torchvision.transforms")
    modules = {name: ModuleType(name) for name in (*names, "torchvision.transforms.functional")}
    modules["torchvision.ops.boxes"].batched_nms = naive_nms
    modules["torchvision.ops.boxes"].box_area = area
    modules["torchvision.transforms.functional"].resize = None
    modules["torchvision.transforms.functional"].to_pil_image = None
    return modules


def import_reference():
    try:
        importlib.import_module("torchvision.ops.boxes")
        modules = {}
    except Exception:
        modules = stand_in()
    replaced = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        return importlib.import_module("segment_anything")
    finally:
        for name, module in replaced.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


reference = import_reference()


class ReferencePredictor:
    """SamPredictor's interface over the toy; logits reach the image by the reference's own postprocessing."""

    device = torch.device("cpu")
    model = SimpleNamespace(mask_threshold=0.0)
    transform = SimpleNamespace(apply_coords=lambda points, size: points)

    def __init__(self, segmenter):
        self.segmenter = segmenter

    def set_image(self, image):
        self.embedding = self.segmenter.encode([image])[0]

    def reset_image(self):
        self.embedding = None

    def predict_torch(self, points, labels, multimask_output, return_logits):
        assert multimask_output
        assert return_logits
        masks = self.segmenter.decode(self.embedding, Prompts(points.float(), labels), True)
        frame = masks.frame
        sam = SimpleNamespace(image_encoder=SimpleNamespace(img_size=toy.PADDED))
        full = reference.modeling.Sam.postprocess_masks(sam, masks.logits, frame.input_size, frame.original_size)
        return full, masks.predicted_iou, masks.logits


def generate_by_reference(image, segmenter, settings, model=None):
    shared = ("points_per_side", "points_per_batch", "pred_iou_thresh", "stability_score_thresh")
    shared += ("stability_score_offset", "box_nms_thresh", "crop_n_layers", "crop_nms_thresh", "crop_overlap_ratio")
    shared += ("crop_n_points_downscale_factor", "min_mask_region_area")
    arguments = {name: asdict(settings)[name] for name in shared}
    stub = SimpleNamespace(image_encoder=SimpleNamespace(img_size=toy.PADDED))
    generator = reference.SamAutomaticMaskGenerator(model or stub, output_mode="coco_rle", **arguments)
    if model is None:
        generator.predictor = ReferencePredictor(segmenter)
    return generator.generate(image)


CASES = {
    "defaults": GeneratorSettings(points_per_side=10),
    "batches": GeneratorSettings(points_per_side=7, points_per_batch=10),
    "no_filters": GeneratorSettings(points_per_side=7, pred_iou_thresh=0.0, stability_score_thresh=0.0),
    "looser": GeneratorSettings(points_per_side=7, pred_iou_thresh=0.8, stability_score_thresh=0.0, box_nms_thresh=0.9),
    "stability": GeneratorSettings(points_per_side=7, stability_score_thresh=0.9, stability_score_offset=2.5),
    "one_crop_layer": GeneratorSettings(points_per_side=6, crop_n_layers=1, pred_iou_thresh=0.8),
    "two_crop_layers": GeneratorSettings(
        points_per_side=8,
        crop_n_layers=2,
        crop_n_points_downscale_factor=2,
        crop_overlap_ratio=0.25,
        crop_nms_thresh=0.5,
        pred_iou_thresh=0.8,
    ),
    "small_regions": GeneratorSettings(points_per_side=10, min_mask_region_area=60),
    "huge_regions": GeneratorSettings(points_per_side=7, pred_iou_thresh=0.8, min_mask_region_area=4000),
    "all_at_once": GeneratorSettings(
        points_per_side=4, pred_iou_thresh=0.0, stability_score_thresh=0.0, crop_n_layers=1, min_mask_region_area=60
    ),
}


@lru_cache
def expectation(case, size):
    settings = replace(CASES[case], points_per_batch=min(16, CASES[case].points_per_batch))
    return generate_by_reference(toy.blobs_image(*size, seed=3), toy.ToySegmenter(), settings)


@pytest.mark.parametrize("size", [(150, 211), (224, 160)])
@pytest.mark.parametrize("method", ["torch", "scan"])
@pytest.mark.parametrize("case", CASES)
def test_equals_the_reference_in_order(case, method, size):
    image = toy.blobs_image(*size, seed=3)
    settings = CASES[case]
    expected = expectation(case, size)
    proposals = AutomaticMaskGenerator(ModelMasks(toy.ToySegmenter()), settings, method).generate(image)
    assert len(proposals) == len(expected) >= 3
    assert [rle["counts"].decode() for rle in proposals.rles] == [ann["segmentation"]["counts"] for ann in expected]
    assert_rows_equal(proposals, expected)


def assert_rows_equal(proposals, expected):
    boxes, crops = (
        np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).tolist()
        for boxes in (proposals.boxes_xyxy, proposals.crop_boxes_xyxy)
    )
    assert boxes == [ann["bbox"] for ann in expected]
    assert crops == [ann["crop_box"] for ann in expected]
    assert proposals.areas.tolist() == [ann["area"] for ann in expected]
    assert proposals.points_xy.tolist() == [ann["point_coords"][0] for ann in expected]
    assert proposals.predicted_iou.tolist() == [ann["predicted_iou"] for ann in expected]
    assert proposals.stability.tolist() == [ann["stability_score"] for ann in expected]


@pytest.mark.parametrize("method", ["torch", "scan"])
def test_empty_masks_are_all_that_the_reference_returns_besides(method):
    image = toy.blobs_image(150, 211, seed=3)
    settings = CASES["no_filters"]
    expected = generate_by_reference(image, toy.ToySegmenter(empty_every=5), settings)
    filled = [ann for ann in expected if ann["area"] > 0]
    assert len(filled) < len(expected)
    proposals = AutomaticMaskGenerator(ModelMasks(toy.ToySegmenter(empty_every=5)), settings, method).generate(image)
    assert_rows_equal(proposals, filled)


@pytest.mark.skipif(not hasattr(sys.modules.get("torchvision"), "__version__"), reason="torchvision does not import")
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("count", [50, 1000, 1500])
def test_suppression_equals_torchvisions(count, threshold):
    from torchvision.ops.boxes import batched_nms, nms

    generator = torch.Generator().manual_seed(count)
    corners = torch.randint(0, 40, (count, 2, 2), generator=generator)
    boxes = torch.cat([corners.amin(1), corners.amax(1)], dim=1)
    scores = torch.randint(0, 9, (count,), generator=generator) / 8
    kept = box_nms(boxes, scores, threshold)
    assert kept.tolist() == nms(boxes.float(), scores, threshold).tolist()
    # Beyond 1000 boxes batched_nms sorts once more, and not stably: equal scores come in any order.
    batched = batched_nms(boxes.float(), scores, torch.zeros(count), threshold)
    assert sorted(kept.tolist()) == sorted(batched.tolist())
    assert scores[kept].tolist() == scores[batched].tolist()


RANDOM_WEIGHTS = GeneratorSettings(
    points_per_side=5, pred_iou_thresh=0.0, stability_score_thresh=0.0, box_nms_thresh=1.0, crop_nms_thresh=1.0
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pred_iou_thresh": 0.65, "stability_score_thresh": 0.05},
        {"points_per_side": 3, "crop_n_layers": 1},
        {"min_mask_region_area": 100},
    ],
)
def test_equals_the_reference_with_the_same_weights(changes, tmp_path):
    """Random weights scatter masks over the whole image, so suppression is left to the tests above."""
    model = reference_models.small_sam()
    model.mask_decoder.iou_prediction_head.layers[-1].bias.data += 1  # else all estimates are below zero
    torch.save(model.state_dict(), tmp_path / "weights.bin")
    image = reference_models.image(90, 131)
    settings = replace(RANDOM_WEIGHTS, **changes)
    expected = [ann for ann in generate_by_reference(image, None, settings, model) if ann["area"] > 0]
    source = ModelMasks(load(str(tmp_path / "weights.bin"), family="sam", device="cpu"))
    ours = AutomaticMaskGenerator(source, settings).generate(image)
    assert len(ours) == len(expected) > 3
    order = np.lexsort((ours.predicted_iou, *ours.points_xy.T))
    expected.sort(key=lambda ann: (ann["point_coords"][0][::-1], ann["predicted_iou"]))
    assert ours.points_xy[order].tolist() == [ann["point_coords"][0] for ann in expected]
    masks, theirs = (
        coco_mask.decode(rles) for rles in ([ours.rles[i] for i in order], [ann["segmentation"] for ann in expected])
    )
    # The decoders agree to 1e-4 relative, so a few pixels at logits next to zero differ, and so may areas and boxes.
    assert (masks != theirs).sum((0, 1)).max() <= 6
    np.testing.assert_allclose(ours.predicted_iou[order], [ann["predicted_iou"] for ann in expected], atol=1e-5)
    np.testing.assert_allclose(ours.stability[order], [ann["stability_score"] for ann in expected], atol=1e-3)
    assert np.abs(ours.areas[order] - [ann["area"] for ann in expected]).max() <= 6


def write_golden():
    """Store settings, image and answer of every case (masks as compressed codes)."""
    size, seed = (150, 211), 3
    cases = {
        name: {
            "settings": asdict(settings),
            "size": size,
            "seed": seed,
            "masks": [
                {
                    key: ann[key]
                    for key in ("bbox", "area", "predicted_iou", "stability_score", "point_coords", "crop_box")
                }
                | {"counts": ann["segmentation"]["counts"]}
                for ann in expectation(name, size)
            ],
        }
        for name, settings in CASES.items()
    }
    golden = Path(__file__).parents[1] / "golden" / "generator_reference.json"
    golden.write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    write_golden()
