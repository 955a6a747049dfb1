"""Checkpoints of the SAM family: read, recognised by their tensors, converted, named by the bytes of their files."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sambench.errors import ModelError, listing
from sambench.files.atomic import files_sha256
from sambench.models.checkpoint_files import (
    EXPECTED,
    read_levels,
    weight_files,
)
from sambench.models.sam import convert_sam, convert_sam2
from sambench.models.sam.checkpoint_folders import FAMILIES, load_folder
from sambench.models.sam.checkpoint_layout import (
    Layout,
    adapter_settings,
    merged_lora,
    over_base,
    plain_names,
)
from sambench.models.sam.light_encoders import NAMES, convert_light, light_config, light_sam_config
from sambench.models.sam.light_networks import light_encoder
from sambench.models.sam.recognise import read_as, recognise

log = logging.getLogger("sambench.models")


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
        notes: What was taken off its layout or put together, in words.
    """

    path: str
    sha256: str
    size_bytes: int
    format: str
    family: str
    variant: str | None
    model: Any
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Short name: "sam_vit_h", "sam_hq_vit_l", "sam2.1_hiera_large", "edgetam"."""
        if self.variant is None or self.variant == self.family:
            return self.family
        if (self.family, self.variant) in NAMES:
            return NAMES[self.family, self.variant]
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


def load_checkpoint(
    path: str | Path, base: str | Path | None = None, prefix: str | None = None, lora_alpha: float | None = None
) -> Checkpoint:
    """Load a checkpoint of any known family, in the layouts that training programs leave (`checkpoint_layout`).

    Args:
        path: A local folder in `transformers`' format, an original file, or a folder of its parts.
        base: A whole model that the checkpoint is a part of: a decoder alone, an adapter of PEFT.
        prefix: Which of several models in it is meant.
        lora_alpha: The scale of LoRA that stands beside the weights.

    Raises:
        ModelError: Nothing there, unreadable, or of no known family; says what was found and what was expected.
    """
    path = _there(path, "model.checkpoint")
    if path.is_dir() and ((path / "config.json").is_file() or not weight_files(path)):
        if base is not None:
            what = "the checkpoint is a whole model already, so that a base would change nothing"
            raise ModelError(what, where=path, mend="leave model.base out")
        family, variant, model, files = load_folder(path)
        return _checkpoint(path, files, "transformers", family, variant, model, [])
    files = weight_files(path) if path.is_dir() else [path]
    layout, adapter = _gathered(files, path, prefix), adapter_settings(path) if path.is_dir() else None
    alpha, stabilised = (lora_alpha, False) if adapter is None else adapter
    if base is None:
        merged = merged_lora(layout.tensors, path, alpha, stabilised)
        family, variant = recognise(merged.tensors, path)
        model, form = _convert(family, merged.tensors, path), "original"
        return _checkpoint(path, files, form, family, variant, model, [*layout.notes, *merged.notes])
    base = _there(base, "model.base")
    files = [*files, *([base] if base.is_file() else sorted(weight_files(base)))]
    if (base / "config.json").is_file():
        family, variant, model, _ = load_folder(base)
        whole = over_base(layout.tensors, dict(model.state_dict()), path)
        merged = merged_lora(whole.tensors, path, alpha, stabilised)
        model.load_state_dict({name: tensor.float() for name, tensor in merged.tensors.items()})
        form = "transformers"
    else:
        under = _gathered(weight_files(base) if base.is_dir() else [base], base, None)
        whole = over_base(layout.tensors, under.tensors, path)
        merged = merged_lora(whole.tensors, path, alpha, stabilised)
        family, variant = recognise(merged.tensors, base)
        model, form = _convert(family, merged.tensors, base), "original"
    notes = [*layout.notes, *whole.notes, f"base {base}", *merged.notes]
    return _checkpoint(path, files, form, family, variant, model, notes)


def _there(path: str | Path, key: str) -> Path:
    path = Path(path).expanduser()
    if not path.exists():
        what = "the checkpoint does not exist" if key == "model.checkpoint" else "the base does not exist"
        raise ModelError(what, where=path, mend=f"{key}=PATH, {EXPECTED}")
    return path


def _gathered(files: list[Path], path: Path, prefix: str | None) -> Layout:
    """Read the tensors of a file or of several parts under the model's own names."""
    tensors: dict[str, Tensor] = {}
    notes: list[str] = []
    for file in files:
        part, around = read_levels(file)
        tensors |= part
        notes += around
    layout = plain_names(tensors, path, prefix)
    parts = [f"{len(files)} parts read: {listing([file.name for file in files], 3)}"] if len(files) > 1 else []
    kinds = sorted({str(one.dtype).removeprefix("torch.") for one in layout.tensors.values()} - {"float32", "int64"})
    halves = [f"tensors of {listing(kinds)} read as float32"] if kinds else []
    return Layout(layout.tensors, [*parts, *notes, *layout.notes, *halves])


def _checkpoint(
    path: Path, files: list[Path], form: str, family: str, variant: str | None, model: Any, notes: list[str]
) -> Checkpoint:
    for note in notes:
        log.info("%s: %s", path, note)
    size = sum(file.stat().st_size for file in files)
    return Checkpoint(str(path), files_sha256(files), size, form, family, variant, model, tuple(notes))


def _convert(family: str, tensors: dict[str, Tensor], path: Path) -> Any:
    """Build the model an original file holds."""
    import transformers

    if family == "edgetam" and find_spec("timm") is None:
        raise ModelError(
            "EdgeTAM's backbone needs the package timm", where=path, mend="pip install timm (it needs torchvision)"
        )
    model_name, config_name = FAMILIES[family]
    light = light_config(tensors) if family in ("sam", "sam_hq") else None
    with read_as(family, tensors, path):
        if light is not None:
            parts, state = light_sam_config(light, tensors), convert_light(light, tensors)
        elif family in ("sam", "sam_hq"):
            parts, state = convert_sam.sam_config(tensors), convert_sam.convert_sam(tensors)
        elif family == "sam2":
            parts, state = convert_sam2.sam2_config(tensors), convert_sam2.convert_sam2(tensors)
        else:
            parts, state = convert_sam2.edgetam_config(tensors), convert_sam2.convert_sam2(tensors)
        config = getattr(transformers, config_name)(**parts)
        with torch.device("meta"):
            model = getattr(transformers, model_name)(config)
    if light is not None:
        model.vision_encoder = light_encoder(light)
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
    kinds = [
        f"{name} is {state[name].dtype}"
        for name in expected
        if name in state and state[name].is_floating_point() != expected[name].is_floating_point()
    ]
    if missing or surplus or shapes or kinds:
        parts = {"missing": missing, "not expected": surplus, "of another shape": shapes, "of another kind": kinds}
        text = "; ".join(f"{len(names)} {what}: {listing(names, 3)}" for what, names in parts.items() if names)
        what = (
            f"the checkpoint looks like {family} but its tensors do not fit ({len(state)} of {len(expected)}): {text}"
        )
        raise ModelError(what, where=path, mend="download it again, or give the original model's own checkpoint")
