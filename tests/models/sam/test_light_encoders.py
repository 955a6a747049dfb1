"""Light encoders read off the authors' tensors: stages, timm's names for theirs; the networks are in tests/parity."""

import sys

import pytest
import torch

from sambench.errors import UsageError
from sambench.models.sam.light_encoders import LIGHT, NAMES, LightConfig, convert_light, light_config
from sambench.models.sam.light_networks import light_encoder, timm_version


def empty(shapes):
    return {f"image_encoder.{name}": torch.zeros(shape) for name, shape in shapes.items()}


TINY_VIT = empty(
    {
        "patch_embed.seq.0.c.weight": (32, 3, 3, 3),
        "patch_embed.seq.0.bn.running_var": (32,),
        "patch_embed.seq.2.c.weight": (64, 32, 3, 3),
        **{f"layers.0.blocks.{i}.conv2.c.weight": (256, 1, 3, 3) for i in range(2)},
        **{
            f"layers.{layer}.blocks.{i}.attn.attention_biases": (heads, window**2)
            for layer, depth, heads, window in ((1, 2, 4, 7), (2, 6, 5, 14), (3, 2, 10, 7))
            for i in range(depth)
        },
        **{f"layers.{layer}.downsample.conv3.c.weight": (out, out, 1, 1) for layer, out in enumerate((128, 160, 320))},
        "layers.2.blocks.5.local_conv.bn.bias": (160,),
        "layers.2.blocks.5.mlp.fc1.bias": (640,),
        "norm_head.weight": (320,),
        "head.weight": (1000, 320),
        "neck.0.weight": (256, 320, 1, 1),
        "neck.3.bias": (256,),
    }
)


def repvit(blocks, edge=False):
    """Return tensors of numbered blocks, given as their channels; one shrinks the image where these change."""
    shapes = {"features.0.0.c.weight": (blocks[0] // 2, 3, 3, 3), "features.0.2.c.weight": (blocks[0], 1, 3, 3)}
    shapes["neck.0.weight"] = (256, blocks[-1], 1, 1)
    for i, (before, channels) in enumerate(zip([blocks[0], *blocks], blocks, strict=False), 1):
        if before != channels:
            shapes[f"features.{i}.token_mixer.0.c.weight"] = (before, 1, 3, 3)
            shapes[f"features.{i}.token_mixer.2.c.weight"] = (channels, before, 1, 1)
        else:
            shapes[f"features.{i}.token_mixer.0.conv.c.weight"] = (channels, 1, 3, 3)
        shapes[f"features.{i}.channel_mixer.m.2.bn.bias"] = (channels,)
    if edge:
        shapes |= {"fuse_stage2.weight": (256, 1, 1, 1), "fuse_stage3.op_list.0.weight": (256, 1, 1, 1)}
    return empty(shapes)


M1 = [*[48] * 3, *[96] * 4, *[192] * 16, *[384] * 3]
M2_3 = [*[80] * 7, *[160] * 8, *[320] * 36, *[640] * 3]


def test_published_encoders_are_told_by_their_stages():
    tiny = light_config(TINY_VIT)
    assert tiny == LightConfig("tiny_vit", (64, 128, 160, 320), (2, 2, 6, 2), (1, 4, 5, 10), (1, 7, 14, 7))
    assert (NAMES["sam", tiny.variant], NAMES["sam_hq", tiny.variant]) == ("mobile_sam", "light_hq_sam")
    edge = light_config(repvit(M1, edge=True))
    assert (edge.kind, edge.channels, edge.depths) == ("edge", (48, 96, 192, 384), (2, 2, 14, 2))
    assert NAMES["sam", edge.variant] == "edge_sam"
    sam = light_config(repvit(M2_3))
    assert (sam.kind, sam.channels, sam.depths) == ("repvit", (80, 160, 320, 640), (6, 6, 34, 2))
    assert NAMES["sam", sam.variant] == "repvit_sam"
    assert light_config(repvit(M1)).variant is None  # EdgeSAM's network without what fuses its stages
    assert light_config({"image_encoder.pos_embed": torch.zeros(1)}) is None
    assert all(name in {**TINY_VIT, **repvit(M1)} for name in LIGHT)


def test_tiny_vits_names_are_timms_and_its_classifier_is_left_out():
    names = set(convert_light(light_config(TINY_VIT), TINY_VIT))
    trunk = "vision_encoder.trunk"
    assert len(names) == len(TINY_VIT) - 2
    assert {
        f"{trunk}.patch_embed.conv1.conv.weight",
        f"{trunk}.patch_embed.conv1.bn.running_var",
        f"{trunk}.stages.0.blocks.1.conv2.conv.weight",
        f"{trunk}.stages.3.downsample.conv3.conv.weight",
        f"{trunk}.stages.2.blocks.5.local_conv.bn.bias",
        "vision_encoder.neck.conv1.weight",
        "vision_encoder.neck.layer_norm2.bias",
    } <= names
    assert not any("head" in name for name in names)


def test_the_block_before_a_stage_shrinks_the_image_is_timms_next_stages():
    tensors = repvit(M1, edge=True)
    names = set(convert_light(light_config(tensors), tensors))
    trunk = "vision_encoder.trunk"
    assert len(names) == len(tensors)
    assert {
        f"{trunk}.stem.conv2.c.weight",
        f"{trunk}.stages.0.blocks.1.token_mixer.conv.c.weight",
        f"{trunk}.stages.1.downsample.pre_block.token_mixer.conv.c.weight",
        f"{trunk}.stages.1.downsample.spatial_downsample.c.weight",
        f"{trunk}.stages.1.downsample.channel_downsample.c.weight",
        f"{trunk}.stages.1.downsample.ffn.conv2.bn.bias",
        f"{trunk}.stages.3.blocks.1.channel_mixer.conv2.bn.bias",
        "vision_encoder.fuse_stage3.weight",
    } <= names


def test_without_timm_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UsageError, match="network of timm") as caught:
        light_encoder(light_config(TINY_VIT))
    assert "pip install timm" in caught.value.mend
    assert timm_version(torch.nn.Identity()) is None
