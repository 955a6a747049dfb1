"""The adapter for predictors: state read and put back, prompts handed over, wrong factories refused."""

import sys
import types

import numpy as np
import pytest
import torch
from foreign_predictors import SIDE, Transform
from safetensors.torch import load_file, save_file

from sambench.errors import ModelError, UsageError
from sambench.models.official.factories import load
from sambench.models.sam.preprocess import LongestSide
from sambench.types import Embedding, MaskFrame, Prompts


class PointPredictor:
    """A SamPredictor whose masks are discs around the prompts' mean point, darker images giving larger ones."""

    transform = Transform()
    device = torch.device("cpu")

    def __init__(self, radius: float = 6.0) -> None:
        self.model = torch.nn.Linear(1, 1)
        torch.nn.init.constant_(self.model.weight, radius)
        torch.nn.init.zeros_(self.model.bias)
        self.encoded = 0
        self.features = self.input_size = self.original_size = None
        self.is_image_set = False

    def set_image(self, image):
        self.encoded += 1
        self.original_size = image.shape[:2]
        self.input_size = LongestSide(SIDE).frame(self.original_size).input_size
        self.features = torch.full((1, 1, 4, 4), float(image.mean()) / 255)
        self.is_image_set = True

    def predict_torch(
        self, point_coords, point_labels, boxes=None, mask_input=None, multimask_output=True, return_logits=False
    ):
        assert self.is_image_set
        places = [part for part in (point_coords, None if boxes is None else boxes.view(-1, 2, 2)) if part is not None]
        centre = torch.cat(places, 1).mean(1) / 4 if places else torch.full((len(mask_input), 2), 8.0)
        radius = self.model.weight[0, 0] * (1 - self.features.mean() / 2)
        y, x = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
        distance = ((x - centre[:, 0, None, None]) ** 2 + (y - centre[:, 1, None, None]) ** 2).sqrt()
        low = torch.stack([radius * scale - distance for scale in ((0.5, 1.0, 1.5) if multimask_output else (1.0,))], 1)
        if mask_input is not None:
            low = low + mask_input
        iou = low.flatten(2).sigmoid().mean(2)
        full = torch.nn.functional.interpolate(low, (SIDE, SIDE), mode="bilinear", align_corners=False)
        full = full[..., : self.input_size[0], : self.input_size[1]]
        full = torch.nn.functional.interpolate(full, self.original_size, mode="bilinear", align_corners=False)
        return full, iou, low


class PlainPredictor:
    """A predictor with `predict` alone and no state that could be read."""

    def __init__(self) -> None:
        self.inner = PointPredictor()

    def set_image(self, image):
        self.inner.set_image(image)

    def predict(self, point_coords, point_labels, box, mask_input, multimask_output, return_logits):
        size = self.inner.original_size
        xy = (
            None
            if point_coords is None
            else self.inner.transform.apply_coords_torch(torch.tensor(point_coords[None]), size)
        )
        boxes = None if box is None else self.inner.transform.apply_boxes_torch(torch.tensor(box[None]), size)
        masks = None if mask_input is None else torch.tensor(mask_input[None])
        _, iou, low = self.inner.predict_torch(xy, point_labels, boxes, masks, multimask_output, True)
        direct = torch.nn.functional.interpolate(low, size, mode="bilinear", align_corners=False)
        return direct[0].detach().numpy(), iou[0].detach().numpy(), low[0].detach().numpy()


@pytest.fixture(autouse=True)
def factories(monkeypatch):
    """Put a module of factories where an import finds it."""
    module = types.ModuleType("my_forks")
    module.points = lambda device, checkpoint=None: PointPredictor(*([] if checkpoint is None else [float(checkpoint)]))
    module.plain = lambda: PlainPredictor()
    module.nothing = lambda: object()
    module.broken = lambda: 1 / 0
    monkeypatch.setitem(sys.modules, "my_forks", module)


def image(value: int, height: int = 48, width: int = 60) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def points(*xy) -> Prompts:
    return Prompts(torch.tensor([[p] for p in xy], dtype=torch.float32), torch.ones(len(xy), 1, dtype=torch.int64))


def test_state_is_stored_and_put_back(tmp_path):
    model = load("my_forks:points", device="cpu")
    first, second = model.encode([image(0), image(255, 30, 90)])
    assert set(first.tensors) == {"features", "input_size"}
    for index, embedding in enumerate((first, second)):
        save_file(embedding.tensors, tmp_path / f"{index}")
    back = [Embedding(load_file(tmp_path / f"{i}"), e.original_size) for i, e in enumerate((first, second))]
    asked = points((20, 20), (5, 28))
    expected = [model.decode(e, asked, True) for e in (first, second)]
    other = load("my_forks:points", device="cpu")
    for embedding, masks in zip(back, expected, strict=True):
        again = other.decode(embedding, asked, True)
        assert torch.equal(again.logits, masks.logits)
        assert again.frame == masks.frame
    assert other.predictor.encoded == 0
    assert expected[0].logits.shape == (2, 3, 16, 16)
    assert expected[0].frame == MaskFrame((48, 60), (64, 64), (51, 64))
    assert not torch.equal(expected[0].logits, expected[1].logits)


def test_unknown_state_is_encoded_again():
    model = load("my_forks:plain", device="cpu")
    first, second = model.encode([image(0), image(255)])
    assert set(first.tensors) == {"image"}
    one, two = (model.decode(e, points((20, 20)), False) for e in (first, second))
    assert not torch.equal(one.logits, two.logits)
    assert torch.equal(model.decode(first, points((20, 20)), False).logits, one.logits)
    assert one.frame == MaskFrame((48, 60))


@pytest.mark.parametrize("factory", ["points", "plain"])
def test_prompts_are_handed_over_in_image_pixels(factory):
    model = load(f"my_forks:{factory}", device="cpu")
    embedding = model.encode([image(100)])[0]
    box = Prompts(boxes_xyxy=torch.tensor([[10.0, 8.0, 30.0, 20.0]]))
    assert torch.allclose(
        model.decode(embedding, box, False).logits, model.decode(embedding, points((20, 14)), False).logits, atol=1e-5
    )
    padded = Prompts(torch.tensor([[[9.0, 9], [20, 14]], [[20, 14], [20, 14]]]), torch.tensor([[-1, 1], [1, 1]]))
    rows = model.decode(embedding, padded, False).logits
    assert torch.allclose(rows[0], rows[1], atol=1e-5)
    masks = Prompts(torch.tensor([[[20.0, 14]]]), torch.tensor([[1]]), None, torch.full((1, 16, 16), 2.0))
    fed = model.decode(embedding, masks, False).logits
    assert torch.allclose(fed - 2, model.decode(embedding, points((20, 14)), False).logits, atol=1e-5)


def test_batches_keep_the_order():
    model = load("my_forks:points", device="cpu", decode_batch_size=2)
    embedding = model.encode([image(100)])[0]
    asked = points(*[(3.0 * i, 2.0 * i) for i in range(7)])
    whole = model.decode(embedding, asked, True)
    for row in range(7):
        assert torch.equal(whole.logits[row], model.decode(embedding, asked[row : row + 1], True).logits[0])


def test_fingerprint_follows_weights():
    one, other = load("my_forks:points", device="cpu"), load("my_forks:points", device="cpu")
    assert one.fingerprint == other.fingerprint
    assert load("my_forks:points", checkpoint="7", device="cpu").fingerprint != one.fingerprint
    assert one.provenance["weights_sha256"] is not None


def test_masks_of_another_size_are_refused():
    model = load("my_forks:points", device="cpu")
    embedding = model.encode([image(0)])[0]
    model.predictor.predict_torch = lambda *args, **more: [
        torch.zeros(1, 3, 9, 9),
        torch.zeros(1, 3),
        torch.zeros(1, 3, 4, 4),
    ]
    with pytest.raises(ModelError, match=r"masks are \(1, 3, 9, 9\) for an image of \(48, 60\)"):
        model.decode(embedding, points((20, 20)), True)


@pytest.mark.parametrize(
    ("factory", "kind", "words"),
    [
        (None, UsageError, "model.factory=package.module:function"),
        ("my_forks", UsageError, "package.module:function"),
        ("no_such_package:build", UsageError, "No module named 'no_such_package'"),
        ("my_forks:point", UsageError, "did you mean points"),
        ("my_forks:nothing", ModelError, "without set_image"),
        ("my_forks:broken", ModelError, "ZeroDivisionError"),
    ],
)
def test_wrong_factories(factory, kind, words):
    with pytest.raises(kind) as caught:
        load(factory, device="cpu")
    assert words in str(caught.value)


class GraphPredictor(PointPredictor):
    """Its features come from its weights, with gradients on."""

    def set_image(self, image):
        super().set_image(image)
        self.features = self.features * self.model.weight


def test_encoding_keeps_no_gradients_of_a_predictor_that_leaves_them_on(monkeypatch):
    """Features that hold on to the encoder's graph would fill the memory of a run."""
    monkeypatch.setattr(sys.modules["my_forks"], "graph", lambda: GraphPredictor(), raising=False)
    model = load("my_forks:graph", device="cpu")
    assert not any(part.requires_grad for part in model.encode([image(100)])[0].tensors.values())
    assert not model.predictor.features.requires_grad
