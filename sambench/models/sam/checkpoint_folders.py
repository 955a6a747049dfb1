"""Folders in `transformers`' format: configuration and safetensors, of an image model or the video model around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from sambench.errors import ModelError, listing
from sambench.files.json_files import JsonError, read_json_file
from sambench.models.checkpoint_files import EXPECTED, USE_OFFICIAL, expected, first_line
from sambench.models.sam import convert_sam, convert_sam2

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

_LARGEST = 10_000_000
"""Numbers of a configuration (channels, layers, pixels) are all below this."""


def load_folder(path: Path) -> tuple[str, str | None, Any, list[Path]]:
    """Load a folder in `transformers`' format.

    Returns:
        Family, variant, the model, and the files it was read from.

    Raises:
        ModelError: It holds no model of the family, or not all of its weights.
    """
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
        config = read_json_file(config_file)
    except (JsonError, OSError) as error:
        raise ModelError(
            f"the configuration is no JSON: {error}", where=config_file, mend="download it again"
        ) from error
    kind = config.get("model_type") if isinstance(config, dict) else None
    if not isinstance(kind, str) or kind not in FOLDER_TYPES:
        what = f"the folder holds a model of type {kind!r}; known are {listing(sorted(FOLDER_TYPES))}"
        raise ModelError(what, where=config_file, mend=USE_OFFICIAL)
    if large := _largest(config, ""):
        what = f"the configuration has {large}; no model of the family comes near"
        raise ModelError(what, where=config_file, mend="download it again")
    family = FOLDER_TYPES[kind]
    model = _pretrained(getattr(transformers, FAMILIES[family][0]), path)
    return family, folder_variant(family, model.config), model, [config_file, *weights]


def _largest(value: Any, key: str) -> str:
    """Return "KEY: NUMBER" of a number that would have the model built for ever, or ""."""
    if isinstance(value, int | float) and not -_LARGEST < value < _LARGEST:
        return f"{key}: {value}"
    if not isinstance(value, dict | list):
        return ""
    inner = value.items() if isinstance(value, dict) else [(key, one) for one in value]
    return next((found for name, one in inner if (found := _largest(one, name))), "")


def _pretrained(model_class: Any, path: Path) -> Any:
    """Load a folder's weights and refuse any that are left at their random start."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model, report = model_class.from_pretrained(
            path, local_files_only=True, dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True
        )
    except Exception as error:
        what = f"{model_class.__name__} cannot load the folder: {first_line(error)}"
        raise ModelError(what, where=path, mend="download it again: a file may be truncated") from error
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
    missing = sorted(report["missing_keys"])
    shapes = sorted(str(entry[0]) for entry in report["mismatched_keys"])
    if missing or shapes:
        parts = {"missing": missing, "of another shape": shapes}
        told = "; ".join(f"{len(names)} {what}: {listing(names, 3)}" for what, names in parts.items() if names)
        raise ModelError(
            f"the folder's tensors do not fill {model_class.__name__}: {told}", where=path, mend=expected()
        )
    prompts = model.config.prompt_encoder_config.image_size
    sides = [getattr(model.config.vision_config, "image_size", prompts), prompts]
    if sides[0] != sides[1]:
        what = f"the configuration has images of {sides[0]} pixels a side for the encoder and of {sides[1]} for prompts"
        raise ModelError(what, where=path / "config.json", mend="download it again")
    return model.eval()


def folder_variant(family: str, config: Any) -> str | None:
    """Return which published size a folder's configuration is, as far as it tells (SAM 2 and 2.1 look the same)."""
    if family in ("sam", "sam_hq"):
        vision = config.vision_config
        return convert_sam.VARIANTS.get((vision.hidden_size, vision.num_hidden_layers))
    if family == "sam2":
        trunk = config.vision_config.backbone_config
        known = convert_sam2.HIERA.get((trunk.hidden_size, tuple(trunk.blocks_per_stage)))
        return None if known is None else str(known["variant"])
    return "edgetam" if family == "edgetam" else None
