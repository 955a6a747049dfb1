"""Which model original tensors are, by names and shapes, and what they look like where they are none of those known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor

from sambench.errors import ModelError, listing
from sambench.models.checkpoint_files import EXPECTED, USE_OFFICIAL, first_line
from sambench.models.sam import convert_sam, convert_sam2
from sambench.models.sam.checkpoint_layout import SAM3
from sambench.models.sam.light_encoders import LIGHT, light_config


def recognise(tensors: dict[str, Tensor], path: Path) -> tuple[str, str | None]:
    """Return family and variant of original tensors, by their names and shapes.

    Raises:
        ModelError: They belong to no family that can be loaded; says what they look like.
    """
    if "sam_mask_decoder.mask_tokens.weight" in tensors and not any(name.startswith(SAM3) for name in tensors):
        if "image_encoder.trunk.blocks.0.attn.qkv.weight" in tensors:
            with read_as("sam2", tensors, path):
                return "sam2", _sam2_variant(tensors, path)
        if any(name.startswith("image_encoder.trunk.body.") for name in tensors):
            return "edgetam", "edgetam"
    family = "sam_hq" if "mask_decoder.hf_token.weight" in tensors else "sam"
    if "mask_decoder.mask_tokens.weight" in tensors and any(name in tensors for name in LIGHT):
        with read_as(family, tensors, path):
            light = light_config(tensors)
            return family, None if light is None else light.variant
    if "mask_decoder.mask_tokens.weight" in tensors and "image_encoder.blocks.0.attn.rel_pos_h" in tensors:
        with read_as(family, tensors, path):
            return family, convert_sam.sam_variant(tensors)
    names = list(tensors)
    what = f"the checkpoint is of no family known here: {len(names)} tensors ({listing(names, 3)}); {_guess(tensors)}"
    raise ModelError(what, where=path, mend=f"give {EXPECTED}; {USE_OFFICIAL}")


def _sam2_variant(tensors: dict[str, Tensor], path: Path) -> str:
    channels, depths = convert_sam2.stages(tensors)
    if (channels, depths) not in convert_sam2.HIERA:
        known = "; ".join(f"{v['variant']}: {c}, {list(d)}" for (c, d), v in convert_sam2.HIERA.items())
        what = f"the checkpoint is a SAM 2 with an unknown trunk: {channels} channels, {list(depths)} blocks a stage"
        raise ModelError(what, where=path, mend=f"known are {known}; {USE_OFFICIAL}")
    return f"{convert_sam2.version(tensors)}_{convert_sam2.HIERA[channels, depths]['variant']}"


def _guess(tensors: dict[str, Tensor]) -> str:
    """Say what tensors of no known family look like."""
    names = set(tensors)
    if any(name.startswith(SAM3) for name in names):
        return (
            "it looks like the original file of SAM 3 or 3.1; the same download has its transformers format: give"
            " that folder"
        )
    if not any("encoder." in name and not name.startswith(("prompt_", "sam_prompt_")) for name in names) and any(
        name.split(".")[0] in ("mask_decoder", "sam_mask_decoder", "mask_tokens", "iou_token") for name in names
    ):
        return "it looks like a decoder alone: give the model it belongs to with model.base=PATH"
    if "mask_decoder.mask_tokens.weight" in names:
        return (
            "it has SAM's decoder but another image encoder (EfficientViT-SAM...), not held by transformers or timm, "
            "or lacks part of the encoder"
        )
    if {"vision_encoder.neck.conv1.weight", "mask_decoder.iou_token.weight"} & names:
        return "it looks like the weights of a transformers folder; give the folder that has its config.json"
    return "none of the names of a promptable segmenter is there"


@contextmanager
def read_as(family: str, tensors: dict[str, Tensor], path: Path) -> Iterator[None]:
    """Tell what a checkpoint lacks, or which of its shapes make no model, while its tensors are read as a family's."""
    begins = f"the checkpoint begins like {family} but"
    try:
        yield
    except (ModelError, MemoryError):
        raise
    except KeyError as error:
        what = f"{begins} lacks the tensor {error} ({len(tensors)} tensors)"
        raise ModelError(what, where=path, mend="download it again") from error
    except Exception as error:  # shapes of other ranks and sizes fail wherever they are first used
        what = f"{begins} its tensors' shapes make no model: {first_line(error)} ({len(tensors)} tensors)"
        raise ModelError(what, where=path, mend=f"download it again; {USE_OFFICIAL}") from error
