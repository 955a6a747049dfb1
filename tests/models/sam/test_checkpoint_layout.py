"""Layouts that training programs leave: each loads to the tensors it was made of, and says what was taken off."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sambench.errors import ModelError
from sambench.models.sam.checkpoint_layout import adapter_settings, merged_lora, plain_names
from sambench.models.sam.checkpoints import load_checkpoint
from sambench.models.sam.loading import load


@pytest.fixture(scope="module")
def tensors():
    held = np.load(Path(__file__).parents[2] / "golden" / "sam_small.npz")
    return {k.removeprefix("weights/"): torch.from_numpy(held[k]).float() for k in held if k.startswith("weights/")}


@pytest.fixture(scope="module")
def whole(tensors, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "sam.pth"
    torch.save(tensors, path)
    return path


def same(found, tensors, tmp_path):
    """Hold a loaded checkpoint against that of plain tensors."""
    torch.save(tensors, tmp_path / "plain.pth")
    expected = load_checkpoint(tmp_path / "plain.pth").model.state_dict()
    assert found.model.state_dict().keys() == expected.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(found.model.state_dict()[name], tensor, rtol=1e-6, atol=1e-6)


LEVELS = ["model_state_dict", "net", "model_state", "ema", "state_dict_ema", "params"]
PREFIXES = ["", "model.", "sam.", "module.", "_orig_mod.", "module._orig_mod.student.net."]


@pytest.mark.parametrize(
    ("level", "prefix"), [*((level, "model.") for level in LEVELS), *(("ema", prefix) for prefix in PREFIXES)]
)
def test_levels_and_prefixes(level, prefix, tensors, tmp_path):
    held = {"epoch": 3, level: {prefix + name: one for name, one in tensors.items()}}
    torch.save(held, tmp_path / "a.pth")
    found = load_checkpoint(tmp_path / "a.pth")
    same(found, tensors, tmp_path)
    assert any(level in told for told in found.notes)
    assert any("names" in told for told in found.notes) == (prefix not in ("", "module."))


def test_lightning_leaves_its_own_things_out_and_says_so(tensors, tmp_path):
    state = {f"model.{name}": one for name, one in tensors.items()} | {"loss.weight": torch.ones(3)}
    held = {"state_dict": state, "pytorch-lightning_version": "2.5.0", "hyper_parameters": {"lr": 0.1}}
    torch.save(held, tmp_path / "last.ckpt")
    found = load_checkpoint(tmp_path / "last.ckpt")
    same(found, tensors, tmp_path)
    assert "1 tensors beside the model left out: loss.weight" in found.notes
    model = load(str(tmp_path / "last.ckpt"), device="cpu")
    assert model.provenance["layout"] == list(found.notes)


def test_one_of_two_models_is_asked_for(tensors, tmp_path):
    both = {
        f"{who}.{name}": one * scale for who, scale in (("student", 1), ("teacher", 2)) for name, one in tensors.items()
    }
    torch.save(both, tmp_path / "a.pth")
    with pytest.raises(ModelError, match=r"2 models, below 'student.', 'teacher.'") as caught:
        load_checkpoint(tmp_path / "a.pth")
    assert "model.prefix=student." in caught.value.mend
    same(load_checkpoint(tmp_path / "a.pth", prefix="student."), tensors, tmp_path)
    with pytest.raises(ModelError, match=r"no tensor's name begins with 'pupil\.'"):
        load_checkpoint(tmp_path / "a.pth", prefix="pupil.")


def test_the_model_is_taken_before_its_average_which_is_told(tensors, tmp_path):
    torch.save({"ema": {k: v * 0 for k, v in tensors.items()}, "model": tensors}, tmp_path / "a.pth")
    found = load_checkpoint(tmp_path / "a.pth")
    same(found, tensors, tmp_path)
    assert found.notes == ("the tensors under 'model' (beside ema, which were left)",)


def test_parts_with_an_index_and_folders_of_accelerate(tensors, tmp_path):
    folder = tmp_path / "step_1000"
    folder.mkdir()
    save_file({f"module.{k}": v.half() for k, v in tensors.items()}, folder / "model.safetensors")
    found = load_checkpoint(folder)
    same(found, {k: v.half() for k, v in tensors.items()}, tmp_path)
    assert "tensors of float16 read as float32" in found.notes
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"a.safetensors": names[:20], "b.safetensors": names[20:]}
    for file, held in parts.items():
        save_file({name: tensors[name] for name in held}, folder / file)
    index = {"weight_map": {name: file for file, held in parts.items() for name in held}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    found = load_checkpoint(folder)
    same(found, tensors, tmp_path)
    assert found.notes == ("2 parts read: a.safetensors, b.safetensors",)
    (folder / "b.safetensors").unlink()
    with pytest.raises(ModelError, match=r"1 of 2 parts that the index names are missing: b.safetensors"):
        load_checkpoint(folder)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"x": "../plain.pth"}}))
    with pytest.raises(ModelError, match="missing"):
        load_checkpoint(folder)


LAYER = "image_encoder.blocks.0.attn.qkv"
CONV = "image_encoder.neck.0"


def with_lora(tensors, saved_too=True):
    """Return tensors as PEFT leaves them, and what they are once merged, for lora_alpha 6 and rank 2."""
    generator = torch.Generator().manual_seed(0)
    state, merged = {f"base_model.model.{k}": v for k, v in tensors.items()}, dict(tensors)
    for layer in (LAYER, CONV):
        weight = tensors[f"{layer}.weight"]
        a = torch.randn(2, *weight.shape[1:], generator=generator)
        b = torch.randn(weight.shape[0], 2, *[1] * (weight.ndim - 2), generator=generator)
        merged[f"{layer}.weight"] = weight + 3 * (b.flatten(1) @ a.flatten(1)).view_as(weight)
        state[f"base_model.model.{layer}.base_layer.weight"] = state.pop(f"base_model.model.{layer}.weight")
        state[f"base_model.model.{layer}.lora_A.default.weight"] = a
        state[f"base_model.model.{layer}.lora_B.default.weight"] = b
    if saved_too:
        name = "mask_decoder.iou_token.weight"
        own = state.pop(f"base_model.model.{name}")
        place = f"base_model.model.{name.removesuffix('.weight')}"
        state |= {f"{place}.original_module.weight": own, f"{place}.modules_to_save.default.weight": own + 1}
        merged[name] = own + 1
    return state, merged


def test_lora_is_merged_by_its_scale(tensors, tmp_path):
    state, merged = with_lora(tensors)
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(ModelError, match="whose scale no tensor tells") as caught:
        load_checkpoint(tmp_path / "a.pth")
    assert "model.lora_alpha=" in caught.value.mend
    found = load_checkpoint(tmp_path / "a.pth", lora_alpha=6)
    same(found, merged, tmp_path)
    assert "LoRA of 2 layers merged with lora_alpha 6" in found.notes
    scaled = merged_lora(plain_names(state, tmp_path).tensors, tmp_path, 6, rank_stabilised=True).tensors
    change = scaled[f"{LAYER}.weight"] - tensors[f"{LAYER}.weight"]
    torch.testing.assert_close(
        change, (merged[f"{LAYER}.weight"] - tensors[f"{LAYER}.weight"]) * 2**0.5, atol=1e-5, rtol=1e-5
    )


def test_an_adapter_over_its_base(tensors, whole, tmp_path):
    state, merged = with_lora(tensors, saved_too=False)
    folder = tmp_path / "adapter"
    folder.mkdir()
    save_file(
        {k.replace(".default", ""): v for k, v in state.items() if "lora_" in k}, folder / "adapter_model.safetensors"
    )
    settings = {"peft_type": "LORA", "lora_alpha": 6, "r": 2}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError, match="lacks its weight") as caught:
        load_checkpoint(folder)
    assert "model.base=PATH" in caught.value.mend
    found = load_checkpoint(folder, base=whole)
    same(found, merged, tmp_path)
    assert found.sha256 != load_checkpoint(whole).sha256
    for more in ({"use_dora": True}, {"alpha_pattern": {"x": 1}}, {"peft_type": "LOHA"}):
        (folder / "adapter_config.json").write_text(json.dumps(settings | more))
        with pytest.raises(ModelError, match="no plain LoRA"):
            adapter_settings(folder)
    strange = {"a.lora_magnitude_vector": torch.ones(1), "a.lora_A.weight": torch.ones(1, 1)}
    with pytest.raises(ModelError, match="no plain LoRA"):
        merged_lora(strange, folder, 1)


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("form", ["original", "transformers"])
def test_a_decoder_alone_over_its_base(bare, form, tensors, whole, tmp_path):
    base = whole
    decoder = {name: one + 1 for name, one in tensors.items() if name.startswith("mask_decoder.")}
    changed = tensors | decoder
    if form == "transformers":
        base = tmp_path / "folder"
        load_checkpoint(whole).model.save_pretrained(base)
        torch.save(changed, tmp_path / "changed.pth")
        state = load_checkpoint(tmp_path / "changed.pth").model.state_dict()
        decoder = {name: one for name, one in state.items() if name.startswith("mask_decoder.")}
    if bare:
        decoder = {name.removeprefix("mask_decoder."): one for name, one in decoder.items()}
    torch.save({"model": decoder}, tmp_path / "decoder.pth")
    with pytest.raises(ModelError, match="a decoder alone") as caught:
        load_checkpoint(tmp_path / "decoder.pth")
    assert "model.base=PATH" in str(caught.value)
    found = load_checkpoint(tmp_path / "decoder.pth", base=base)
    same(found, changed, tmp_path)
    assert any(f"{len(decoder)} of" in told and "from the base" in told for told in found.notes)
    torch.save({"no.such.tensor": torch.ones(1), **decoder}, tmp_path / "more.pth")
    with pytest.raises(ModelError, match="have no place in the base"):
        load_checkpoint(tmp_path / "more.pth", base=base)


def test_a_whole_model_takes_no_base(whole, tmp_path):
    load_checkpoint(whole).model.save_pretrained(tmp_path / "folder")
    with pytest.raises(ModelError, match="a whole model already"):
        load_checkpoint(tmp_path / "folder", base=whole)
    with pytest.raises(ModelError, match="the base does not exist"):
        load_checkpoint(whole, base=tmp_path / "none.pth")


@pytest.mark.parametrize("first", ["detector.backbone.vision_backbone.trunk.pos_embed", "sam3_model.x"])
def test_sam_3_is_refused_by_name(first, tmp_path):
    held = {first: torch.ones(1), "tracker.sam_mask_decoder.mask_tokens.weight": torch.ones(4, 2)}
    torch.save(held, tmp_path / "sam3.pt")
    with pytest.raises(ModelError, match=r"SAM 3 or 3\.1"):
        load_checkpoint(tmp_path / "sam3.pt")
