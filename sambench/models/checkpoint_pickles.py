"""Checkpoints that hold more than tensors: what is in them, told without loading it, and the command that takes it out.

`torch.load(weights_only=True)` refuses them. What is known to do nothing when it is loaded (settings of argparse,
numpy's numbers, paths, dates) can be allowed by name for one command that saves the tensors alone; anything else is
code.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import torch

from sambench.errors import listing

_NUMPY = "numpy._core.multiarray"

HARMLESS = {
    "argparse.Namespace": "argparse.Namespace",
    "numpy._core.multiarray.scalar": f"{_NUMPY}.scalar",
    "numpy.core.multiarray.scalar": f"({_NUMPY}.scalar, 'numpy.core.multiarray.scalar')",
    "numpy._core.multiarray._reconstruct": f"{_NUMPY}._reconstruct",
    "numpy.core.multiarray._reconstruct": f"({_NUMPY}._reconstruct, 'numpy.core.multiarray._reconstruct')",
    "numpy.ndarray": "numpy.ndarray",
    "numpy.dtype": "numpy.dtype",
    "_codecs.encode": "codecs.encode",
    "pathlib.PosixPath": "pathlib.PosixPath",
    "pathlib.PurePosixPath": "pathlib.PurePosixPath",
    "pathlib._local.PosixPath": "(pathlib.PosixPath, 'pathlib._local.PosixPath')",
    "datetime.datetime": "datetime.datetime",
    "datetime.timedelta": "datetime.timedelta",
    "collections.defaultdict": "collections.defaultdict",
    "builtins.dict": "dict",
    "builtins.list": "list",
    "builtins.set": "set",
}
"""What a pickle may name -> the expression that allows it; none of these runs anything of the file's."""

_DTYPES = "*[type(numpy.dtype(t)) for t in ('bool', 'int32', 'int64', 'float16', 'float32', 'float64')]"


def unsafe_names(path: Path) -> list[str]:
    """Return what a file of `torch.save` names besides tensors, read without loading it; empty where it cannot be."""
    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    except Exception:  # a damaged file, or one of torch before 1.6
        return []


def mend_for(path: Path, names: list[str]) -> str:
    """Say how a file that holds more than tensors becomes one that holds tensors alone.

    Args:
        path: The file.
        names: From `unsafe_names`.
    """
    strange = [name for name in names if name not in HARMLESS]
    if strange:
        return (
            f"where its authors' code is installed and trusted, save the tensors alone: "
            f"torch.save(model.state_dict(), PATH); {listing(strange, 3)} is code, which is not loaded here"
        )
    return f"save its tensors alone, which loads nothing but these: {resave_command(path, names)}"


def resave_command(path: Path, names: list[str]) -> str:
    """Return the command that saves a file without the harmless things it holds, beside it as NAME.tensors.pth.

    Whatever can be saved of tensors, numbers and texts stays, in its order and nesting.
    """
    allowed = ", ".join([HARMLESS[name] for name in names] + [_DTYPES] * any("numpy" in name for name in names))
    code = (
        "import argparse, codecs, collections, datetime, pathlib, numpy, torch; "
        f"torch.serialization.add_safe_globals([{allowed}]); "
        f"held = torch.load({str(path)!r}, map_location='cpu', weights_only=True); "
        "keep = lambda x: {str(k): keep(v) for k, v in x.items() if isinstance(v, (dict, torch.Tensor))} "
        "if isinstance(x, dict) else x; "
        f"torch.save(keep(held), {str(path.with_suffix('.tensors.pth'))!r})"
    )
    return f"python -c {shlex.quote(code)}"
