"""Two functions as a model: prompts in groups, answers checked, weights looked for in what the functions close over."""

import numpy as np
import pytest
import torch

from sambench.errors import ModelError
from sambench.models.memory.callables import CallableModel
from sambench.types import MaskFrame, Masks, Prompts

IMAGE = np.zeros((12, 20, 3), np.uint8)
ASKED = Prompts(
    torch.tensor([[[3.0, 2], [0, 0]], [[4.0, 5], [6, 7]], [[8.0, 1], [0, 0]]]), torch.tensor([[1, -1], [1, 1], [1, -1]])
)


def encode(image):
    return {"mean": float(image.mean()), "size": image.shape[:2]}


def decode(state, prompts, multimask):
    assert state == {"mean": 0.0, "size": (12, 20)}
    assert (prompts.labels == 1).all()
    first = prompts.points_xy[:, -1, 0][:, None, None, None]
    logits = first.expand(-1, 3 if multimask else 1, 3, 5)
    return logits.numpy(), logits[:, :, 0, 0].numpy()


@pytest.mark.parametrize("batch", [1, 64])
def test_answers_come_in_the_order_of_the_prompts(batch):
    model = CallableModel(encode, decode, batch)
    (embedding,) = model.encode([IMAGE])
    masks = model.decode(embedding, ASKED, True)
    assert masks.logits[:, 0, 0, 0].tolist() == [3.0, 6.0, 8.0]
    assert masks.logits.shape == (3, 3, 3, 5)
    assert masks.frame == MaskFrame((12, 20))
    assert model.decode(embedding, ASKED, False).logits.shape[1] == 1


def test_masks_are_taken_as_they_are():
    frame, fed = MaskFrame((12, 20), (64, 64), (38, 64)), torch.ones(3, 1, 4, 4)
    model = CallableModel(encode, lambda *_: Masks(torch.zeros(1, 1, 8, 8), torch.ones(1, 1), frame, fed[:1]), 1)
    masks = model.decode(model.encode([IMAGE])[0], ASKED, False)
    assert masks.frame == frame
    assert torch.equal(masks.prompt_logits, fed)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (torch.zeros(1, 1, 3, 5), "returned Tensor, not masks"),
        ((torch.zeros(1, 3, 5), torch.zeros(1, 1)), r"logits \(1, 3, 5\)"),
        ((torch.zeros(2, 1, 3, 5), torch.zeros(2, 1)), "for 1 prompts"),
        ((torch.zeros(1, 3, 3, 5), torch.zeros(1, 3)), "3 masks a prompt where one was asked for"),
    ],
)
def test_what_is_no_answer_is_told(answer, words):
    model = CallableModel(encode, lambda *_: answer, 1)
    with pytest.raises(ModelError, match=words):
        model.decode(model.encode([IMAGE])[0], ASKED, False)


def test_weights_are_found_in_what_is_closed_over():
    net = torch.nn.Linear(1, 1)

    def with_net(state, prompts, multimask):
        return net(state)

    one = CallableModel(encode, with_net)
    assert one.named
    with torch.no_grad():
        net.weight += 1
    assert CallableModel(encode, with_net).fingerprint != one.fingerprint
    assert not CallableModel(encode, decode).named


def test_functions_of_a_session_have_no_code_to_name():
    net = torch.nn.Linear(1, 1)
    made = eval("lambda image: net(image)", {"net": net})
    model = CallableModel(made, decode)
    assert model.provenance["weights_sha256"] is not None
    assert not model.named
