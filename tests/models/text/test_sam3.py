"""SAM 3 for phrases and clicks on tiny random models of its real classes, against transformers' own answers."""

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tiny_texts import END, write_sam3, write_sam3_video

from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.predictor import Predictor
from sambench.engine.stages import Stages
from sambench.errors import ModelError
from sambench.models.base import Question
from sambench.models.sam.loading import load as load_sam
from sambench.models.text.sam3 import Sam3, load
from sambench.types import Embedding, Prompts, Sample

SIZE = (50, 70)
PHRASES = ["a cat", "Red  Car", "the small wooden boat"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of Sam3Model."""
    path = tmp_path_factory.mktemp("sam3")
    write_sam3(path)
    return path


@pytest.fixture(scope="module")
def video_folder(tmp_path_factory):
    """A folder of Sam3VideoModel as published."""
    path = tmp_path_factory.mktemp("sam3_video")
    write_sam3_video(path)
    return path


@pytest.fixture(scope="module")
def both(video_folder) -> Sam3:
    return load(str(video_folder), device="cpu")


def image(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def clicks() -> Prompts:
    points = torch.tensor([[[10.0, 20.0]], [[60.0, 30.0]]])
    return Prompts(points, torch.ones(2, 1, dtype=torch.int64))


def own_forward(folder, phrase: str, pixels: torch.Tensor):
    """What Sam3Model itself answers to a clean phrase, padded by the end's token as Sam3Processor does."""
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
    text = tokenizer(phrase, padding="max_length", max_length=32, return_tensors="pt")
    with torch.inference_mode():
        return transformers.Sam3Model.from_pretrained(folder).eval()(pixel_values=pixels, **text)


@pytest.mark.parametrize("kind", ["folder", "video_folder"])
def test_phrases_are_answered_as_by_transformers(kind, request):
    path = request.getfixturevalue(kind)
    model = load(str(path), device="cpu")
    (embedding,) = model.encode([image()])
    together = model.concepts(embedding, PHRASES)
    pixels = model.preprocessing.pixels(image())[None]
    for phrase, answer in zip(PHRASES, together, strict=True):
        own = own_forward(path, " ".join(phrase.lower().split()), pixels)
        presence = own.presence_logits.sigmoid()[0, 0]
        close = {"rtol": 0, "atol": 2e-5}
        torch.testing.assert_close(answer.presence, presence, **close)
        torch.testing.assert_close(answer.scores, own.pred_logits[0].sigmoid() * presence, **close)
        torch.testing.assert_close(answer.boxes_xyxy, own.pred_boxes[0] * torch.tensor([70, 50, 70, 50]), **close)
        torch.testing.assert_close(answer.logits, own.pred_masks[0], rtol=1e-5, atol=1e-4)
        torch.testing.assert_close(answer.semantic, own.semantic_seg[0, 0], rtol=1e-5, atol=1e-4)
        assert answer.frame.original_size == SIZE
        assert answer.frame.padded_size is None
    assert (together[0].logits - together[1].logits).abs().max() > 1e-2
    assert together[0].scores.std() > 1e-4


def test_an_answer_does_not_depend_on_the_other_phrases(both):
    (embedding,) = both.encode([image()])
    together = both.concepts(embedding, [*PHRASES, "a cat"])
    for phrase, answer in zip(PHRASES, together, strict=False):
        (alone,) = both.concepts(embedding, [phrase])
        torch.testing.assert_close(answer.logits, alone.logits, rtol=1e-5, atol=1e-4)
        torch.testing.assert_close(answer.scores, alone.scores, rtol=0, atol=1e-6)
    assert both.concepts(embedding, []) == []


def test_images_are_encoded_together_as_apart(both):
    images = [image(), image(1)[:30, :40]]
    for pixels, together in zip(images, both.encode(images), strict=True):
        (apart,) = both.encode([pixels])
        assert together.original_size == apart.original_size == pixels.shape[:2]
        torch.testing.assert_close(together.tensors["trunk"], apart.tensors["trunk"], rtol=1e-5, atol=1e-5)


def test_one_cached_embedding_serves_clicks_and_phrases(both, video_folder, tmp_path):
    (embedding,) = both.encode([image()])
    assert {name: tuple(part.shape) for name, part in embedding.tensors.items()} == {"trunk": (64, 32)}
    save_file(embedding.tensors, tmp_path / "e.safetensors")
    back = Embedding(load_file(tmp_path / "e.safetensors"), SIZE)
    fresh = load(str(video_folder), device="cpu")
    (other,) = fresh.encode([image()])
    found, expected = both.concepts(back, PHRASES[:1]), fresh.concepts(other, PHRASES[:1])
    assert torch.equal(found[0].logits, expected[0].logits)
    assert torch.equal(found[0].scores, expected[0].scores)
    clicked = both.decode(back, clicks(), True), fresh.decode(other, clicks(), True)
    assert torch.equal(clicked[0].logits, clicked[1].logits)
    (second,) = both.encode([image(1)])
    assert not torch.equal(both.concepts(second, PHRASES[:1])[0].logits, found[0].logits)
    assert not torch.equal(both.decode(second, clicks(), True).logits, clicked[0].logits)
    assert both.fingerprint == fresh.fingerprint


def test_a_cache_that_clicks_filled_serves_phrases(both, tmp_path):
    sample = Sample("a", image(), None)
    clicked = Predictor(both, EmbeddingCache(tmp_path, None, "keep"), Stages())
    list(clicked.decode(clicked.embed(sample), clicks(), True))
    asked = Predictor(both, EmbeddingCache(tmp_path, None, "keep"), Stages())
    (answer,) = asked.concepts(asked.embed(sample), PHRASES[:1])
    assert (clicked.encoded, asked.encoded) == (1, 0)
    assert torch.equal(answer.logits, both.concepts(both.encode([image()])[0], PHRASES[:1])[0].logits)


@pytest.mark.parametrize("multimask", [True, False])
def test_clicks_are_answered_as_by_the_tracker_alone(both, video_folder, multimask):
    tracker = load_sam(str(video_folder), family="sam3_tracker", device="cpu")
    expected = tracker.decode(tracker.encode([image()])[0], clicks(), multimask)
    found = both.decode(both.encode([image()])[0], clicks(), multimask)
    assert torch.equal(found.logits, expected.logits)
    assert torch.equal(found.predicted_iou, expected.predicted_iou)
    assert found.logits.std() > 1e-3
    assert both.refuses(Question(points=1)) is None


def test_a_folder_that_transformers_saved_itself_is_read(both, tmp_path):
    write_sam3_video(tmp_path, doubled=True)
    saved = load(str(tmp_path), device="cpu")
    (embedding,) = saved.encode([image()])
    assert torch.equal(
        saved.decode(embedding, clicks(), True).logits, both.decode(both.encode([image()])[0], clicks(), True).logits
    )
    tracker = load_sam(str(tmp_path), family="sam3_tracker", device="cpu")
    again = tracker.decode(tracker.encode([image()])[0], clicks(), True)
    assert torch.equal(again.logits, saved.decode(embedding, clicks(), True).logits)


def test_a_model_of_phrases_alone_refuses_clicks(folder):
    model = load(str(folder), device="cpu")
    assert model.refuses(Question(phrase=True)) is None
    assert "phrases alone" in str(model.refuses(Question(points=1)))
    with pytest.raises(ModelError, match="no answer to clicks: its folder is of Sam3Model"):
        model.decode(model.encode([image()])[0], clicks(), True)


def test_weights_that_are_missing_are_refused(folder, tmp_path):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    tensors = load_file(tmp_path / "model.safetensors")
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith("text_encoder.")}
    assert len(kept) < len(tensors)
    save_file(kept, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"do not fill Sam3Model: \d+ missing: text_encoder"):
        load(str(tmp_path), device="cpu")


def test_what_is_no_folder_of_sam3_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no checkpoint is given"):
        load(None)
    with pytest.raises(ModelError, match="does not exist"):
        load(str(tmp_path / "nothing"), device="cpu")
    (tmp_path / "config.json").write_text('{"model_type": "sam2"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="a model of type 'sam2'"):
        load(str(tmp_path), device="cpu")


def test_half_precision_is_near(video_folder, both):
    half = load(str(video_folder), device="cpu", dtype="bf16")
    (embedding,) = half.encode([image()])
    assert embedding.tensors["trunk"].dtype == torch.bfloat16
    (answer,), (exact,) = half.concepts(embedding, ["a cat"]), both.concepts(both.encode([image()])[0], ["a cat"])
    assert answer.logits.dtype == torch.float32
    assert (answer.scores - exact.scores).abs().max() < 0.05
    assert half.fingerprint != both.fingerprint
    assert half.parts()["encoder"] is half.encoder.backbone


def test_phrases_that_are_too_long_are_cut(both, caplog):
    (embedding,) = both.encode([image()])
    long = "x" * 40
    (cut,), (same,) = both.concepts(embedding, [long]), both.concepts(embedding, [long + " and more"])
    assert torch.equal(cut.logits, same.logits)
    assert caplog.text.count("are cut") == 1
    assert both.provenance["notes"] == ["phrases of more than 32 tokens are cut"]
    ids, mask = both.tokens([long, "hi"])
    assert ids[0, -1] == END
    assert mask.sum(1).tolist() == [32, 4]
