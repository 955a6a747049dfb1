"""Checkpoint files: their named tensors, their SHA-256, and what to say of files that are none."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import torch
from torch import Tensor

from sambench.errors import ModelError, listing

EXPECTED = (
    "a folder with config.json and *.safetensors, or an original SAM, SAM-HQ, SAM 2, SAM 2.1 or EdgeTAM checkpoint"
)
USE_OFFICIAL = "score other architectures through their own code: model=official model.factory=package.module:function"


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
        ModelError: The file is truncated or damaged, holds more than tensors, or no tensors with numbers.
    """
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        what = "the checkpoint is no file of torch.save, or it holds objects other than tensors, which are not loaded"
        raise ModelError(f"{what} (begins with {_head(path)})", where=path, mend=expected()) from error
    except MemoryError:
        raise
    except Exception as error:  # a damaged file may fail anywhere in the readers of zip, pickle and tensors
        size = path.stat().st_size
        what = f"the checkpoint cannot be read: {first_line(error)} ({size} bytes, begins with {_head(path)})"
        raise ModelError(what, where=path, mend=f"download it again: it may be truncated. {expected()}") from error
    for level in ("model", "state_dict"):
        if isinstance(held, dict) and isinstance(held.get(level), dict):
            held = held[level]
    tensors = {} if not isinstance(held, dict) else {k: v for k, v in held.items() if isinstance(v, Tensor)}
    if not tensors:
        raise ModelError(
            f"the checkpoint holds no named tensors but {type(held).__name__}", where=path, mend=expected()
        )
    empty = [str(name) for name, tensor in tensors.items() if tensor.is_meta or tensor.layout != torch.strided]
    if empty:
        what = f"{len(empty)} of its {len(tensors)} tensors hold no plain numbers: {listing(empty, 3)}"
        raise ModelError(what, where=path, mend=f"save the model's whole state_dict again. {expected()}")
    return {str(name).removeprefix("module."): tensor for name, tensor in tensors.items()}


def expected() -> str:
    """Say what a checkpoint may be."""
    return f"expected is {EXPECTED}"


def first_line(error: Exception) -> str:
    """Return the beginning of an error's message."""
    return str(error).strip().split("\n")[0][:200] or type(error).__name__


def _head(path: Path) -> str:
    """Return the first bytes of a file, to tell an HTML page or a Git LFS pointer from weights."""
    with path.open("rb") as stream:
        return repr(stream.read(24))
