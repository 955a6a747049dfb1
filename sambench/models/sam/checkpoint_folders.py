"""Folders in `transformers`' format: configuration and safetensors, of an image model or the video model around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sambench.errors import ModelError
from sambench.models.checkpoint_files import EXPECTED, USE_OFFICIAL, expected
from sambench.models.pretrained import pretrained, read_folder
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

DOUBLED = {r"^tracker_model\.tracker_model\.": "tracker_model."}
"""`Sam3VideoModel.save_pretrained` of transformers 5 writes the tracker's prefix twice, published files once."""


def load_folder(path: Path) -> tuple[str, str | None, Any, list[Path]]:
    """Load a folder in `transformers`' format.

    Returns:
        Family, variant, the model, and the files it was read from.

    Raises:
        ModelError: It holds no model of the family, or not all of its weights.
    """
    import transformers

    folder = read_folder(path, FOLDER_TYPES, EXPECTED, USE_OFFICIAL)
    family = FOLDER_TYPES[folder.model_type]
    renamed = DOUBLED if family == "sam3_tracker" else None
    model = pretrained(getattr(transformers, FAMILIES[family][0]), path, expected(), renamed)
    prompts = model.config.prompt_encoder_config.image_size
    sides = [getattr(model.config.vision_config, "image_size", prompts), prompts]
    if sides[0] != sides[1]:
        what = f"the configuration has images of {sides[0]} pixels a side for the encoder and of {sides[1]} for prompts"
        raise ModelError(what, where=path / "config.json", mend="download it again")
    return family, folder_variant(family, model.config), model, folder.files


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
