"""Checkpoint files: their named tensors, their SHA-256, and what to say of files that are none."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from sambench.errors import ModelError, listing
from sambench.files.json_files import read_json_file
from sambench.files.json_text import JsonError
from sambench.models.checkpoint_pickles import mend_for, unsafe_names

EXPECTED = (
    "a folder with config.json and *.safetensors, or an original SAM, SAM-HQ, SAM 2, SAM 2.1 or EdgeTAM checkpoint"
)
USE_OFFICIAL = "score other architectures through their own code: model=official model.factory=package.module:function"

LEVELS = (
    *("model", "state_dict", "model_state_dict", "model_state", "net", "network", "module", "weights", "params"),
    *("ema", "model_ema", "ema_state_dict", "state_dict_ema", "ema_model", "generator"),
)
"""Keys under which training programs keep a model's tensors, those of the model itself before averaged ones."""

WEIGHTS = ("*.safetensors", "pytorch_model*.bin", "*.pth", "*.pt")
"""Names of weight files in a folder without a configuration, the first that are there."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the named tensors of an original file; see `read_levels`."""
    return read_levels(path)[0]


def read_levels(path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Read the named tensors of an original file, of torch.save or safetensors; only tensors are loaded, never code.

    Levels that training programs put around them (`LEVELS`) and a "module." prefix are taken off.

    Returns:
        The tensors, and what was found around them, in words.

    Raises:
        ModelError: The file is truncated or damaged, holds more than tensors, or no tensors with numbers.
    """
    held, notes = _load(path), list[str]()
    while isinstance(held, dict) and (keys := [key for key in LEVELS if _has_tensors(held.get(key))]):
        others = f" (beside {listing(keys[1:], 3)}, which were left)" if keys[1:] else ""
        notes.append(f"the tensors under {keys[0]!r}{others}")
        held = held[keys[0]]
    tensors = {} if not isinstance(held, dict) else {k: v for k, v in held.items() if isinstance(v, Tensor)}
    if not tensors:
        raise ModelError(
            f"the checkpoint holds no named tensors but {type(held).__name__}", where=path, mend=expected()
        )
    empty = [str(name) for name, tensor in tensors.items() if tensor.is_meta or tensor.layout != torch.strided]
    if empty:
        what = f"{len(empty)} of its {len(tensors)} tensors hold no plain numbers: {listing(empty, 3)}"
        raise ModelError(what, where=path, mend=f"save the model's whole state_dict again. {expected()}")
    return {str(name).removeprefix("module."): tensor for name, tensor in tensors.items()}, notes


def weight_files(folder: Path) -> list[Path]:
    """Return the weight files of a folder: the parts that an index names, else the first kind that is there.

    Raises:
        ModelError: A part that the index names is not there, or the index cannot be read.
    """
    indices = sorted([*folder.glob("*.safetensors.index.json"), *folder.glob("*.bin.index.json")])
    if indices:
        try:
            named = sorted(set(read_json_file(indices[0])["weight_map"].values()))
        except (JsonError, OSError, KeyError, AttributeError, TypeError) as error:
            what = f"the index of the parts cannot be read: {first_line(error)}"
            raise ModelError(what, where=indices[0], mend="download it again") from error
        missing = [str(name) for name in named if Path(str(name)).name != name or not (folder / str(name)).is_file()]
        if missing:
            what = f"{len(missing)} of {len(named)} parts that the index names are missing: {listing(missing, 3)}"
            raise ModelError(what, where=indices[0], mend="download the missing parts")
        return [folder / name for name in named]
    return next((files for pattern in WEIGHTS if (files := sorted(folder.glob(pattern)))), [])


def expected() -> str:
    """Say what a checkpoint may be."""
    return f"expected is {EXPECTED}"


def first_line(error: Exception) -> str:
    """Return the beginning of an error's message."""
    return str(error).strip().split("\n")[0][:200] or type(error).__name__


def _load(path: Path) -> Any:
    """Load what a file holds, tensors, numbers and texts alone."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        names = unsafe_names(path)
        if names:
            what = f"the checkpoint holds objects other than tensors, which are not loaded: {listing(names, 5)}"
            raise ModelError(what, where=path, mend=mend_for(path, names)) from error
        what = "the checkpoint is no file of torch.save, or it holds objects other than tensors, which are not loaded"
        raise ModelError(f"{what} (begins with {_head(path)})", where=path, mend=expected()) from error
    except MemoryError:
        raise
    except Exception as error:  # a damaged file may fail anywhere in the readers of zip, pickle and tensors
        kind = "the safetensors file" if isinstance(error, SafetensorError) else "the checkpoint"
        size = path.stat().st_size
        what = f"{kind} cannot be read: {first_line(error)} ({size} bytes, begins with {_head(path)})"
        raise ModelError(what, where=path, mend=f"download it again: it may be truncated. {expected()}") from error


def _has_tensors(value: Any, depth: int = 3) -> bool:
    """Tell whether a level holds tensors by name, itself or in a level of its own."""
    if not isinstance(value, dict):
        return False
    if any(isinstance(part, Tensor) for part in value.values()):
        return True
    return depth > 0 and any(_has_tensors(value.get(key), depth - 1) for key in LEVELS)


def _head(path: Path) -> str:
    """Return the first bytes of a file, to tell an HTML page or a Git LFS pointer from weights."""
    with path.open("rb") as stream:
        return repr(stream.read(24))
