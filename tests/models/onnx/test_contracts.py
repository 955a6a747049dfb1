"""Every contract in its exporter's own names, ranks and types: recognised, asked rightly, and refused what it lacks."""

import numpy as np
import pytest
import torch

from sambench.errors import ModelError, UsageError
from sambench.models.base import Question
from sambench.types import MaskFrame, Prompts

pytest.importorskip("onnxruntime")

from tiny_graphs import INT32, INT64, Port, asked, decoder, encoder

from sambench.models.onnx.model import load

SIZE = (50, 100)
"""An image whose longest side becomes 64: scaled by .64 in SAM's frame."""

POINTS = torch.tensor([[[10.0, 20.0], [50.0, 25.0]], [[0.0, 0.0], [100.0, 50.0]]])
LABELS = torch.tensor([[1, 0], [1, 1]])
BOXES = torch.tensor([[10.0, 20.0, 50.0, 25.0], [0.0, 0.0, 100.0, 50.0]])

EMBEDDING = Port("image_embeddings", (1, 3, 4, 4))
META = [
    Port("mask_input", (1, 1, 16, 16)),
    Port("has_mask_input", (1,)),
    Port("orig_im_size", (2,)),
]
META_POINTS = Port("point_coords", (1, "num_points", 2)), Port("point_labels", (1, "num_points"))
BATCHED = Port("point_coords", ("batch", "num_points", 2)), Port("point_labels", ("batch", "num_points"))
LOW = Port("low_res_masks", (1, "m", "h", "w"))
IOU = Port("iou_predictions", (1, "m"))
FULL = Port("masks", (1, "m", "height", "width")), "full"

SAM2 = [
    Port("image_embed", (1, 3, 4, 4)),
    Port("high_res_feats_0", (1, 2, 16, 16)),
    Port("high_res_feats_1", (1, 2, 8, 8)),
]
SAM2_EXTRA = [Port("mask_input", ("p", 1, 16, 16)), Port("has_mask_input", (1,))]


def image():
    return np.full((*SIZE, 3), 120, np.uint8)


def meta_encoder(tmp_path, name="input_image", shape=(1, 3, 64, 64), outputs=(EMBEDDING,)):
    return encoder(tmp_path / "encoder.onnx", Port(name, shape), list(outputs))


def sam2_encoder(tmp_path):
    outputs = [Port("high_res_feats_0", (1, 2, 16, 16)), Port("high_res_feats_1", (1, 2, 8, 8)), SAM2[0]]
    return encoder(tmp_path / "encoder.onnx", Port("image", (1, 3, 64, 64)), outputs)


def opened(tmp_path, first, *arguments, **switches):
    second = decoder(tmp_path / "decoder.onnx", *arguments, **switches.pop("graph", {}))
    model = load(first, second, **switches)
    return model, model.encode([image()])[0]


def meta(tmp_path, number=4, others=(FULL,), **switches):
    graph = {"extra": META, "number": number, "others": others}
    return opened(tmp_path, meta_encoder(tmp_path), [EMBEDDING], *META_POINTS, LOW, IOU, graph=graph, **switches)


def test_segment_anything(tmp_path):
    model, embedding = meta(tmp_path)
    assert model.provenance["contract"] == "meta"
    assert (model.decoder.rules.masks, model.decoder.batch) == (4, 1)
    answer = model.decode(embedding, Prompts(POINTS, LABELS), True)
    assert answer.logits.shape == (2, 3, 16, 16)
    assert answer.frame == MaskFrame(SIZE, (64, 64), (32, 64))
    torch.testing.assert_close(answer.predicted_iou, torch.tensor([[0.1, 0.2, 0.3]] * 2))
    assert (answer.logits[0, :, -1, -1] == torch.tensor([1000.0, 2000.0, 3000.0])).all()
    seen = asked(answer, 0, 1, 3)
    np.testing.assert_allclose(seen.xy, [[6.4, 12.8], [32, 16], [0, 0]], atol=1e-3)
    assert seen.labels == [1, 0, -1]  # the padding point
    np.testing.assert_allclose(seen.rest[:4], [0, 0, 50, 100], atol=1e-3)  # no mask, (height, width)
    single = model.decode(embedding, Prompts(POINTS, LABELS), False)
    assert single.logits.shape == (2, 1, 16, 16)
    assert (single.logits[:, 0, -1, -1] == 0).all()  # token 0


def test_a_box_has_no_padding_point_and_a_mask_is_announced_by_one(tmp_path):
    model, embedding = meta(tmp_path)
    logits = torch.full((2, 16, 16), 2.0)
    seen = asked(model.decode(embedding, Prompts(boxes_xyxy=BOXES, mask_logits=logits), True), 1, 1, 2)
    np.testing.assert_allclose(seen.xy, [[0, 0], [64, 32]], atol=1e-3)
    assert seen.labels == [2, 3]
    np.testing.assert_allclose(seen.rest[:2], [2, 1], atol=1e-3)
    both = asked(model.decode(embedding, Prompts(POINTS, LABELS, BOXES), True), 0, 1, 4)
    assert both.labels == [1, 0, 2, 3]


def test_prompts_of_several_lengths_are_asked_by_length_and_come_back_in_order(tmp_path):
    model, embedding = meta(tmp_path)
    labels = torch.tensor([[1, 0], [1, -1]])
    answer = model.decode(embedding, Prompts(POINTS, labels), True)
    assert asked(answer, 0, 1, 3).labels == [1, 0, -1]
    assert asked(answer, 1, 1, 2).labels == [1, -1]


def test_extra_metrics_whose_names_lie(tmp_path):
    others = [FULL, (Port("low_res_masks", (1, "m")), "stability"), (Port("1128", (1, "m"), INT64), "area")]
    low = Port("masks.1", (1, "m", "h", "w"))
    arguments = meta_encoder(tmp_path), [EMBEDDING], *META_POINTS, low, IOU
    model, embedding = opened(tmp_path, *arguments, graph={"extra": META, "others": others})
    assert model.decoder.masks == "masks.1"
    assert model.decode(embedding, Prompts(POINTS, LABELS), True).logits.shape == (2, 3, 16, 16)


def test_an_export_of_a_single_mask(tmp_path):
    model, embedding = meta(tmp_path, number=1)
    assert model.decoder.rules.masks == 1
    assert model.decode(embedding, Prompts(POINTS[:, :1], LABELS[:, :1]), True).logits.shape[1] == 1
    assert model.refuses(Question(points=1)) is None
    assert model.refuses(Question(points=2, multimask=False)) is None
    for refused in (Question(points=1, multimask=False), Question(points=2), Question(box=True, multimask=False)):
        assert "one mask" in model.refuses(refused)
    with pytest.raises(ModelError, match="here token 0"):
        model.decode(embedding, Prompts(POINTS, LABELS), True)
    assert "no oracle" in model.provenance["notes"][0]


def test_full_masks_alone_are_scored_as_they_come(tmp_path):
    graph = {"extra": META[2:], "side": 16}
    port = Port("masks", (1, "m", "height", "width"))
    model, embedding = opened(tmp_path, meta_encoder(tmp_path), [EMBEDDING], *META_POINTS, port, IOU, graph=graph)
    assert model.decode(embedding, Prompts(POINTS, LABELS), True).frame == MaskFrame(SIZE)
    assert "no mask prompts" in model.refuses(Question(points=2, mask=True)).replace("takes ", "")


def test_sam_hq(tmp_path):
    early = Port("interm_embeddings", (4, 1, 4, 4, 6))
    first = meta_encoder(tmp_path, outputs=(EMBEDDING, early))
    graph = {"extra": META, "number": 1, "others": [FULL]}
    model, embedding = opened(tmp_path, first, [EMBEDDING, early], *META_POINTS, LOW, IOU, graph=graph)
    assert model.provenance["contract"] == "hq"
    assert embedding.tensors["interm_embeddings"].shape == (1, 4, 4, 6)
    for multimask in (True, False):
        answer = model.decode(embedding, Prompts(POINTS, LABELS), multimask)
        assert answer.logits.shape[1] == 1
    seen = asked(answer, 0, 2, 3)
    assert seen.features[1] == pytest.approx(seen.features[0] + 1, rel=0.2)
    assert seen.labels == [1, 0, -1]


def test_edgesam(tmp_path):
    scores, masks = Port("scores", (1, 4)), Port("masks", (1, 4, 16, 16))
    first = meta_encoder(tmp_path, "image")
    model, embedding = opened(tmp_path, first, [EMBEDDING], *META_POINTS, masks, scores)
    assert model.provenance["contract"] == "edgesam"
    answer = model.decode(embedding, Prompts(POINTS, LABELS), True)
    assert answer.logits.shape == (2, 3, 16, 16)
    assert asked(answer, 0, 1, 3).labels == [1, 0, -1]
    assert "no mask prompts" in model.refuses(Question(points=2, mask=True))


def test_efficientvit_reads_a_smaller_square_than_its_points_are_in(tmp_path):
    embedding = Port("image_embeddings", (1, 3, 64, 64))
    first = encoder(tmp_path / "encoder.onnx", Port("input_image", ("b", 3, 512, 512)), [embedding])
    masks, scores = Port("masks", ("b", 4, 16, 16)), Port("iou_predictions", ("b", 4))
    model, made = opened(tmp_path, first, [embedding], *BATCHED, masks, scores)
    assert model.provenance["contract"] == "efficientvit"
    assert model.encoder.geometry.size == 512
    answer = model.decode(made, Prompts(POINTS, LABELS), True)
    assert answer.frame == MaskFrame(SIZE, (1024, 1024), (512, 1024))
    np.testing.assert_allclose(asked(answer, 0, 1, 3).xy, [[102.4, 204.8], [512, 256], [0, 0]], atol=1e-2)
    assert model.decoder.batch == 64


def test_sam_med2d_stretches(tmp_path):
    embedding = Port("image_embeddings", (1, 3, 16, 16))
    first = encoder(tmp_path / "encoder.onnx", Port("input_image", ("h", "w", 3)), [embedding])
    extra = [Port("mask_input", (1, 1, 64, 64)), *META[1:]]
    graph = {"extra": extra, "side": 64, "others": [FULL]}
    model, made = opened(tmp_path, first, [embedding], *META_POINTS, LOW, IOU, graph=graph)
    assert model.provenance["contract"] == "med2d"
    answer = model.decode(made, Prompts(POINTS, LABELS), True)
    assert answer.frame == MaskFrame(SIZE, (256, 256), (256, 256))
    seen = asked(answer, 0, 1, 3)
    np.testing.assert_allclose(seen.xy, [[25.6, 102.4], [128, 128], [0, 0]], atol=1e-3)
    assert seen.features[0] == pytest.approx(120)  # raw pixels of the whole image


def test_efficientsam_in_two_parts(tmp_path):
    first = encoder(tmp_path / "encoder.onnx", Port("batched_images", ("b", 3, "h", "w")), [EMBEDDING])
    points, labels = Port("batched_point_coords", (1, 1, "n", 2)), Port("batched_point_labels", (1, 1, "n"))
    low, scores = Port("onnx::Shape_1830", (1, 3, "h", "w")), Port("iou_predictions", (1, 1, 3))
    size = [Port("orig_im_size", (2,), INT64)]
    model, embedding = opened(
        tmp_path, first, [EMBEDDING], points, labels, low, scores, graph={"extra": size, "number": 3}
    )
    assert model.provenance["contract"] == "efficientsam"
    answer = model.decode(embedding, Prompts(POINTS, torch.ones_like(LABELS)), True)
    assert answer.logits.shape == (2, 3, 16, 16)
    assert answer.frame == MaskFrame(SIZE)
    seen = asked(answer, 0, 1, 2)
    np.testing.assert_allclose(seen.xy, [[10, 20], [50, 25]], atol=1e-3)  # the image's own pixels, no padding
    assert seen.features[0] == pytest.approx(120 / 255, abs=1e-3)
    assert "background" in model.refuses(Question(points=2, background=True))
    assert "at most 6" in model.refuses(Question(points=5, box=True))
    assert "best of three" in model.refuses(Question(points=1, multimask=False))


def test_efficientsam_in_one_piece(tmp_path):
    pixels = Port("batched_images", (1, 3, "h", "w"))
    points, labels = Port("batched_point_coords", (1, 1, "n", 2)), Port("batched_point_labels", (1, 1, "n"))
    low, scores = Port("low", (1, 3, 16, 16)), Port("iou_predictions", (1, 1, 3))
    path = decoder(tmp_path / "whole.onnx", [pixels], points, labels, low, scores, number=3)
    model = load(path)
    embedding = model.encode([image()])[0]
    assert embedding.tensors["pixels"].shape == (3, *SIZE)
    assert not model.cacheable
    seen = asked(model.decode(embedding, Prompts(POINTS[:, :1], torch.ones(2, 1)), True), 0, 1, 1)
    assert seen.features[0] == pytest.approx(120 / 255, abs=1e-3)
    best = load(path, single_answers="best").decode(embedding, Prompts(POINTS[:, :1], torch.ones(2, 1)), False)
    assert best.predicted_iou.flatten().tolist() == pytest.approx([0.2, 0.2])


def test_samexporter_sam2(tmp_path):
    masks, scores = Port("masks", ("p", 3, 16, 16)), Port("iou_predictions", ("p", 3))
    graph = {"extra": SAM2_EXTRA, "number": 3}
    model, embedding = opened(tmp_path, sam2_encoder(tmp_path), SAM2, *BATCHED, masks, scores, graph=graph)
    assert model.provenance["contract"] == "sam2"
    answer = model.decode(embedding, Prompts(POINTS, LABELS, BOXES, torch.full((2, 16, 16), 99.0)), True)
    assert answer.frame == MaskFrame(SIZE)
    seen = asked(answer, 0, 3, 4)
    coarse, finest, middle = seen.features
    assert finest < middle < coarse  # each by its own name, though the encoder gives the finest first
    np.testing.assert_allclose(seen.xy[:2], [[6.4, 25.6], [32, 32]], atol=1e-3)  # the corners first, each axis scaled
    assert seen.labels == [2, 3, 1, 0]  # and no padding, which the graph adds
    np.testing.assert_allclose(seen.rest[:2], [32, 1], atol=1e-3)  # clamped
    assert "best of three" in model.refuses(Question(points=1, multimask=False))


def test_onnx_sam2_has_names_of_its_own(tmp_path):
    features = [Port(f"in{k}", port.shape) for k, port in enumerate(SAM2)]
    points, labels = Port("in3", ("p", "n", 2)), Port("in4", ("p", "n"))
    extra = [Port("in5", (1, 1, 16, 16)), Port("in6", (1,)), Port("orig_im_size", (2,), INT32)]
    masks, scores = Port("out0", (1, 3, "h", "w")), Port("out1", (1, 3))
    graph = {"extra": extra, "number": 3}
    model, embedding = opened(tmp_path, sam2_encoder(tmp_path), features, points, labels, masks, scores, graph=graph)
    assert model.provenance["contract"] == "sam2"
    seen = asked(model.decode(embedding, Prompts(POINTS, LABELS), True), 0, 3, 2)
    assert seen.features[1] < seen.features[2] < seen.features[0]
    assert seen.labels == [1, 0]
    np.testing.assert_allclose(seen.rest[2:4], [50, 100], atol=1e-3)


def test_osam_sam2_names_its_features_otherwise(tmp_path):
    features = [
        Port("image_embeddings", (1, 3, 4, 4)),
        Port("high_res_features1", (1, 2, 16, 16)),
        Port("high_res_features2", (1, 2, 8, 8)),
    ]
    extra = [Port("mask_input", (1, 1, 16, 16)), Port("has_mask_input", (1,)), Port("orig_im_size", (2,), INT64)]
    graph = {"extra": extra, "number": 3, "others": [FULL]}
    model, embedding = opened(tmp_path, sam2_encoder(tmp_path), features, *META_POINTS, LOW, IOU, graph=graph)
    assert (model.provenance["contract"], model.decoder.masks) == ("sam2", "low_res_masks")
    seen = asked(model.decode(embedding, Prompts(POINTS, LABELS), True), 0, 3, 2)
    assert seen.features[1] < seen.features[2] < seen.features[0]


def test_optimum_takes_no_boxes_and_pads_by_itself(tmp_path):
    position = Port("image_positional_embeddings", (1, 3, 4, 4))
    first = meta_encoder(tmp_path, "pixel_values", outputs=(EMBEDDING, position))
    points, labels = Port("input_points", ("b", "p", "n", 2)), Port("input_labels", ("b", "p", "n"), INT64)
    masks, scores = Port("pred_masks", ("b", "p", 3, 16, 16)), Port("iou_scores", ("b", "p", 3))
    graph = {"number": 3, "rank": 5}
    model, embedding = opened(tmp_path, first, [EMBEDDING, position], points, labels, masks, scores, graph=graph)
    assert model.provenance["contract"] == "hf"
    answer = model.decode(embedding, Prompts(POINTS, LABELS), True)
    assert answer.logits.shape == (2, 3, 16, 16)
    seen = asked(answer, 0, 2, 2)
    np.testing.assert_allclose(seen.xy, [[6.4, 12.8], [32, 16]], atol=1e-3)
    assert seen.labels == [1, 0]
    assert "no corners among points" in model.refuses(Question(box=True))


def test_transformers_js_takes_boxes_beside_points(tmp_path):
    features = [
        Port("image_embeddings.2", (1, 3, 4, 4)),
        Port("image_embeddings.0", (1, 2, 16, 16)),
        Port("image_embeddings.1", (1, 2, 8, 8)),
    ]
    outputs = [features[1], features[2], features[0]]
    first = encoder(tmp_path / "encoder.onnx", Port("pixel_values", (1, 3, 64, 64)), outputs)
    points, labels = Port("input_points", (1, "p", "n", 2)), Port("input_labels", (1, "p", "n"), INT64)
    boxes = Port("input_boxes", (1, "boxes", 4))
    masks, scores = Port("pred_masks", (1, "p", 3, 16, 16)), Port("iou_scores", (1, "p", 3))
    graph = {"number": 3, "rank": 5, "extra": [boxes]}
    model, embedding = opened(tmp_path, first, features, points, labels, masks, scores, graph=graph)
    assert model.provenance["contract"] == "hf2"
    answer = model.decode(embedding, Prompts(POINTS, LABELS, BOXES), True)
    seen = asked(answer, 0, 3, 2)
    assert seen.labels == [1, 0]
    np.testing.assert_allclose(seen.rest[:4], [6.4, 25.6, 32, 32], atol=1e-3)
    assert seen.features[1] < seen.features[2] < seen.features[0]
    assert model.refuses(Question(box=True)) is None


def test_optimum_in_one_piece(tmp_path):
    points, labels = Port("input_points", ("b", "p", "n", 2)), Port("input_labels", ("b", "p", "n"), INT64)
    masks, scores = Port("pred_masks", ("b", "p", 3, 16, 16)), Port("iou_scores", ("b", "p", 3))
    pixels = Port("pixel_values", (1, 3, 64, 64))
    model = load(decoder(tmp_path / "model.onnx", [pixels], points, labels, masks, scores, number=3, rank=5))
    embedding = model.encode([image()])[0]
    answer = model.decode(embedding, Prompts(POINTS, LABELS), True)
    assert answer.frame == MaskFrame(SIZE, (64, 64), (32, 64))
    assert asked(answer, 0, 1, 2).labels == [1, 0]


@pytest.mark.parametrize(
    ("inputs", "outputs", "told"),
    [
        (["language_mask", "box_coords"], ["masks"], "detector of concepts"),
        (["image_embeddings", "point_coords", "point_labels"], ["masks", "xtl"], "CVAT"),
        (["image_embeddings", "prompts"], ["masks"], "no points with labels"),
        (["point_coords", "point_labels"], ["masks"], "no embedding"),
    ],
)
def test_what_takes_no_clicks_is_refused_with_its_inputs(tmp_path, inputs, outputs, told):
    from tiny_graphs import Body

    body = Body()
    for name in outputs:
        body.op("Identity", body.constant([1.0], np.float32), out=name)
    ports = [Port(name, (1,)) for name in inputs]
    path = body.write(tmp_path / "other.onnx", ports, [Port(name, (1,)) for name in outputs])
    with pytest.raises(ModelError, match=told) as error:
        load(meta_encoder(tmp_path), path)
    assert inputs[0] in str(error.value)


def test_halves_of_two_models_are_refused(tmp_path):
    larger = Port("image_embeddings", (1, 3, 8, 8))
    graph = {"extra": META, "others": [FULL]}
    with pytest.raises(ModelError, match="a square of 64 pixels, the decoder's points are in one of 128"):
        opened(tmp_path, meta_encoder(tmp_path), [larger], *META_POINTS, LOW, IOU, graph=graph)
    masks, scores = Port("masks", ("p", 3, 16, 16)), Port("iou_predictions", ("p", 3))
    graph = {"extra": SAM2_EXTRA, "number": 3}
    model, embedding = opened(tmp_path, meta_encoder(tmp_path), SAM2, *BATCHED, masks, scores, graph=graph)
    with pytest.raises(ModelError, match="which the encoder does not give"):
        model.decode(embedding, Prompts(POINTS, LABELS), True)


def test_an_encoder_alone_is_no_model(tmp_path):
    with pytest.raises((UsageError, ModelError), match="no points with labels"):
        load(meta_encoder(tmp_path))
    with pytest.raises(UsageError, match="no encoder is given"):
        load()
