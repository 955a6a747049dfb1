"""Folders in `transformers`' format: their configuration, their files, and a class filled with all of its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from sambench.errors import ModelError, listing
from sambench.files.json_files import read_json_file
from sambench.files.json_text import JsonError
from sambench.models.checkpoint_files import first_line

_LARGEST = 10_000_000
"""Numbers of a configuration (channels, layers, pixels) are all below this."""


@dataclass(frozen=True)
class Folder:
    """A folder that holds a model.

    Attributes:
        path: The folder.
        model_type: What its configuration says that it holds.
        files: Configuration and weights, which name the model by their bytes.
    """

    path: Path
    model_type: str
    files: list[Path]


def read_folder(path: Path, known: Mapping[str, Any], expected: str, other: str) -> Folder:
    """Read what a folder holds.

    Args:
        path: The folder.
        known: The types that can be read.
        expected: What a checkpoint may be, in words.
        other: What to do with a model of another type.

    Raises:
        ModelError: There is no model, one of another type, or a configuration that no model has.
    """
    config_file = path / "config.json"
    weights = sorted([*path.glob("*.safetensors"), *path.glob("pytorch_model*.bin")])
    if not config_file.is_file() or not weights:
        content = listing(sorted(entry.name for entry in path.iterdir()), 5) or "nothing"
        what = f"the folder has no config.json with *.safetensors; it holds {content}"
        raise ModelError(what, where=path, mend=f"model.checkpoint=PATH, {expected}")
    if any(weight.suffix == ".safetensors" for weight in weights):
        weights = [weight for weight in weights if weight.suffix == ".safetensors"]
    try:
        config = read_json_file(config_file)
    except (JsonError, OSError) as error:
        raise ModelError(
            f"the configuration is no JSON: {error}", where=config_file, mend="download it again"
        ) from error
    kind = config.get("model_type") if isinstance(config, dict) else None
    if not isinstance(kind, str) or kind not in known:
        what = f"the folder holds a model of type {kind!r}; known are {listing(sorted(known))}"
        raise ModelError(what, where=config_file, mend=other)
    if large := _largest(config, ""):
        what = f"the configuration has {large}; no model of the family comes near"
        raise ModelError(what, where=config_file, mend="download it again")
    return Folder(path, kind, [config_file, *weights])


def _largest(value: Any, key: str) -> str:
    """Return "KEY: NUMBER" of a number that would have the model built for ever, or ""."""
    if isinstance(value, int | float) and not -_LARGEST < value < _LARGEST:
        return f"{key}: {value}"
    if not isinstance(value, dict | list):
        return ""
    inner = value.items() if isinstance(value, dict) else [(key, one) for one in value]
    return next((largest for name, one in inner if (largest := _largest(one, name))), "")


def pretrained(model_class: Any, path: Path, mend: str, renamed: Mapping[str, str] | None = None) -> Any:
    """Load a folder's weights and refuse any that are left at their random start.

    Args:
        model_class: A class of `transformers`.
        path: The folder.
        mend: What to do where weights are missing.
        renamed: Beginnings of the names of tensors, as regular expressions, and what they become.

    Returns:
        The model in float32, on the CPU, in eval mode.

    Raises:
        ModelError: It cannot be loaded, or weights are missing or of another shape.
    """
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model, report = model_class.from_pretrained(
            path,
            local_files_only=True,
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            key_mapping=None if renamed is None else dict(renamed),
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
        text = "; ".join(f"{len(names)} {what}: {listing(names, 3)}" for what, names in parts.items() if names)
        raise ModelError(f"the folder's tensors do not fill {model_class.__name__}: {text}", where=path, mend=mend)
    return model.eval()
