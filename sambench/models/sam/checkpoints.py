"""Checkpoints of the SAM family: read, recognised by their tensors, converted, named by the bytes of their files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sambench.errors import ModelError, listing
from sambench.models.checkpoint_files import EXPECTED, USE_OFFICIAL, first_line, read_tensors, sha256_of
from sambench.models.sam import convert_sam, convert_sam2
from sambench.models.sam.checkpoint_folders import FAMILIES, load_folder


@dataclass(frozen=True)
class Checkpoint:
    """A model with where it came from.

    Attributes:
        path: The file or folder as given.
        sha256: SHA-256 (hex) of the file's bytes; for a folder, of its configuration and weight files in name order.
        size_bytes: Their total size.
        format: "original" or "transformers".
        family: Key of `FAMILIES`.
        variant: Which published size it is ("vit_h", "2.1_hiera_large"...), None for any other.
        model: The `transformers` model, in float32 on the CPU, in eval mode.
    """

    path: str
    sha256: str
    size_bytes: int
    format: str
    family: str
    variant: str | None
    model: Any

    @property
    def name(self) -> str:
        """Short name: "sam_vit_h", "sam_hq_vit_l", "sam2.1_hiera_large", "edgetam"."""
        if self.variant is None or self.variant == self.family:
            return self.family
        if self.family == "sam2" and self.format == "original":
            version, _, size = self.variant.partition("_")
            return f"sam{version}_{size}"
        return f"{self.family}_{self.variant}"

    def check(self, family: str | None, variant: str | None) -> None:
        """Refuse a checkpoint of another family or size than was asked for.

        Raises:
            ModelError: It is another; says what it holds.
        """
        held = f"{self.family} {self.variant or 'of no published size'}"
        asked = f"{family or self.family} {variant or ''}".strip()
        # A folder's SAM 2 configuration does not tell 2 from 2.1.
        folder = self.family == "sam2" and self.format == "transformers"
        fits = variant is None or self.variant == variant or (folder and variant.endswith(f"_{self.variant}"))
        if (family is not None and self.family != family) or not fits:
            what = f"the checkpoint holds {held}, but {asked} was asked for"
            raise ModelError(what, where=self.path, mend="choose the model of this checkpoint, or the right checkpoint")


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Load a checkpoint of any known family.

    Args:
        path: A local folder in `transformers`' format, or an original file.

    Raises:
        ModelError: Nothing there, unreadable, or of no known family; says what was found and what was expected.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise ModelError("the checkpoint does not exist", where=path, mend=f"model.checkpoint=PATH, {EXPECTED}")
    if path.is_dir():
        family, variant, model, files = load_folder(path)
    else:
        tensors = read_tensors(path)
        family, variant = recognise(tensors, path)
        model, files = _convert(family, tensors, path), [path]
    size = sum(file.stat().st_size for file in files)
    form = "transformers" if path.is_dir() else "original"
    return Checkpoint(str(path), sha256_of(files), size, form, family, variant, model)


def recognise(tensors: dict[str, Tensor], path: Path) -> tuple[str, str | None]:
    """Return family and variant of original tensors, by their names and shapes.

    Raises:
        ModelError: They belong to no family that can be loaded; says what they look like.
    """
    if "sam_mask_decoder.mask_tokens.weight" in tensors:
        if "image_encoder.trunk.blocks.0.attn.qkv.weight" in tensors:
            with _whole("sam2", tensors, path):
                return "sam2", _sam2_variant(tensors, path)
        if any(name.startswith("image_encoder.trunk.body.") for name in tensors):
            return "edgetam", "edgetam"
    if "mask_decoder.mask_tokens.weight" in tensors and "image_encoder.blocks.0.attn.rel_pos_h" in tensors:
        family = "sam_hq" if "mask_decoder.hf_token.weight" in tensors else "sam"
        with _whole(family, tensors, path):
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
    if any(name.startswith(("tracker.", "detector.")) for name in names):
        return "it looks like SAM 3's original file; the same download has its transformers format: give that folder"
    if "image_encoder.patch_embed.seq.0.c.weight" in names:
        hq = "Light HQ-SAM" if "mask_decoder.hf_token.weight" in names else "MobileSAM"
        return f"it looks like {hq} (SAM's decoder on a TinyViT encoder), which transformers does not have"
    if "mask_decoder.mask_tokens.weight" in names:
        return (
            "it has SAM's decoder but another image encoder (EdgeSAM, EfficientViT-SAM...), not held by transformers, "
            "or lacks part of the encoder"
        )
    if {"vision_encoder.neck.conv1.weight", "mask_decoder.iou_token.weight"} & names:
        return "it looks like the weights of a transformers folder; give the folder that has its config.json"
    return "none of the names of a promptable segmenter is there"


def _convert(family: str, tensors: dict[str, Tensor], path: Path) -> Any:
    """Build the model an original file holds."""
    import transformers

    if family == "edgetam" and find_spec("timm") is None:
        raise ModelError(
            "EdgeTAM's backbone needs the package timm", where=path, mend="pip install timm (it needs torchvision)"
        )
    model_name, config_name = FAMILIES[family]
    with _whole(family, tensors, path):
        if family in ("sam", "sam_hq"):
            parts, state = convert_sam.sam_config(tensors), convert_sam.convert_sam(tensors)
        elif family == "sam2":
            parts, state = convert_sam2.sam2_config(tensors), convert_sam2.convert_sam2(tensors)
        else:
            parts, state = convert_sam2.edgetam_config(tensors), convert_sam2.convert_sam2(tensors)
        config = getattr(transformers, config_name)(**parts)
        with torch.device("meta"):
            model = getattr(transformers, model_name)(config)
    _check_state(family, model.state_dict(), state, path)
    model.load_state_dict({name: tensor.float() for name, tensor in state.items()}, assign=True)
    return model.eval()


@contextmanager
def _whole(family: str, tensors: dict[str, Tensor], path: Path) -> Iterator[None]:
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


def _check_state(family: str, expected: dict[str, Tensor], state: dict[str, Tensor], path: Path) -> None:
    """Refuse a state that does not fit the model tensor by tensor."""
    missing = [name for name in expected if name not in state]
    surplus = [name for name in state if name not in expected]
    shapes = [
        f"{name} is {tuple(state[name].shape)}, not {tuple(expected[name].shape)}"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    kinds = [
        f"{name} is {state[name].dtype}"
        for name in expected
        if name in state and state[name].is_floating_point() != expected[name].is_floating_point()
    ]
    if missing or surplus or shapes or kinds:
        parts = {"missing": missing, "not expected": surplus, "of another shape": shapes, "of another kind": kinds}
        told = "; ".join(f"{len(names)} {what}: {listing(names, 3)}" for what, names in parts.items() if names)
        what = (
            f"the checkpoint looks like {family} but its tensors do not fit ({len(state)} of {len(expected)}): {told}"
        )
        raise ModelError(what, where=path, mend="download it again, or give the original model's own checkpoint")
