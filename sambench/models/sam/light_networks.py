"""Light image encoders as modules: timm's networks with the authors' strides, and SAM's neck."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch.nn.functional as F  # noqa: N812 (the name every torch user knows)
from torch import Tensor, nn
from transformers import SamVisionConfig
from transformers.models.sam.modeling_sam import SamVisionNeck

from sambench.errors import UsageError
from sambench.models.checkpoint_files import first_line
from sambench.models.sam.light_encoders import LightConfig


@dataclass(frozen=True)
class EncoderOutput:
    """What `transformers`' encoders of the family return: (B, C, h, w), and for SAM-HQ (B, h, w, V) early features."""

    last_hidden_state: Tensor
    intermediate_embeddings: tuple[Tensor, ...] = ()


class TinyVitEncoder(nn.Module):
    """MobileSAM's and Light HQ-SAM's encoder: TinyViT whose last merging does not shrink the image.

    Args:
        config: From `light_config`.
        models: The package `timm.models`.
    """

    def __init__(self, config: LightConfig, models: Any) -> None:
        super().__init__()
        self.trunk = models.tiny_vit.TinyVit(
            num_classes=0,
            embed_dims=config.channels,
            depths=config.depths,
            num_heads=config.heads,
            window_sizes=config.windows,
            drop_path_rate=0.0,
        )
        self.trunk.head = nn.Identity()
        self.trunk.stages[-1].downsample.conv2.conv.stride = (1, 1)
        self.neck = _neck(config.channels[-1], config.embedding)

    def forward(self, pixels: Tensor) -> EncoderOutput:
        """Encode (B, 3, 1024, 1024) pixels; what Light HQ-SAM's decoder sees is the image as stage 2 begins."""
        first, second, third, last = self.trunk.stages
        early = third.downsample(second(first(self.trunk.patch_embed(pixels)))).permute(0, 2, 3, 1)
        x = last(third.blocks(early).permute(0, 3, 1, 2))
        return EncoderOutput(self.neck(x.permute(0, 2, 3, 1)), (early,))


class RepVitEncoder(nn.Module):
    """RepViT-SAM's encoder, whose last stage does not shrink the image, or EdgeSAM's, which adds the last two stages.

    Args:
        config: From `light_config`.
        models: The package `timm.models`.
    """

    def __init__(self, config: LightConfig, models: Any) -> None:
        super().__init__()
        edge, channels = config.kind == "edge", config.channels
        self.trunk = models.repvit.RepVit(
            embed_dim=channels, depth=config.depths, num_classes=0, distillation=False, legacy=edge
        )
        self.trunk.head = nn.Identity()
        self.fuse_stage2 = nn.Conv2d(channels[-2], 256, 1, bias=False) if edge else None
        self.fuse_stage3 = nn.Conv2d(channels[-1], 256, 1, bias=False) if edge else None
        if not edge:
            self.trunk.stages[-1].downsample.spatial_downsample.c.stride = (1, 1)
        self.neck = _neck(256 if edge else channels[-1], config.embedding)

    def forward(self, pixels: Tensor) -> EncoderOutput:
        """Encode (B, 3, 1024, 1024) pixels."""
        first, second, third, last = self.trunk.stages
        x = third(second(first(self.trunk.stem(pixels))))
        if self.fuse_stage2 is None or self.fuse_stage3 is None:
            return EncoderOutput(self.neck(last(x).permute(0, 2, 3, 1)))
        # EdgeSAM's authors count the block before a stage shrinks the image to the stage before it.
        shrink = last.downsample
        fine = shrink.pre_block(x)
        x = shrink.channel_downsample(shrink.spatial_downsample(fine))
        coarse = self.fuse_stage3(last.blocks(x + shrink.ffn(x)))
        x = self.fuse_stage2(fine) + F.interpolate(coarse, scale_factor=2.0, mode="bicubic")
        return EncoderOutput(self.neck(x.permute(0, 2, 3, 1)))


def light_encoder(config: LightConfig) -> nn.Module:
    """Build the encoder with random weights.

    Raises:
        UsageError: timm is not installed, or cannot be imported.
    """
    try:
        import timm.models
    except Exception as error:  # a torchvision of another build than torch's fails at its import with RuntimeError
        what = f"this checkpoint's encoder is a network of timm, which cannot be imported: {first_line(error)}"
        mend = "pip install timm, with the torchvision of your torch's build"
        raise UsageError(what, where="model.checkpoint", mend=mend) from error
    encoder = TinyVitEncoder if config.kind == "tiny_vit" else RepVitEncoder
    return encoder(config, timm.models)


def timm_version(encoder: nn.Module) -> str | None:
    """Return the version of timm whose code an image encoder of this module runs, None for any other encoder."""
    return version("timm") if isinstance(encoder, TinyVitEncoder | RepVitEncoder) else None


def _neck(channels: int, embedding: int) -> nn.Module:
    return SamVisionNeck(SamVisionConfig(hidden_size=channels, output_channels=embedding))
