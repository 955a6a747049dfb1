"""Every fork's predictor is asked by its own signature: the right token, the right frame, nothing chosen silently."""

import numpy as np
import pytest
import torch
from dialect_predictors import LOW, PREDICTORS, SCALES, SIDE, EdgeSam, Sam2, SamHq, TinySam
from foreign_predictors import network

from sambench.errors import ModelError, UsageError
from sambench.models.base import Question
from sambench.models.official.dialects import CLAMPED, NO_SINGLE, arguments, dialect
from sambench.models.official.model import BEST_FOR_SINGLE, ONE_OF_SEVERAL, OWN_MASKS, OfficialModel
from sambench.types import MaskFrame, Prompts

SIZE = (40, 56)
IMAGE = np.zeros((*SIZE, 3), np.uint8)
IMAGE[..., 0] = 200
PADDED = MaskFrame(SIZE, (SIDE, SIDE), (46, SIDE))
DIRECT = MaskFrame(SIZE)
FRAMES = {
    **dict.fromkeys(("segment_anything", "sam_hq", "edge_sam", "tiny_sam", "efficientvit", "ultralytics"), PADDED),
    **dict.fromkeys(("sam2", "sam3"), DIRECT),
    "med2d": MaskFrame(SIZE, (SIDE, SIDE), (SIDE, SIDE)),
    "efficient_sam": DIRECT,
}
POINTS = Prompts(torch.tensor([[[20.0, 14]], [[30.0, 20]], [[11.0, 30]]]), torch.ones(3, 1, dtype=torch.int64))
BOXES = Prompts(boxes_xyxy=torch.tensor([[10.0, 8.0, 30.0, 20.0]]))


def made(kind, **choices):
    return OfficialModel(PREDICTORS[kind](), f"dialect_predictors:{kind}", None, **choices)


def centres(masks):
    """Return the (x, y) of each prompt's last mask's highest logit, in low-resolution pixels."""
    best = masks.prompt_logits[:, -1].flatten(1).argmax(1)
    return [(int(place) % LOW, int(place) // LOW) for place in best]


@pytest.mark.parametrize("kind", PREDICTORS)
def test_points_and_boxes_reach_every_dialect(kind):
    model = made(kind)
    (embedding,) = model.encode([IMAGE])
    masks = model.decode(embedding, POINTS, True)
    assert masks.logits.shape[:2] == masks.predicted_iou.shape == (3, 1 if kind == "sam_hq" else 3)
    padded = FRAMES[kind] == PADDED
    across = (SIDE / 56, SIDE / 56) if padded else (SIDE / 56, SIDE / 40)
    expected = (POINTS.points_xy[:, 0] * torch.tensor(across) * LOW / SIDE).round().tolist()
    assert all(abs(x - ex) <= 1 and abs(y - ey) <= 1 for (x, y), (ex, ey) in zip(centres(masks), expected, strict=True))
    middle = Prompts(torch.tensor([[[20.0, 14.0]]]), torch.ones(1, 1, dtype=torch.int64))
    torch.testing.assert_close(
        *(model.decode(embedding, asked, True).prompt_logits for asked in (BOXES, middle)), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("kind", [kind for kind in PREDICTORS if kind != "tiny_sam"])
def test_a_single_answer_is_the_first_token(kind):
    model = made(kind)
    masks = model.decode(model.encode([IMAGE])[0], POINTS, False)
    assert masks.logits.shape[1] == 1
    peak = 4.0 * SCALES[0]
    low = masks.prompt_logits
    assert float(low[:, 0].amax()) == pytest.approx(peak, abs=0.8)
    assert masks.predicted_iou[:, 0].tolist() == pytest.approx([0.3] * 3)


@pytest.mark.parametrize("kind", PREDICTORS)
def test_masks_have_the_frame_that_gives_the_forks_own(kind):
    model = made(kind)
    masks = model.decode(model.encode([IMAGE])[0], POINTS, True)
    if kind == "efficient_sam":  # bicubic: its own are scored as they come
        assert masks.logits.shape[-2:] == SIZE
        assert masks.prompt_logits.shape[-2:] == (LOW, LOW)
        assert OWN_MASKS in model.provenance["notes"]
    else:
        assert masks.feedback is None
        assert OWN_MASKS not in model.provenance.get("notes", [])
    assert masks.frame == FRAMES[kind]


@pytest.mark.parametrize("kind", ["segment_anything", "edge_sam", "tiny_sam", "efficientvit", "sam2", "med2d", "sam3"])
def test_earlier_masks_go_back_in(kind):
    model = made(kind, single_answer="best")
    (embedding,) = model.encode([IMAGE])
    again = Prompts(POINTS.points_xy, POINTS.labels, None, torch.full((3, LOW, LOW), 2.0))
    fed, plain = model.decode(embedding, again, True).logits, model.decode(embedding, POINTS, True).logits
    torch.testing.assert_close(fed, plain + 2, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", [kind for kind in PREDICTORS if kind not in ("sam3", "med2d")])
def test_features_are_kept_and_put_back(kind):
    model = made(kind)
    assert model.cacheable
    (embedding,) = model.encode([IMAGE])
    assert "image" not in embedding.tensors
    expected = model.decode(embedding, POINTS, True).logits
    model.encode([IMAGE[:20]])
    other = made(kind)
    other.predictor.set_image = None
    assert torch.equal(other.decode(embedding, POINTS, True).logits, expected)


def test_no_single_answer_is_refused_or_chosen_by_name():
    single = Question(points=1, multimask=False)
    model = made("tiny_sam")
    assert model.refuses(single) == NO_SINGLE
    assert model.refuses(Question(points=1)) is None
    with pytest.raises(ModelError, match="3 masks a prompt where its single answer"):
        model.decode(model.encode([IMAGE])[0], POINTS, False)
    chosen = made("tiny_sam", single_answer="best")
    assert chosen.refuses(single) is None
    masks = chosen.decode(chosen.encode([IMAGE])[0], POINTS, False)
    assert masks.predicted_iou[:, 0].tolist() == pytest.approx([0.9] * 3)
    torch.testing.assert_close(masks.logits[:, 0], chosen.decode(chosen.encode([IMAGE])[0], POINTS, True).logits[:, 1])
    assert BEST_FOR_SINGLE in chosen.provenance["notes"]


def test_the_high_quality_token_is_chosen_by_a_switch():
    model = made("sam_hq", hq_token_only=True)
    masks = model.decode(model.encode([IMAGE])[0], POINTS, False)
    assert masks.predicted_iou[:, 0].tolist() == pytest.approx([0.1] * 3)
    assert ONE_OF_SEVERAL not in model.provenance.get("notes", [])
    model.decode(model.encode([IMAGE])[0], POINTS, True)
    assert ONE_OF_SEVERAL in model.provenance["notes"]
    with pytest.raises(UsageError, match="no argument hq_token_only"):
        made("segment_anything", hq_token_only=True)


def test_what_a_signature_lacks_is_refused():
    class NoMasks(TinySam):
        def predict_torch(self, point_coords, point_labels, multimask_output=True):
            return self.answer(point_coords, None, None, (1, 2, 3) if multimask_output else (0,))

    model = OfficialModel(NoMasks(), "dialect_predictors:made", None)
    assert "takes no earlier mask" in model.refuses(Question(points=2, mask=True))
    assert "takes no box" in model.refuses(Question(box=True))
    assert model.refuses(Question(points=3, multimask=False)) is None
    assert model.decode(model.encode([IMAGE])[0], POINTS, False).logits.shape[1] == 1


def test_a_decoder_that_is_not_found_is_told():
    model = made("sam2")
    model.decode(model.encode([IMAGE])[0], POINTS, True)
    assert CLAMPED in model.provenance["notes"]

    class WithDecoder(Sam2):
        def __init__(self):
            super().__init__()
            self.model.sam_mask_decoder = torch.nn.Identity()

        def _predict(self, *asked, **more):
            full, iou, low = super()._predict(*asked, **more)
            return full, iou, self.model.sam_mask_decoder((low * 100, iou))[0].clamp(-32, 32)

    hooked = OfficialModel(WithDecoder(), "dialect_predictors:made", None)
    masks = hooked.decode(hooked.encode([IMAGE])[0], POINTS, True)
    assert float(masks.prompt_logits.max()) > 32
    assert "notes" not in hooked.provenance or CLAMPED not in hooked.provenance["notes"]


def test_dialects_are_told_by_methods():
    assert dialect(EdgeSam(), "").takes("num_multimask_outputs")
    assert not dialect(SamHq(), "").takes("features")
    assert arguments(dict).every
    with pytest.raises(ModelError, match="without set_image"):
        dialect(network(1.0), "dialect_predictors:made")
