"""The hierarchy model's answers on hand-made images."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save

from sambench.errors import ModelError, UsageError
from sambench.models.hierarchy.model import KEPT, Canvases, HierarchyModel
from sambench.types import Embedding, Prompts

MODEL = HierarchyModel()


def nested_squares() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a 120 x 150 image, its outer square and the inner square, which is darker red and nearer in colour."""
    image = np.full((120, 150, 3), (40, 90, 160), np.uint8)
    outer, inner = np.zeros((120, 150), bool), np.zeros((120, 150), bool)
    outer[20:100, 30:110] = True
    inner[40:75, 50:85] = True
    image[outer] = (220, 170, 60)
    image[inner] = (190, 90, 50)
    return image, outer, inner


def two_discs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a grey 100 x 160 image with two equal discs, and the discs."""
    y, x = np.mgrid[:100, :160]
    left, right = (x - 40) ** 2 + (y - 50) ** 2 < 25**2, (x - 115) ** 2 + (y - 50) ** 2 < 25**2
    image = np.full((100, 160, 3), 128, np.uint8)
    image[left | right] = (230, 60, 40)
    return image, left, right


def points(*rows: list[tuple[float, float, int]]) -> Prompts:
    """Return prompts from lists of (x, y, label)."""
    width = max(map(len, rows))
    padded = [[*row, *[(0.0, 0.0, -1)] * (width - len(row))] for row in rows]
    table = torch.tensor(padded)
    return Prompts(table[..., :2].float(), table[..., 2].long())


def answer(embedding: Embedding, prompts: Prompts, multimask: bool = True) -> tuple[np.ndarray, np.ndarray]:
    masks = MODEL.decode(embedding, prompts, multimask)
    assert masks.frame.original_size == embedding.original_size
    assert masks.logits.shape[2:] == embedding.original_size
    return (masks.logits > 0).numpy(), masks.predicted_iou.numpy()


def iou(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / (first | second).sum())


@pytest.fixture(scope="module")
def squares() -> tuple[Embedding, np.ndarray, np.ndarray]:
    image, outer, inner = nested_squares()
    return MODEL.encode([image])[0], outer, inner


@pytest.fixture(scope="module")
def discs() -> tuple[Embedding, np.ndarray, np.ndarray]:
    image, left, right = two_discs()
    return MODEL.encode([image])[0], left, right


def test_a_point_in_the_inner_square_answers_inner_and_outer_square(squares):
    embedding, outer, inner = squares
    masks, confidence = answer(embedding, points([(66, 58, 1)]))
    assert max(iou(mask, inner) for mask in masks[0]) > 0.9
    assert max(iou(mask, outer) for mask in masks[0]) > 0.9
    assert (confidence >= 0).all()
    assert (confidence <= 1).all()


def test_the_single_answer_is_the_most_confident_of_the_three(squares):
    embedding, _, _ = squares
    prompts = points([(66, 58, 1)], [(35, 25, 1)], [(3, 3, 1)])
    masks, confidence = answer(embedding, prompts)
    single, single_confidence = answer(embedding, prompts, multimask=False)
    best = confidence.argmax(1)
    assert single.shape[1] == 1
    assert np.array_equal(single[:, 0], masks[np.arange(3), best])
    assert np.array_equal(single_confidence[:, 0], confidence.max(1))


def test_an_excluded_point_in_the_ring_leaves_the_inner_square(squares):
    embedding, _, inner = squares
    masks, _ = answer(embedding, points([(66, 58, 1), (40, 30, 0)]))
    for mask in masks[0]:
        assert mask[58, 66]
        assert not mask[30, 40]
    single, _ = answer(embedding, points([(66, 58, 1), (40, 30, 0)]), multimask=False)
    assert iou(single[0, 0], inner) > 0.9


def test_points_in_two_discs_answer_both_and_an_excluded_one_takes_a_disc_away(discs):
    embedding, left, right = discs
    both, _ = answer(embedding, points([(40, 50, 1), (115, 50, 1), (80, 5, 0)]), multimask=False)
    assert iou(both[0, 0], left | right) > 0.9
    one, _ = answer(embedding, points([(40, 50, 1), (115, 50, 0)]), multimask=False)
    assert iou(one[0, 0], left) > 0.9


def test_only_excluded_points_answer_the_rest(discs):
    embedding, left, _ = discs
    rest, _ = answer(embedding, points([(40, 50, 0)]), multimask=False)
    assert iou(rest[0, 0], ~left) > 0.9


def test_a_box_around_a_square_answers_the_square(squares):
    embedding, outer, inner = squares
    boxes = torch.tensor([[30.0, 20, 110, 100], [49.0, 39, 86, 76]])
    masks, confidence = answer(embedding, Prompts(boxes_xyxy=boxes), multimask=False)
    assert iou(masks[0, 0], outer) > 0.9
    assert iou(masks[1, 0], inner) > 0.9
    assert (confidence > 0.8).all()


def test_a_box_around_two_discs_answers_their_union(discs):
    embedding, left, right = discs
    masks, _ = answer(embedding, Prompts(boxes_xyxy=torch.tensor([[14.0, 24, 142, 77]])), multimask=False)
    assert iou(masks[0, 0], left | right) > 0.9


def test_an_excluded_point_in_a_box_takes_its_region_away(discs):
    embedding, left, _ = discs
    prompts = Prompts(torch.tensor([[[115.0, 50.0]]]), torch.tensor([[0]]), torch.tensor([[14.0, 24, 142, 77]]))
    masks, _ = answer(embedding, prompts, multimask=False)
    assert iou(masks[0, 0], left) > 0.9


def test_an_earlier_mask_is_rebuilt_and_corrected_by_points(discs):
    embedding, left, right = discs
    rough = np.roll(left, 2, 1)
    logits = torch.from_numpy(np.where(rough, 4.0, -4.0).astype(np.float32))[None]
    same, confidence = answer(embedding, Prompts(mask_logits=logits), multimask=False)
    assert iou(same[0, 0], left) > 0.9
    assert confidence[0, 0] == pytest.approx(iou(same[0, 0], rough), abs=1e-3)
    more = Prompts(torch.tensor([[[115.0, 50.0], [80.0, 5.0]]]), torch.tensor([[1, 0]]), mask_logits=logits)
    assert iou(answer(embedding, more, multimask=False)[0][0, 0], left | right) > 0.9
    both = torch.from_numpy(np.where(left | right, 4.0, -4.0).astype(np.float32))[None]
    less = Prompts(torch.tensor([[[115.0, 50.0]]]), torch.tensor([[0]]), mask_logits=both)
    assert iou(answer(embedding, less, multimask=False)[0][0, 0], left) > 0.9


def test_an_earlier_mask_inside_a_box_loses_what_lies_outside(discs):
    embedding, left, right = discs
    logits = torch.from_numpy(np.where(left | right, 4.0, -4.0).astype(np.float32))[None]
    prompts = Prompts(boxes_xyxy=torch.tensor([[10.0, 20, 70, 80]]), mask_logits=logits)
    assert iou(answer(embedding, prompts, multimask=False)[0][0, 0], left) > 0.9


def test_low_resolution_logits_are_brought_to_the_image(discs):
    embedding, left, _ = discs
    logits = torch.from_numpy(np.where(left[::2, ::2], 4.0, -4.0).astype(np.float32))[None]
    assert iou(answer(embedding, Prompts(mask_logits=logits), multimask=False)[0][0, 0], left) > 0.9


def test_an_empty_earlier_mask_alone_answers_nothing(discs):
    embedding, _, _ = discs
    masks, confidence = answer(embedding, Prompts(mask_logits=torch.full((1, 25, 40), -3.0)))
    assert not masks.any()
    assert (confidence == 0).all()


def test_probabilities_step_more_where_the_contour_is_stronger():
    image = np.full((90, 120, 3), 90, np.uint8)
    image[:, 60:] = 105
    image[30:60, 45:75] = 220
    masks = MODEL.decode(MODEL.encode([image])[0], points([(10, 45, 1)]), True)
    probability = masks.logits[0].sigmoid()
    left = next(p for p, m in zip(probability, masks.logits[0] > 0, strict=True) if m[45, 10] and not m[10, 110])
    weak, strong = left[10, 50] - left[10, 70], left[45, 35] - left[45, 55]
    assert strong > weak > 0


def random_scene(seed: int) -> np.ndarray:
    """Return a small image of overlapping rectangles with noise, of random and unequal sides."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(20, 60, 2)
    image = np.full((height, width, 3), rng.integers(0, 256, 3), np.int64)
    for _ in range(8):
        y, x = rng.integers(0, height), rng.integers(0, width)
        image[y : y + rng.integers(4, 30), x : x + rng.integers(4, 30)] = rng.integers(0, 256, 3)
    return np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_three_answers_to_a_point_are_nested_hold_it_and_leave_out_the_excluded(seed):
    embedding = MODEL.encode([random_scene(seed)])[0]
    height, width = embedding.original_size
    rng = np.random.default_rng(seed)
    spots = np.stack([rng.integers(0, width, 12), rng.integers(0, height, 12)], 1).tolist()
    masks, confidence = answer(embedding, points(*[[(x, y, 1)] for x, y in spots]))
    for (x, y), three in zip(spots, masks, strict=True):
        assert three[:, y, x].all()
        assert not (three[0] & ~three[1]).any()
        assert not (three[1] & ~three[2]).any()
    assert (confidence >= 0).all()
    (x, y), (other_x, other_y) = spots[:2]
    labels = embedding.tensors["labels"]
    if labels[y, x] != labels[other_y, other_x]:
        masks, _ = answer(embedding, points([(x, y, 1), (other_x, other_y, 0)]))
        assert masks[0, :, y, x].all()
        assert not masks[0, :, other_y, other_x].any()


def test_a_batch_equals_one_by_one_and_repeats():
    embedding = MODEL.encode([random_scene(3)])[0]
    size = embedding.original_size
    prompts = Prompts(
        torch.tensor([[[5.0, 5], [15, 12]], [[9, 14], [0, 0]], [[2, 2], [3, 18]]]),
        torch.tensor([[1, 0], [1, -1], [1, 1]]),
        torch.tensor([[2.0, 2, 15, 15], [0, 0, 18, 19], [1, 1, 9, 19]]),
        torch.randn(3, *size, generator=torch.Generator().manual_seed(0)),
    )
    for part in (
        prompts,
        Prompts(prompts.points_xy, prompts.labels),
        Prompts(boxes_xyxy=prompts.boxes_xyxy),
        Prompts(mask_logits=prompts.mask_logits),
    ):
        whole, again = MODEL.decode(embedding, part, True), MODEL.decode(embedding, part, True)
        assert torch.equal(whole.logits, again.logits)
        for index in range(3):
            single = MODEL.decode(embedding, part[index : index + 1], True)
            assert torch.equal(whole.logits[index : index + 1], single.logits)
            assert torch.equal(whole.predicted_iou[index : index + 1], single.predicted_iou)


def test_encoding_repeats_and_survives_the_cache():
    image = random_scene(5)
    first, second = MODEL.encode([image, image])
    for name, tensor in first.tensors.items():
        assert torch.equal(tensor, second.tensors[name])
    stored = Embedding(load(save(first.tensors)), first.original_size)
    prompts = points([(4, 9, 1)], [(10, 3, 1)])
    assert torch.equal(MODEL.decode(first, prompts, True).logits, MODEL.decode(stored, prompts, True).logits)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (1, 40), (40, 1), (2, 2), (3, 200)])
@pytest.mark.parametrize("uniform", [True, False])
def test_images_of_any_size_are_answered(shape, uniform):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    embedding = MODEL.encode([image * 0 if uniform else image])[0]
    last = (shape[1] - 1, shape[0] - 1)
    masks, confidence = answer(embedding, points([(*last, 1)]))
    assert masks[0, :, -1, -1].all()
    assert np.isfinite(confidence).all()
    if uniform:
        assert masks.all()
    boxed, _ = answer(embedding, Prompts(boxes_xyxy=torch.tensor([[0.0, 0.0, shape[1], shape[0]]])))
    assert boxed.any()


def test_grey_images_and_points_beyond_the_image_are_answered():
    image = np.repeat(random_scene(8)[..., :1], 3, 2)
    embedding = MODEL.encode([image])[0]
    width = embedding.original_size[1]
    inside, _ = answer(embedding, points([(width - 1, 0, 1)]))
    beyond, _ = answer(embedding, points([(width + 40, -9, 1)]))
    assert np.array_equal(inside, beyond)


@pytest.mark.parametrize(
    ("prompts", "names"),
    [
        (points([(1, 1, 1)], [(0, 0, -1)]), "labels[1]"),
        (Prompts(torch.tensor([[[float("nan"), 1.0]]]), torch.tensor([[1]])), "points_xy[0]"),
        (Prompts(torch.zeros(1, 1, 2), torch.tensor([[2]])), "labels"),
        (Prompts(torch.zeros(1, 2, 2), torch.tensor([[1]])), "points_xy"),
        (Prompts(boxes_xyxy=torch.tensor([[5.0, 5, 3, 8]])), "boxes_xyxy[0]"),
        (Prompts(boxes_xyxy=torch.zeros(1, 5)), "boxes_xyxy"),
        (Prompts(mask_logits=torch.zeros(1, 1, 4, 4)), "mask_logits"),
        (Prompts(mask_logits=torch.full((1, 4, 4), float("inf"))), "mask_logits"),
    ],
)
def test_wrong_prompts_are_named(prompts, names):
    embedding = MODEL.encode([random_scene(1)])[0]
    with pytest.raises(ModelError) as error:
        MODEL.decode(embedding, prompts, True)
    assert names in str(error.value)
    assert error.value.mend


def test_wrong_images_embeddings_and_constants_are_named():
    with pytest.raises(ModelError, match="uint8 RGB"):
        MODEL.encode([np.zeros((4, 4), np.uint8)])
    with pytest.raises(ModelError, match="not made by the hierarchy"):
        MODEL.decode(Embedding({"features": torch.zeros(1)}, (4, 4)), points([(0, 0, 1)]), True)
    for constants in (
        {"gradient_sigma": 2.0},
        {"contrast": 0.0},
        {"finest": 1.5},
        {"gradient_sigmas": 2.0},
        {"vectors": "many"},
        {"growth": float("nan")},
    ):
        with pytest.raises(UsageError) as error:
            HierarchyModel(**constants)
        assert next(iter(constants)) in str(error.value)


def test_the_fingerprint_follows_what_the_embedding_depends_on():
    assert HierarchyModel().fingerprint == MODEL.fingerprint
    assert HierarchyModel(coverage=0.5).fingerprint == MODEL.fingerprint
    assert HierarchyModel(gradient_sigmas=[1, 2]).fingerprint == MODEL.fingerprint
    assert HierarchyModel(gradient_sigmas=[1, 3]).fingerprint != MODEL.fingerprint
    assert MODEL.provenance["training"] == "none"


@pytest.mark.parametrize("odd", [0, 1])
def test_a_large_image_is_seen_smaller_and_answered_at_its_own_size(odd):
    image, outer, inner = (one[: len(one) - odd, : one.shape[1] - odd] for one in nested_squares())
    model = HierarchyModel(megapixels=image.shape[0] * image.shape[1] / 4e6)
    assert model.fingerprint != MODEL.fingerprint
    (embedding,) = model.encode([image])
    labels = embedding.tensors["labels"].numpy()
    assert labels.shape == image.shape[:2] == embedding.original_size
    assert np.array_equal(labels[:-2:2], labels[1:-1:2])  # pairs of rows are one
    assert int(embedding.tensors["areas"][-1]) == labels.size
    (masks,), _ = answer(embedding, points([(60, 60, 1)]))
    for region in (inner, outer):
        assert max((mask & region).sum() / (mask | region).sum() for mask in masks) > 0.93


def test_an_image_within_the_limit_is_seen_as_it_is():
    image = nested_squares()[0]
    embeddings = [HierarchyModel(megapixels=limit).encode([image])[0] for limit in (16.0, image.size / 3e6)]
    for name, tensor in embeddings[0].tensors.items():
        assert torch.equal(tensor, embeddings[1].tensors[name])


def test_room_is_used_again_once_nobody_holds_it():
    canvases = Canvases()
    first = canvases.tensor((4, 3, 5))
    assert first.shape == (4, 3, 5)
    assert first.dtype == torch.float32
    at = first.data_ptr()
    del first
    smaller = canvases.tensor((2, 7))
    assert smaller.data_ptr() == at
    assert smaller.is_contiguous()


def test_what_is_held_through_a_view_is_not_painted_over():
    canvases = Canvases()
    view = canvases.tensor((2, 3)).fill_(1)[1:]
    held = [view, *(canvases.tensor((2, 3)).fill_(2) for _ in range(KEPT + 2))]
    assert len({tensor.untyped_storage().data_ptr() for tensor in held}) == len(held)
    assert (view == 1).all()


def test_larger_room_takes_the_place_of_smaller():
    canvases = Canvases()
    canvases.tensor((3,))
    larger = canvases.tensor((300,)).fill_(1)
    assert larger.sum() == 300


def test_no_room_is_needed_for_nothing():
    assert Canvases().tensor((0, 3)).shape == (0, 3)
