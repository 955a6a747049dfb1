"""Every family by a tiny random configuration of its real class: encode, store, decode, against transformers itself."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_sams import FAMILIES, tiny_model

from sambench.masks.resize import logits_at_original
from sambench.models.padding import without_padding
from sambench.models.sam.loading import load
from sambench.models.sam.model import TransformersSam
from sambench.models.sam.token_rules import TokenRules, stable_or_best
from sambench.types import Embedding, Masks, Prompts

SIZE = (37, 61)


@pytest.fixture(scope="module", params=FAMILIES)
def loaded(request, tmp_path_factory) -> tuple[TransformersSam, torch.nn.Module]:
    """Return our model of a folder in the library's format, and the library's model of the same folder."""
    if request.param == "edgetam" and find_spec("timm") is None:
        pytest.skip("EdgeTAM's backbone is timm's, which needs torchvision; tests/parity/run.sh has both")
    folder = tmp_path_factory.mktemp(request.param)
    model = tiny_model(request.param)
    model.save_pretrained(folder)
    return load(folder, family=request.param, device="cpu"), model


def image(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def prompts(kind: str, batch: int = 5, side: int = 16) -> Prompts:
    generator = torch.Generator().manual_seed(len(kind))
    size = torch.tensor([SIZE[1], SIZE[0]], dtype=torch.float32)
    points = torch.rand(batch, 2, 2, generator=generator) * size
    labels = torch.randint(0, 2, (batch, 2), generator=generator)
    corners = torch.rand(batch, 2, 2, generator=generator) * size
    boxes = torch.cat([corners.amin(1), corners.amax(1)], 1)
    masks = torch.randn(batch, side, side, generator=generator) * 5
    return Prompts(
        points if "points" in kind else None,
        labels if "points" in kind else None,
        boxes if "boxes" in kind else None,
        masks if "masks" in kind else None,
    )


def same(one: Masks, other: Masks, tolerance: float = 1e-5) -> None:
    for left, right in ((one.logits, other.logits), (one.predicted_iou, other.predicted_iou)):
        assert left.shape == right.shape
        assert (left - right).abs().max() <= tolerance * right.abs().max()


def test_embedding_is_stored_and_read_back(loaded, tmp_path):
    model, _ = loaded
    embedding = model.encode([image()])[0]
    assert embedding.original_size == SIZE
    save_file(embedding.tensors, tmp_path / "e.safetensors")
    back = Embedding(load_file(tmp_path / "e.safetensors"), SIZE)
    for kind in ("points", "boxes", "masks", "points+boxes+masks"):
        for multimask in (True, False):
            asked = prompts(kind)
            masks = model.decode(embedding, asked, multimask)
            answers = 3 if multimask and model.family != "sam_hq" else 1
            assert masks.logits.shape == (5, answers, 16, 16)
            assert masks.predicted_iou.shape == (5, answers)
            assert masks.logits.isfinite().all()
            assert masks.logits.std() > 1e-3
            assert logits_at_original(masks.logits, masks.frame).shape[-2:] == SIZE
            same(masks, model.decode(back, asked, multimask), 0)


def test_images_of_other_sizes_are_encoded_together(loaded):
    model, _ = loaded
    images = [image(0), image(1)[:30, :20], image(2)[:, :37]]
    together = model.encode(images)
    for one, embedding in zip(images, together, strict=True):
        alone = model.encode([one])[0]
        assert alone.original_size == embedding.original_size == one.shape[:2]
        for name, tensor in alone.tensors.items():
            torch.testing.assert_close(embedding.tensors[name], tensor, rtol=0, atol=1e-4)


def test_agrees_with_transformers(loaded):
    model, library = loaded
    for layer in library.mask_decoder.transformer.layers:
        for norm in (layer.layer_norm1, layer.layer_norm2, layer.layer_norm3, layer.layer_norm4):
            norm.eps = 1e-5  # the references' epsilon, where transformers' SAM has 1e-6
    if model.family == "sam_hq":
        pytest.skip("transformers' SAM-HQ decoder does not follow its reference; tests/golden holds the reference's")
    embedding = model.encode([image()])[0]
    order = ["image_embedding"] if model.family == "sam" else ["high_res_0", "high_res_1", "image_embedding"]
    tensors = [embedding.tensors[name][None] for name in order]
    for kind in ("points", "boxes", "points+boxes"):
        asked = prompts(kind)
        for multimask in (True, False):
            points, boxes = (
                None if part is None else model.preprocessing.to_model(part, SIZE)
                for part in (asked.points_xy, None if asked.boxes_xyxy is None else asked.boxes_xyxy.view(-1, 2, 2))
            )
            with torch.no_grad():
                theirs = library(
                    image_embeddings=tensors[0] if model.family == "sam" else tensors,
                    input_points=None if points is None else points[None],
                    input_labels=None if points is None else asked.labels[None],
                    input_boxes=None if boxes is None else boxes.flatten(1)[None],
                    multimask_output=multimask,
                )
            frame = model.preprocessing.frame(SIZE)
            expected = Masks(theirs.pred_masks[0], theirs.iou_scores[0], frame)
            same(model.decode(embedding, asked, multimask), expected, 2e-5)


def test_encoder_agrees_with_transformers(loaded):
    model, library = loaded
    pixels = model.preprocessing.pixels(image())[None]
    with torch.no_grad():
        theirs = library.get_image_embeddings(pixels)
    ours = model.encode([image()])[0].tensors["image_embedding"][None]
    if model.family == "sam3_tracker":
        # transformers adds this embedding to the coarsest of SAM 3's four levels, which is then dropped.
        theirs[-1] = theirs[-1] + library.no_memory_embedding.view(1, -1, 1, 1)
    theirs = theirs if model.family == "sam" else theirs[0] if model.family == "sam_hq" else theirs[-1]
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


def test_padding_points_change_nothing(loaded):
    model, _ = loaded
    embedding = model.encode([image()])[0]
    asked = prompts("points+boxes")
    padded_xy = torch.cat([torch.full((5, 1, 2), 3.0), asked.points_xy, torch.full((5, 2, 2), 9.0)], 1)
    padded_labels = torch.cat([-torch.ones(5, 1), asked.labels, -torch.ones(5, 2)], 1).long()
    padded = Prompts(padded_xy, padded_labels, asked.boxes_xyxy)
    same(model.decode(embedding, padded, True), model.decode(embedding, asked, True), 0)
    ragged_labels = padded_labels.clone()
    ragged_labels[[1, 3], 2] = -1
    ragged = model.decode(embedding, Prompts(padded_xy, ragged_labels), True)
    for row in range(5):
        keep = ragged_labels[row] != -1
        alone = model.decode(embedding, Prompts(padded_xy[row, keep][None], ragged_labels[row, keep][None]), True)
        same(ragged[row : row + 1], alone, 1e-4)


def test_chunks_and_order_change_nothing(loaded):
    model, _ = loaded
    embedding = model.encode([image()])[0]
    asked = prompts("points+masks", batch=11)
    whole = model.decode(embedding, asked, True)
    for row in range(11):
        same(whole[row : row + 1], model.decode(embedding, asked[row : row + 1], True), 1e-4)


def test_half_precision_encoder_stays_close(loaded, tmp_path):
    model, library = loaded
    library.save_pretrained(tmp_path)
    half = load(tmp_path, device="cpu", dtype="bf16")
    assert half.fingerprint != model.fingerprint
    ours, exact = half.encode([image()])[0], model.encode([image()])[0]
    for name, tensor in exact.tensors.items():
        assert ours.tensors[name].dtype == torch.bfloat16
        error = (ours.tensors[name].float() - tensor).norm() / tensor.norm()
        assert error < 0.05, "bf16 keeps eight bits"
    assert half.decode(ours, prompts("points"), True).logits.dtype == torch.float32


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_half_precision_decoder_stays_close(loaded, tmp_path, dtype):
    model, library = loaded
    library.save_pretrained(tmp_path)
    half = load(tmp_path, device="cpu", decode_dtype=dtype)
    embedding = model.encode([image()])[0]
    for kind in ("points", "boxes", "points+boxes+masks"):
        ours, exact = half.decode(embedding, prompts(kind), True), model.decode(embedding, prompts(kind), True)
        assert ours.logits.dtype == ours.predicted_iou.dtype == torch.float32
        assert (ours.logits - exact.logits).norm() < 0.1 * exact.logits.norm()


def test_wrong_mask_prompt_and_empty_prompt(loaded):
    model, _ = loaded
    embedding = model.encode([image()])[0]
    with pytest.raises(ValueError, match=r"\(B, 16, 16\)"):
        model.decode(embedding, prompts("masks", side=12), True)
    with pytest.raises(ValueError, match="neither point, box nor mask"):
        model.decode(embedding, Prompts(torch.zeros(1, 1, 2), torch.tensor([[-1]])), True)


def test_without_padding_groups_by_number_of_points():
    labels = torch.tensor([[1, -1], [-1, 0], [1, 1], [0, -1]])
    xy = torch.arange(16.0).view(4, 2, 2)
    (one, first), (two, second) = list(without_padding(Prompts(xy, labels)))
    assert one.tolist() == [0, 1, 3]
    assert first.labels.tolist() == [[1], [0], [0]]
    assert first.points_xy.tolist() == [[[0, 1]], [[6, 7]], [[12, 13]]]
    assert two.tolist() == [2]
    assert second.labels.tolist() == [[1, 1]]


def test_stable_or_best_by_hand():
    rules = TokenRules(stability_delta=0.5, stability_threshold=0.8)
    masks = torch.tensor([[1.0, 1, 1, 1, -1], [1, 0, 0, 0, -1]])[:, None, :, None].repeat(1, 4, 1, 1)
    masks[:, 1:] += torch.tensor([10.0, 20, 30])[:, None, None]
    iou = torch.tensor([[0.1, 0.2, 0.9, 0.3]] * 2)
    logits, scores = stable_or_best(masks, iou, rules)
    assert torch.allclose(scores, torch.tensor([[0.1], [0.9]]))  # stabilities 4/4 and 1/4
    assert torch.equal(logits[0, 0], masks[0, 0])
    assert torch.equal(logits[1, 0], masks[1, 2])


def test_empty_single_mask_counts_as_stable():
    masks = -torch.ones(1, 4, 2, 2)
    _, scores = stable_or_best(masks, torch.tensor([[0.1, 0.2, 0.3, 0.4]]), TokenRules())
    assert torch.allclose(scores, torch.tensor([[0.1]]))
