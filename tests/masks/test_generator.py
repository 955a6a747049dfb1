import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pycocotools import mask as coco_mask

from sambench.errors import ModelError, UsageError
from sambench.masks.generator import AutomaticMaskGenerator
from sambench.masks.generator_settings import PRESETS, GeneratorSettings
from sambench.masks.mask_sources import ModelMasks
from sambench.masks.proposals import Proposals, distinct_between_crops, without_small_regions
from sambench.types import Embedding, MaskFrame, Masks

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE.parent / "golden" / "generator_reference.json").read_text())
OPEN = GeneratorSettings(points_per_side=4, pred_iou_thresh=0.0, stability_score_thresh=0.0)

spec = importlib.util.spec_from_file_location("toy_segmenter", HERE / "toy_segmenter.py")
toy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(toy)


def generate(settings, image=None, model=None, method="auto", **given):
    image = toy.blobs_image(150, 211, seed=3) if image is None else image
    return AutomaticMaskGenerator(ModelMasks(model or toy.ToySegmenter()), settings, method).generate(image, **given)


def decode(rles):
    return coco_mask.decode(rles).transpose(2, 0, 1).astype(bool)


def assert_equal(ours, theirs):
    assert ours.rles == theirs.rles
    for name in ("boxes_xyxy", "areas", "predicted_iou", "stability", "points_xy", "crop_boxes_xyxy", "scores"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("case", GOLDEN)
def test_equals_the_stored_answers_of_the_reference(case):
    stored = GOLDEN[case]
    proposals = generate(GeneratorSettings(**stored["settings"]), toy.blobs_image(*stored["size"], stored["seed"]))
    rows = stored["masks"]
    boxes = proposals.boxes_xyxy
    assert np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1).tolist() == [row["bbox"] for row in rows]
    assert proposals.points_xy.tolist() == [row["point_coords"][0] for row in rows]
    np.testing.assert_allclose(proposals.predicted_iou, [row["predicted_iou"] for row in rows], rtol=0, atol=1e-7)
    # Another processor may round a logit next to zero otherwise: two pixels a mask are granted for that.
    np.testing.assert_allclose(proposals.areas, [row["area"] for row in rows], rtol=0, atol=2)
    np.testing.assert_allclose(proposals.stability, [row["stability_score"] for row in rows], rtol=0, atol=1e-3)
    expected = decode([{"size": list(stored["size"]), "counts": row["counts"]} for row in rows])
    assert (decode(proposals.rles) != expected).sum((1, 2)).max() <= 2


def test_crops_answer_in_the_frame_of_the_image():
    proposals = generate(replace(OPEN, crop_n_layers=1))
    masks = decode(proposals.rles)
    assert len({tuple(box) for box in proposals.crop_boxes_xyxy.tolist()}) > 1
    for mask, (x, y), (x0, y0, x1, y1) in zip(masks, proposals.points_xy, proposals.crop_boxes_xyxy, strict=True):
        assert x0 < x < x1
        assert y0 < y < y1
        outside = mask.copy()
        outside[y0:y1, x0:x1] = False
        assert not outside.any()


def test_an_embedding_at_hand_is_used_for_the_whole_image_only():
    image = toy.blobs_image(150, 211, seed=3)
    model = toy.ToySegmenter()
    [embedding] = model.encode([image])
    encoded = []
    encode = model.encode
    model.encode = lambda images: encoded.extend(image.shape[:2] for image in images) or encode(images)
    given = generate(replace(OPEN, crop_n_layers=1), image, model, embedding=embedding)
    assert len(encoded) == 4
    assert (150, 211) not in encoded
    assert_equal(given, generate(replace(OPEN, crop_n_layers=1), image, model))
    with pytest.raises(ValueError, match="embedding of an image"):
        generate(OPEN, image[:-1], model, embedding=embedding)


def test_the_batch_size_changes_nothing():
    settings = replace(OPEN, points_per_side=7, crop_n_layers=1, nms_rank="random", rank="random", seed=5)
    assert_equal(generate(settings), generate(replace(settings, points_per_batch=3)))


def test_a_source_may_answer_in_smaller_batches():
    class Halving(ModelMasks):
        def decode(self, embedding, prompts, multimask, at_once):
            half = len(prompts) // 2
            for part in (prompts[:half], prompts[half:]):
                yield self.model.decode(embedding, part, multimask)

    image = toy.blobs_image(150, 211, seed=3)
    halved = AutomaticMaskGenerator(Halving(toy.ToySegmenter()), OPEN).generate(image)
    assert_equal(halved, generate(OPEN, image))


def test_methods_agree():
    settings = replace(OPEN, points_per_side=6, crop_n_layers=1, min_mask_region_area=40)
    scanned, resized = (generate(settings, method=method) for method in ("scan", "torch"))
    np.testing.assert_array_equal(scanned.boxes_xyxy, resized.boxes_xyxy)
    assert (decode(scanned.rles) != decode(resized.rles)).sum((1, 2)).max() <= 2


def test_empty_masks_are_dropped_first():
    proposals = generate(OPEN, model=toy.ToySegmenter(empty_every=2))
    assert len(proposals) > 0
    assert (proposals.areas > 0).all()
    assert np.isfinite(proposals.stability).all()
    nothing = generate(OPEN, model=toy.ToySegmenter(empty_every=1))
    assert len(nothing) == 0
    assert nothing.boxes_xyxy.shape == (0, 4)


@pytest.mark.parametrize(
    "settings", [replace(OPEN, crop_n_layers=1), replace(OPEN, min_mask_region_area=9, max_masks=3)]
)
def test_an_image_without_masks_goes_through_every_step(settings):
    assert len(generate(settings, model=toy.ToySegmenter(empty_every=1))) == 0


def test_single_masks():
    single = generate(replace(OPEN, multimask=False, box_nms_thresh=1.0))
    assert len(single) == 16


def test_whole_images_are_dropped_before_they_suppress():
    class Plates:
        """Answers each point with a plate of 100 %, 94 % and 10 % of the image."""

        def encode(self, images):
            return [Embedding({}, images[0].shape[:2])]

        def decode(self, embedding, prompts, multimask):
            logits = torch.full((len(prompts), 3, 100, 100), -9.0)
            for k, rows in enumerate((100, 94, 10)):
                logits[:, k, :rows] = 9.0
            return Masks(logits, torch.tensor([[0.9, 0.8, 0.7]]).expand(len(prompts), 3), MaskFrame((100, 100)))

    image = np.zeros((100, 100, 3), np.uint8)
    assert generate(OPEN, image, Plates()).areas.tolist() == [10000, 1000]
    assert generate(replace(OPEN, whole_image_fraction=0.95), image, Plates()).areas.tolist() == [9400, 1000]
    assert generate(replace(OPEN, whole_image_fraction=0.94), image, Plates()).areas.tolist() == [1000]


def proposals_of(masks, crops=None):
    rles = [coco_mask.encode(np.asfortranarray(mask, np.uint8)) for mask in masks]
    count = len(masks)
    places = [np.nonzero(mask) for mask in masks]
    boxes = np.array([[x.min(), y.min(), x.max(), y.max()] for y, x in places])
    return Proposals(
        rles=rles,
        boxes_xyxy=boxes,
        areas=np.array([mask.sum() for mask in masks]),
        predicted_iou=np.linspace(0.9, 0.8, count).astype(np.float32),
        stability=np.ones(count, np.float32),
        points_xy=np.zeros((count, 2)),
        crop_boxes_xyxy=np.array(crops if crops else [[0, 0, 40, 40]] * count),
        scores=np.linspace(0.9, 0.8, count).astype(np.float32),
    )


def square(side, hole=False, speck=False):
    mask = np.zeros((40, 40), bool)
    mask[5 : 5 + side, 5 : 5 + side] = True
    if hole:
        mask[8:10, 8:10] = False
    if speck:
        mask[39, 39] = True
    return mask


def test_between_crops_the_smaller_crop_wins():
    crops = [[0, 0, 40, 40], [0, 0, 25, 25]]
    assert distinct_between_crops(proposals_of([square(20), square(19)], crops), 0.7).areas.tolist() == [361]


def test_after_removal_untouched_masks_win_and_come_first():
    masks = [square(20, hole=True), square(20, speck=True), square(20), square(8)]
    cleaned = without_small_regions(proposals_of(masks), replace(OPEN, min_mask_region_area=5))
    assert cleaned.areas.tolist() == [400, 64]
    np.testing.assert_allclose(cleaned.predicted_iou, [0.9 - 0.2 / 3, 0.8], rtol=1e-6)
    touched = without_small_regions(proposals_of(masks[:2] + masks[3:]), replace(OPEN, min_mask_region_area=5))
    assert touched.areas.tolist() == [64, 400]
    assert touched.boxes_xyxy.tolist() == [[5, 5, 12, 12], [5, 5, 24, 24]]
    np.testing.assert_array_equal(decode(touched.rles)[1], square(20))


def test_the_papers_region_rule_drops_masks_of_specks():
    masks = [square(2, speck=True), square(8)]
    settings = replace(OPEN, min_mask_region_area=5)
    assert without_small_regions(proposals_of(masks), settings).areas.tolist() == [64, 4]
    assert without_small_regions(proposals_of(masks), replace(settings, region_rule="paper")).areas.tolist() == [64]


def test_max_masks_keeps_the_best_by_rank():
    free = replace(OPEN, rank="iou_and_stability", box_nms_thresh=1.0)
    everything = generate(free)
    np.testing.assert_array_equal(everything.scores, (everything.predicted_iou + everything.stability) / 2)
    best = generate(replace(free, max_masks=7))
    np.testing.assert_array_equal(best.scores, np.sort(everything.scores)[::-1][:7])
    assert_equal(generate(replace(free, max_masks=10_000)), everything)


def test_random_ranks_depend_on_the_seed_alone():
    settings = replace(OPEN, nms_rank="random", rank="random", box_nms_thresh=0.3)
    assert_equal(generate(settings), generate(settings))
    assert generate(settings).points_xy.tolist() != generate(replace(settings, seed=1)).points_xy.tolist()


def test_quality_estimates_that_are_not_numbers_are_refused():
    class Broken(toy.ToySegmenter):
        def decode(self, embedding, prompts, multimask):
            return replace(super().decode(embedding, prompts, multimask), predicted_iou=torch.full((16, 3), torch.nan))

    with pytest.raises(ModelError, match="not finite"):
        generate(OPEN, model=Broken())


def test_presets_are_the_papers():
    assert PRESETS["released"] == GeneratorSettings()
    sa1b = PRESETS["paper_sa1b"]
    assert (sa1b.points_per_side, sa1b.crop_n_layers, sa1b.crop_n_points_downscale_factor) == (32, 2, 2)
    assert (sa1b.whole_image_fraction, sa1b.min_mask_region_area, sa1b.region_rule) == (0.95, 100, "paper")
    table = {name: PRESETS[name] for name in ("edges", "proposals", "proposals_single")}
    assert [s.points_per_side for s in table.values()] == [16, 64, 128]
    assert [s.box_nms_thresh for s in table.values()] == [0.7, 0.9, 0.95]
    assert all(s.pred_iou_thresh == s.stability_score_thresh == s.crop_n_layers == 0 for s in table.values())
    assert [s.max_masks for s in table.values()] == [None, 1000, 1000]
    assert [s.multimask for s in table.values()] == [True, True, False]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("points_per_side", 0),
        ("points_per_batch", 0),
        ("pred_iou_thresh", 1.5),
        ("pred_iou_thresh", float("nan")),
        ("box_nms_thresh", -0.1),
        ("crop_overlap_ratio", 1.0),
        ("stability_score_offset", -1.0),
        ("max_masks", 0),
        ("rank", "iou"),
    ],
)
def test_settings_without_meaning_are_refused(name, value):
    with pytest.raises(UsageError) as caught:
        GeneratorSettings(**{name: value})
    assert caught.value.where == name
    assert name in str(caught.value)


def test_a_layer_without_points_is_refused_before_any_work():
    with pytest.raises(UsageError, match="at least one point"):
        generate(replace(OPEN, points_per_side=1, crop_n_layers=1, crop_n_points_downscale_factor=2), model=object())
