"""Checkpoints of the SAM family: read, recognised by their tensors, converted, named by the bytes of their files."""

from __future__ import annotations

import hashlib
import json
import pickle
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sambench.errors import ModelError, listing
from sambench.models import convert_sam, convert_sam2

FAMILIES = {
    "sam": ("SamModel", "SamConfig"),
    "sam_hq": ("SamHQModel", "SamHQConfig"),
    "sam2": ("Sam2Model", "Sam2Config"),
    "sam3_tracker": ("Sam3TrackerModel", "Sam3TrackerConfig"),
    "edgetam": ("EdgeTamModel", "EdgeTamConfig"),
}
"""Family -> its image model and configuration in `transformers`."""

FOLDER_TYPES = {
    "sam": "sam",
    "sam_hq": "sam_hq",
    "sam2": "sam2",
    "sam2_video": "sam2",
    "sam3_tracker": "sam3_tracker",
    "sam3_tracker_video": "sam3_tracker",
    "sam3_video": "sam3_tracker",
    "edgetam": "edgetam",
    "edgetam_video": "edgetam",
}
"""`model_type` in a folder's config.json -> family."""

EXPECTED = (
    "a folder with config.json and *.safetensors, or an original SAM, SAM-HQ, SAM 2, SAM 2.1 or EdgeTAM checkpoint"
)
USE_OFFICIAL = "score other architectures through their own code: model=official model.factory=package.module:function"


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
        return _load_folder(path)
    tensors = read_tensors(path)
    family, variant = recognise(tensors, path)
    model = _convert(family, tensors, path)
    return Checkpoint(str(path), sha256_of([path]), path.stat().st_size, "original", family, variant, model)


def sha256_of(files: list[Path]) -> str:
    """Return the SHA-256 (hex) of files' bytes, one after another."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the named tensors of an original file; only tensors are unpickled, never code.

    A "model" or "state_dict" level and a "module." prefix are taken off.

    Raises:
        ModelError: The file is truncated, holds more than tensors, or no tensors.
    """
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        what = "the checkpoint is no file of torch.save, or it holds objects other than tensors, which are not loaded"
        raise ModelError(f"{what} (begins with {_head(path)})", where=path, mend=_expected()) from error
    except (RuntimeError, EOFError, ValueError, KeyError, zipfile.BadZipFile, OSError) as error:
        size = path.stat().st_size
        what = f"the checkpoint cannot be read: {_first_line(error)} ({size} bytes, begins with {_head(path)})"
        raise ModelError(what, where=path, mend=f"download it again: it may be truncated. {_expected()}") from error
    for level in ("model", "state_dict"):
        if isinstance(held, dict) and isinstance(held.get(level), dict):
            held = held[level]
    tensors = {} if not isinstance(held, dict) else {k: v for k, v in held.items() if isinstance(v, Tensor)}
    if not tensors:
        raise ModelError(
            f"the checkpoint holds no named tensors but {type(held).__name__}", where=path, mend=_expected()
        )
    return {str(name).removeprefix("module."): tensor for name, tensor in tensors.items()}


def recognise(tensors: dict[str, Tensor], path: Path) -> tuple[str, str | None]:
    """Return family and variant of original tensors, by their names and shapes.

    Raises:
        ModelError: They belong to no family that can be loaded; says what they look like.
    """
    if "sam_mask_decoder.mask_tokens.weight" in tensors:
        if "image_encoder.trunk.blocks.0.attn.qkv.weight" in tensors:
            return "sam2", _sam2_variant(tensors, path)
        if any(name.startswith("image_encoder.trunk.body.") for name in tensors):
            return "edgetam", "edgetam"
    if "mask_decoder.mask_tokens.weight" in tensors and "image_encoder.blocks.0.attn.rel_pos_h" in tensors:
        return ("sam_hq" if "mask_decoder.hf_token.weight" in tensors else "sam"), convert_sam.sam_variant(tensors)
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
    try:
        if family in ("sam", "sam_hq"):
            parts, state = convert_sam.sam_config(tensors), convert_sam.convert_sam(tensors)
        elif family == "sam2":
            parts, state = convert_sam2.sam2_config(tensors), convert_sam2.convert_sam2(tensors)
        else:
            parts, state = convert_sam2.edgetam_config(tensors), convert_sam2.convert_sam2(tensors)
    except KeyError as error:
        what = f"the checkpoint begins like {family} but lacks the tensor {error} ({len(tensors)} tensors)"
        raise ModelError(what, where=path, mend="download it again") from error
    config = getattr(transformers, config_name)(**parts)
    with torch.device("meta"):
        model = getattr(transformers, model_name)(config)
    _check_state(family, model.state_dict(), state, path)
    model.load_state_dict({name: tensor.float() for name, tensor in state.items()}, assign=True)
    return model.eval()


def _check_state(family: str, expected: dict[str, Tensor], state: dict[str, Tensor], path: Path) -> None:
    """Refuse a state that does not fit the model tensor by tensor."""
    missing = [name for name in expected if name not in state]
    surplus = [name for name in state if name not in expected]
    shapes = [
        f"{name} is {tuple(state[name].shape)}, not {tuple(expected[name].shape)}"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    if missing or surplus or shapes:
        parts = {"missing": missing, "not expected": surplus, "of another shape": shapes}
        told = "; ".join(f"{len(names)} {what}: {listing(names, 3)}" for what, names in parts.items() if names)
        what = (
            f"the checkpoint looks like {family} but its tensors do not fit ({len(state)} of {len(expected)}): {told}"
        )
        raise ModelError(what, where=path, mend="download it again, or give the original model's own checkpoint")


def _load_folder(path: Path) -> Checkpoint:
    """Load a folder in `transformers`' format."""
    import transformers

    config_file = path / "config.json"
    weights = sorted([*path.glob("*.safetensors"), *path.glob("pytorch_model*.bin")])
    if not config_file.is_file() or not weights:
        found = listing(sorted(entry.name for entry in path.iterdir()), 5) or "nothing"
        what = f"the folder has no config.json with *.safetensors; it holds {found}"
        raise ModelError(what, where=path, mend=f"model.checkpoint=PATH, {EXPECTED}")
    if any(weight.suffix == ".safetensors" for weight in weights):
        weights = [weight for weight in weights if weight.suffix == ".safetensors"]
    try:
        config = json.loads(config_file.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelError(
            f"the configuration is no JSON: {error}", where=config_file, mend="download it again"
        ) from error
    kind = config.get("model_type")
    if kind not in FOLDER_TYPES:
        what = f"the folder holds a model of type {kind!r}; known are {listing(sorted(FOLDER_TYPES))}"
        raise ModelError(what, where=config_file, mend=USE_OFFICIAL)
    family = FOLDER_TYPES[kind]
    model = _pretrained(getattr(transformers, FAMILIES[family][0]), path)
    files = [config_file, *weights]
    size = sum(file.stat().st_size for file in files)
    variant = _folder_variant(family, model.config)
    return Checkpoint(str(path), sha256_of(files), size, "transformers", family, variant, model)


def _pretrained(model_class: Any, path: Path) -> Any:
    """Load a folder's weights and refuse any that are left at their random start."""
    try:
        model, report = model_class.from_pretrained(
            path, local_files_only=True, dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True
        )
    except Exception as error:
        what = f"{model_class.__name__} cannot load the folder: {_first_line(error)}"
        raise ModelError(what, where=path, mend="download it again: a file may be truncated") from error
    missing = sorted(report["missing_keys"])
    shapes = sorted(str(entry[0]) for entry in report["mismatched_keys"])
    if missing or shapes:
        parts = {"missing": missing, "of another shape": shapes}
        told = "; ".join(f"{len(names)} {what}: {listing(names, 3)}" for what, names in parts.items() if names)
        raise ModelError(
            f"the folder's tensors do not fill {model_class.__name__}: {told}", where=path, mend=_expected()
        )
    return model.eval()


def _folder_variant(family: str, config: Any) -> str | None:
    """Return which published size a folder's configuration is, as far as it tells (SAM 2 and 2.1 look the same)."""
    if family in ("sam", "sam_hq"):
        vision = config.vision_config
        return convert_sam.VARIANTS.get((vision.hidden_size, vision.num_hidden_layers))
    if family == "sam2":
        trunk = config.vision_config.backbone_config
        known = convert_sam2.HIERA.get((trunk.hidden_size, tuple(trunk.blocks_per_stage)))
        return None if known is None else str(known["variant"])
    return "edgetam" if family == "edgetam" else None


def _expected() -> str:
    return f"expected is {EXPECTED}"


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200] or type(error).__name__


def _head(path: Path) -> str:
    """Return the first bytes of a file, to tell an HTML page or a Git LFS pointer from weights."""
    with path.open("rb") as stream:
        return repr(stream.read(24))
