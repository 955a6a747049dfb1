"""Original files and folders: recognised by tensors, converted to fit, refused with what was found."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from sambench.errors import ModelError, UsageError
from sambench.models.checkpoint_files import read_tensors
from sambench.models.sam import convert_sam, convert_sam2
from sambench.models.sam.checkpoints import load_checkpoint, recognise
from sambench.models.sam.loading import load

NAMES = json.loads((Path(__file__).parents[2] / "golden" / "original_names.json").read_text())
MODELS = {
    "sam": ("SamModel", "SamConfig"),
    "sam_hq": ("SamHQModel", "SamHQConfig"),
    "sam2": ("Sam2Model", "Sam2Config"),
}


def published(name: str) -> dict[str, torch.Tensor]:
    """Return a published architecture's original tensors, shapes only."""
    return {key: torch.empty(shape, device="meta") for key, shape in NAMES[name].items()}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """Return an original-style SAM checkpoint of a small configuration, under a name that tells nothing."""
    import numpy as np

    held = np.load(Path(__file__).parents[2] / "golden" / "sam_small.npz")
    tensors = {k.removeprefix("weights/"): torch.from_numpy(held[k]).float() for k in held if k.startswith("weights/")}
    path = tmp_path_factory.mktemp("small") / "whatever.xyz"
    torch.save(tensors, path)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_published_architectures_are_recognised_and_fit(name):
    tensors = published(name)
    family, variant = name.split()
    assert recognise(tensors, Path("x")) == (family, variant)
    sam = family in ("sam", "sam_hq")
    parts = convert_sam.sam_config(tensors) if sam else convert_sam2.sam2_config(tensors)
    converted = convert_sam.convert_sam(tensors) if sam else convert_sam2.convert_sam2(tensors)
    model_name, config_name = MODELS[family]
    with torch.device("meta"):
        model = getattr(transformers, model_name)(getattr(transformers, config_name)(**parts))
    assert {k: v.shape for k, v in model.state_dict().items()} == {k: v.shape for k, v in converted.items()}


def test_configuration_read_off_the_shapes_is_the_published_one():
    parts = convert_sam.sam_config(published("sam vit_b"))
    ours, published_config = transformers.SamConfig(**parts), transformers.SamConfig()
    for name in ("vision_config", "prompt_encoder_config", "mask_decoder_config"):
        one, other = getattr(ours, name).to_dict(), getattr(published_config, name).to_dict()
        for key in parts[name]:
            assert list(one[key]) == list(other[key]) if isinstance(one[key], list) else one[key] == other[key], key


def test_version_of_sam2():
    tensors = published("sam2 2.1_hiera_tiny")
    assert convert_sam2.version(tensors) == "2.1"
    assert recognise({k: v for k, v in tensors.items() if k != "no_obj_embed_spatial"}, Path("x"))[1] == "2_hiera_tiny"


def test_fingerprint_follows_the_bytes_alone(small, tmp_path):
    copy = tmp_path / "sam_vit_h_4b8939.pth"
    copy.write_bytes(small.read_bytes())
    one, other = load(small, device="cpu"), load(copy, device="cpu")
    assert one.fingerprint == other.fingerprint
    assert one.provenance["sha256"] == hashlib.sha256(small.read_bytes()).hexdigest()
    assert one.provenance["size_bytes"] == small.stat().st_size
    tensors = torch.load(small, weights_only=True)
    tensors["mask_decoder.iou_token.weight"][0, 0] += 1e-3
    torch.save(tensors, copy)
    changed = load(copy, device="cpu")
    assert changed.fingerprint != one.fingerprint
    assert load(small, device="cpu", dtype="bf16").fingerprint != one.fingerprint
    assert load(small, device="cpu", decode_batch_size=2, decode_dtype="bf16").fingerprint == one.fingerprint


@pytest.mark.parametrize("level", ["model", "state_dict"])
def test_levels_and_prefixes_are_taken_off(small, tmp_path, level):
    tensors = torch.load(small, weights_only=True)
    torch.save({level: {f"module.{k}": v for k, v in tensors.items()}, "epoch": 3}, tmp_path / "a.pt")
    assert read_tensors(tmp_path / "a.pt").keys() == tensors.keys()
    assert load_checkpoint(tmp_path / "a.pt").family == "sam"


def test_half_precision_files_become_float32(small, tmp_path):
    tensors = {k: v.half() for k, v in torch.load(small, weights_only=True).items()}
    torch.save(tensors, tmp_path / "a.pt")
    assert {p.dtype for p in load_checkpoint(tmp_path / "a.pt").model.parameters()} == {torch.float32}


def refused(path, *words: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_checkpoint(path)
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert caught.value.mend


def test_nothing_there(tmp_path):
    refused(tmp_path / "none.pth", "does not exist", "none.pth")
    with pytest.raises(ModelError, match="no checkpoint is given"):
        load(None)


def test_truncated_file(small, tmp_path):
    (tmp_path / "a.pth").write_bytes(small.read_bytes()[:100_000])
    refused(tmp_path / "a.pth", "100000 bytes", "truncated")


def test_empty_file_and_web_page(tmp_path):
    (tmp_path / "a.pth").write_bytes(b"")
    refused(tmp_path / "a.pth", "cannot be read", "0 bytes")
    (tmp_path / "b.pth").write_text("<!doctype html><html>not found</html>")
    refused(tmp_path / "b.pth", "<!doctype html>")


class Payload:
    """What an unsafe pickle could hold."""


def test_code_is_not_unpickled(tmp_path):
    torch.save({"model": Payload()}, tmp_path / "a.pth")
    refused(tmp_path / "a.pth", "other than tensors")


def test_no_tensors(tmp_path):
    torch.save({"epoch": 3, "lr": 0.1}, tmp_path / "a.pth")
    refused(tmp_path / "a.pth", "no named tensors")


def test_unrelated_tensors(tmp_path):
    torch.save({"layer1.0.conv1.weight": torch.ones(2), "fc.bias": torch.ones(2)}, tmp_path / "a.pth")
    refused(tmp_path / "a.pth", "2 tensors", "layer1.0.conv1.weight", "none of the names", "model=official")


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        ({"image_encoder.stages.0.weight": torch.ones(2)}, "EfficientViT-SAM"),
        ({"tracker.sam_mask_decoder.iou_token.weight": torch.ones(2)}, "SAM 3"),
    ],
)
def test_other_architectures_are_pointed_to_official(tmp_path, extra, word):
    torch.save({"mask_decoder.mask_tokens.weight": torch.ones(4, 2)} | extra, tmp_path / "a.pth")
    refused(tmp_path / "a.pth", word, "model=official model.factory=")


def test_unknown_sam2_trunk(tmp_path):
    prefix = "image_encoder.trunk.blocks"
    tensors = {"sam_mask_decoder.mask_tokens.weight": torch.ones(4, 8)}
    tensors |= {f"{prefix}.{i}.attn.proj.weight": torch.ones(w, w) for i, w in enumerate((8, 16, 16))}
    tensors[f"{prefix}.0.attn.qkv.weight"] = torch.ones(24, 8)
    torch.save({"model": tensors}, tmp_path / "a.pt")
    refused(tmp_path / "a.pt", "unknown trunk", "8 channels", "[1, 2]", "hiera_large")


def test_missing_surplus_and_misshapen_tensors(small, tmp_path):
    tensors = torch.load(small, weights_only=True)
    tensors["mask_decoder.extra.weight"] = torch.ones(1)
    tensors["mask_decoder.iou_token.weight"] = torch.ones(2, 32)
    del tensors["mask_decoder.transformer.layers.1.norm4.bias"]
    torch.save(tensors, tmp_path / "a.pth")
    refused(tmp_path / "a.pth", "1 missing", "layer_norm4.bias", "1 not expected", "extra", "(2, 32), not (1, 32)")
    del tensors["image_encoder.neck.0.weight"]
    torch.save(tensors, tmp_path / "b.pth")
    refused(tmp_path / "b.pth", "lacks the tensor 'image_encoder.neck.0.weight'")


def test_another_family_or_size_than_asked_for(small):
    with pytest.raises(ModelError, match=r"holds sam of no published size, but sam2 was asked for"):
        load(small, family="sam2", device="cpu")
    with pytest.raises(ModelError, match=r"but sam vit_h was asked for"):
        load(small, family="sam", variant="vit_h", device="cpu")


def test_wrong_arguments(small):
    for bad in ({"family": "sam9"}, {"dtype": "int8"}, {"device": "cuda:99"}, {"device": "fridge"}):
        with pytest.raises(UsageError) as caught:
            load(small, **{"device": "cpu"} | bad)
        assert caught.value.mend


def saved_folder(small: Path, folder: Path) -> Path:
    load_checkpoint(small).model.save_pretrained(folder)
    return folder


def test_folder_gives_the_same_model_as_the_original_file(small, tmp_path):
    folder = saved_folder(small, tmp_path / "hf")
    held, original = load_checkpoint(folder), load_checkpoint(small)
    assert (held.format, held.family) == ("transformers", "sam")
    for name, tensor in original.model.state_dict().items():
        assert torch.equal(tensor, held.model.state_dict()[name])
    files = [folder / "config.json", folder / "model.safetensors"]
    assert held.sha256 == hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()


def test_broken_folders(small, tmp_path):
    folder = saved_folder(small, tmp_path / "hf")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "holds nothing")
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    refused(folder, "SamModel cannot load")
    (folder / "model.safetensors").write_bytes(weights)
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("mask_decoder.iou_token.weight")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    refused(folder, "1 missing", "mask_decoder.iou_token.weight")
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    refused(folder, "'bert'", "known are")
    (folder / "config.json").write_text("{")
    refused(folder, "no JSON")
