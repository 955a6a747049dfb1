"""Checkpoints that are damaged, or are none: each ends in one sentence that names the file, never in a traceback."""

import json
import pickle
import struct
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from sambench.errors import ModelError
from sambench.models.sam.checkpoints import load_checkpoint

MASK_TOKENS, REL_POS = "mask_decoder.mask_tokens.weight", "image_encoder.blocks.0.attn.rel_pos_h"


class Foreign:
    """Stands for a trainer's class in a pickle."""


def tiny_sam():
    """Return the tensors that a file of SAM is recognised by, and those its configuration is read off."""
    decoder = "mask_decoder.transformer.layers.0"
    return {
        MASK_TOKENS: torch.zeros(4, 8),
        REL_POS: torch.zeros(7, 4),
        "image_encoder.pos_embed": torch.zeros(1, 4, 4, 8),
        "image_encoder.patch_embed.proj.weight": torch.zeros(8, 3, 16, 16),
        "image_encoder.neck.0.weight": torch.zeros(8, 8, 1, 1),
        "image_encoder.blocks.0.mlp.lin1.weight": torch.zeros(16, 8),
        "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix": torch.zeros(2, 4),
        "prompt_encoder.no_mask_embed.weight": torch.zeros(1, 8),
        "prompt_encoder.mask_downscaling.3.weight": torch.zeros(4, 1, 2, 2),
        f"{decoder}.cross_attn_token_to_image.q_proj.weight": torch.zeros(4, 8),
        f"{decoder}.mlp.lin1.weight": torch.zeros(16, 8),
        "mask_decoder.iou_prediction_head.layers.0.weight": torch.zeros(8, 8),
    }


SAM2 = {
    "sam_mask_decoder.mask_tokens.weight": torch.zeros(4, 8),
    "image_encoder.trunk.blocks.0.attn.qkv.weight": torch.zeros(24, 8),
}


def without(*names):
    return {name: tensor for name, tensor in tiny_sam().items() if name not in names}


TENSORS = {
    "recognised, no pos_embed": without("image_encoder.pos_embed"),
    "pos_embed of no dimension": tiny_sam() | {"image_encoder.pos_embed": torch.tensor(1.0)},
    "pos_embed of two dimensions": tiny_sam() | {"image_encoder.pos_embed": torch.zeros(4, 8)},
    "rel_pos of one dimension": tiny_sam() | {REL_POS: torch.zeros(7)},
    "mask tokens of no dimension": tiny_sam() | {MASK_TOKENS: torch.tensor(0.0)},
    "an empty projection": tiny_sam()
    | {"mask_decoder.transformer.layers.0.cross_attn_token_to_image.q_proj.weight": torch.zeros(0, 8)},
    "heads of no width": tiny_sam() | {REL_POS: torch.zeros(7, 0)},
    "blocks that skip": tiny_sam() | {"image_encoder.blocks.5.attn.rel_pos_h": torch.zeros(7, 4)},
    "not all tensors": tiny_sam(),
    "half of the decoder": without("mask_decoder.iou_prediction_head.layers.0.weight"),
    "SAM 2 without widths": SAM2,
    "SAM 2 with a width of no dimension": SAM2 | {"image_encoder.trunk.blocks.0.attn.proj.weight": torch.tensor(1.0)},
    "SAM 2 with an unknown trunk": SAM2 | {"image_encoder.trunk.blocks.0.attn.proj.weight": torch.zeros(8, 8)},
    "EdgeTAM without a decoder": {
        "sam_mask_decoder.mask_tokens.weight": torch.zeros(4, 8),
        "image_encoder.trunk.body.x": torch.zeros(1),
    },
    "no tensor": {"epoch": 3},
    "a list": [torch.zeros(1)],
    "tensors without numbers": {MASK_TOKENS: torch.zeros(4, 8, device="meta")},
    "sparse tensors": {MASK_TOKENS: torch.eye(4).to_sparse()},
    "names that are numbers": {1: torch.zeros(1), (2, 3): torch.zeros(1)},
}


def refused(path):
    with pytest.raises(ModelError) as caught:
        load_checkpoint(path)
    assert str(path) in caught.value.where
    assert caught.value.mend
    assert "\n" not in caught.value.what
    return caught.value.what


@pytest.mark.parametrize("case", TENSORS)
def test_tensors_of_no_model(tmp_path, case):
    torch.save(TENSORS[case], tmp_path / "c.pth")
    refused(tmp_path / "c.pth")


def test_what_is_lacking_or_misshapen_is_named(tmp_path):
    torch.save(TENSORS["recognised, no pos_embed"], tmp_path / "a.pth")
    assert "begins like sam but lacks the tensor 'image_encoder.pos_embed' (11 tensors)" in refused(tmp_path / "a.pth")
    torch.save(TENSORS["pos_embed of two dimensions"], tmp_path / "b.pth")
    assert "begins like sam but its tensors' shapes make no model" in refused(tmp_path / "b.pth")
    torch.save(TENSORS["tensors without numbers"], tmp_path / "c.pth")
    assert f"1 of its 1 tensors hold no plain numbers: {MASK_TOKENS}" in refused(tmp_path / "c.pth")


def whole_file(folder):
    torch.save(tiny_sam(), folder / "whole.pth")
    return (folder / "whole.pth").read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_truncated_files(tmp_path, share):
    whole = whole_file(tmp_path)
    (tmp_path / "c.pth").write_bytes(whole[: int(share * len(whole))])
    refused(tmp_path / "c.pth")


def test_flipped_bytes_end_in_a_sentence_or_in_other_numbers(tmp_path):
    """No place in the file leads to anything but a refusal; a flipped weight is refused for what the file lacks."""
    whole = whole_file(tmp_path)
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        (tmp_path / "c.pth").write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        refused(tmp_path / "c.pth")


def zip_of_nothing(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"")


FILES = {
    "text": lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
    "page": lambda path: path.write_text("<!DOCTYPE html><html>404</html>"),
    "foreign classes": lambda path: torch.save({"model": tiny_sam(), "trainer": Foreign()}, path),
    "a plain pickle": lambda path: path.write_bytes(pickle.dumps({"model": Foreign()})),
    "a zip of nothing": zip_of_nothing,
    "another zip": lambda path: zipfile.ZipFile(path, "w").close(),
    "zeros": lambda path: path.write_bytes(bytes(4096)),
    "safetensors by another name": lambda path: save_file({"x": torch.zeros(2)}, path),
    "opcodes": lambda path: path.write_bytes(b"\x80\x02" + b"(" * 100_000 + b"."),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_are_no_checkpoint(tmp_path, case):
    FILES[case](tmp_path / "c.pth")
    refused(tmp_path / "c.pth")


def safetensors(header, payload=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + payload


FLOAT = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
HEADERS = {
    "longer than the file": struct.pack("<Q", 1 << 40) + b"{}",
    "no JSON": safetensors(b"{nothing"),
    "offsets beyond the end": safetensors({"x": FLOAT}, bytes(4)),
    "a shape of other bytes": safetensors({"x": {**FLOAT, "shape": [400]}}, bytes(16)),
    "a size of 2 ** 62": safetensors({"x": {**FLOAT, "shape": [1 << 62]}}, bytes(16)),
    "an unknown type": safetensors({"x": {**FLOAT, "dtype": "F3"}}, bytes(16)),
    "overlapping tensors": safetensors({"x": FLOAT, "y": FLOAT}, bytes(16)),
    "nothing": b"",
}


@pytest.mark.parametrize("case", HEADERS)
def test_safetensors_whose_header_lies(tmp_path, case):
    config = {
        "model_type": "sam",
        "vision_config": {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(HEADERS[case])
    refused(tmp_path)


@pytest.mark.parametrize(
    "config",
    [
        "",
        "[]",
        "3",
        '{"model_type": ["sam"]}',
        '{"model_type": null}',
        "{}",
        "[" * 100_000,
        '{"model_type": "bert"}',
        "\xff",
    ],
)
def test_folders_whose_configuration_is_none(tmp_path, config):
    (tmp_path / "config.json").write_bytes(config.encode("latin-1"))
    save_file({"x": torch.zeros(2)}, tmp_path / "model.safetensors")
    refused(tmp_path)


def test_configurations_that_make_no_model(tmp_path):
    for config in ({"vision_config": {"hidden_size": -1}}, {"vision_config": 3}, {"vision_config": {"patch_size": 0}}):
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "sam", **config}))
        save_file({"x": torch.zeros(2)}, tmp_path / "model.safetensors")
        refused(tmp_path)
