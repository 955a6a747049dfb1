"""A transformers module in memory: scored where it is by the decoder of a checkpoint's, and left as it was."""

import numpy as np
import pytest
import torch
from tiny_sams import tiny_model

from sambench.errors import ModelError, UsageError
from sambench.models.memory.module import MemorySam, memory_checkpoint, sam_module, strange_parts
from sambench.models.sam.loading import load
from sambench.models.sam.token_rules import TokenRules
from sambench.types import Prompts

IMAGE = np.random.default_rng(0).integers(0, 256, (37, 61, 3), dtype=np.uint8)
POINTS = Prompts(
    torch.tensor([[[5.0, 7], [40, 20]], [[30, 30], [0, 0]]]),
    torch.tensor([[1, 0], [1, -1]]),
    None,
    torch.ones(2, 16, 16),
)


def placed(module, family) -> MemorySam:
    return MemorySam(memory_checkpoint(module, family), TokenRules())


def answers(model, asked=POINTS):
    masks = model.decode(model.encode([IMAGE])[0], asked, True)
    return masks.logits, masks.predicted_iou


@pytest.mark.parametrize("family", ["sam", "sam_hq", "sam2", "sam3_tracker"])
def test_answers_are_those_of_its_checkpoint_and_nothing_of_it_changes(family, tmp_path):
    module = tiny_model(family).train()
    for place, parameter in enumerate(module.parameters()):
        parameter.requires_grad_(place % 2 == 0)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    epsilon = module.mask_decoder.transformer.layers[0].layer_norm1.eps
    model = placed(module, family)
    module.eval()
    found = answers(model)
    module.train()
    module.save_pretrained(tmp_path)
    stored = load(tmp_path, device="cpu")
    for one, other in zip(found, answers(stored), strict=True):
        # A file's tensors lie otherwise in memory, and some processors' kernels round the last bits by that.
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6 * max(1, float(other.abs().max())))
    assert model.name == stored.name
    assert [p.requires_grad for p in module.parameters()][:4] == [True, False, True, False]
    assert all(part.training for part in module.modules())
    assert module.mask_decoder.transformer.layers[0].layer_norm1.eps == epsilon
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


@pytest.mark.parametrize("family", ["sam", "sam2", "sam3_tracker"])
def test_parts_that_are_no_plain_layers_are_run_not_read(family):
    module = tiny_model(family)
    for layer in module.mask_decoder.transformer.layers:
        for name in ("layer_norm1", "layer_norm2", "layer_norm3", "layer_norm4"):
            getattr(layer, name).eps = 1e-5
    plain = placed(module, family)
    head = module.mask_decoder.iou_prediction_head
    handle = head.register_forward_hook(lambda _module, _inputs, output: output + 1)
    hooked = placed(module, family)
    assert hooked.strange == ["iou_prediction_head (" + type(head).__name__ + ")"]
    assert "the module's own decoder answers" in hooked.provenance["notes"][0]
    (logits, iou), (expected, expected_iou) = answers(hooked), answers(plain)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    torch.testing.assert_close(iou, expected_iou + 1, rtol=1e-4, atol=1e-4)
    handle.remove()
    assert not strange_parts(module.mask_decoder)


def test_hq_parts_that_cannot_be_read_are_refused():
    module = tiny_model("sam_hq")
    module.mask_decoder.iou_prediction_head.register_forward_hook(lambda *_: None)
    with pytest.raises(ModelError, match="no plain layers"):
        placed(module, "sam_hq")


def test_half_precision_stays():
    module = tiny_model("sam").to(torch.bfloat16)
    model = placed(module, "sam")
    embedding = model.encode([IMAGE])[0]
    assert embedding.tensors["image_embedding"].dtype == torch.bfloat16
    model.decode(embedding, POINTS, False)
    assert {tensor.dtype for tensor in module.state_dict().values()} == {torch.bfloat16}
    assert model.provenance["dtype"] == model.provenance["decode_dtype"] == "bfloat16"


def test_fingerprint_is_of_the_weights_now():
    module = tiny_model("sam")
    one = placed(module, "sam").fingerprint
    assert placed(tiny_model("sam"), "sam").fingerprint == one
    with torch.no_grad():
        module.mask_decoder.iou_token.weight[0, 0] += 1
    assert placed(module, "sam").fingerprint != one


def test_the_module_is_found_in_what_wraps_it():
    module = tiny_model("sam")
    wrapper = torch.nn.Module()
    wrapper.student = module
    assert sam_module(wrapper) == (module, "sam")
    assert sam_module(torch.nn.Linear(1, 1)) is None
    wrapper.teacher = tiny_model("sam2")
    with pytest.raises(UsageError, match="2 models of the SAM family"):
        sam_module(wrapper)


def test_tensors_elsewhere_are_refused():
    module = tiny_model("sam")
    module.mask_decoder.iou_token.weight = torch.nn.Parameter(torch.empty(0))
    with pytest.raises(ModelError, match="not whole"):
        placed(module, "sam")
