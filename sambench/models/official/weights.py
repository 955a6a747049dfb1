"""What names a predictor: the bytes of its weights, wherever it keeps them (`HeldModules`), and its code.

A predictor that keeps something that cannot be looked into (an ONNX session, a compiled engine) may have other weights
than those found, and so counts as one whose weights were not.
"""

from __future__ import annotations

import hashlib
import importlib
import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sambench.models.official.held import RELEASED, HeldModules, named_tensors, package_of


def weights_sha256(predictor: Any, held: HeldModules | None = None) -> str | None:
    """Return the SHA-256 (hex) over names and bytes of every parameter and buffer of the predictor's modules.

    None where there are none, or where something else may hold weights too.
    """
    held = HeldModules(predictor) if held is None else held
    if not held.has_weights or held.opaque:
        return None
    return hashlib.sha256(repr(sorted((path, _digest(module)) for path, module in held.modules)).encode()).hexdigest()


def code_sha256(predictor: Any, factory: str = "", held: HeldModules | None = None) -> str | None:
    """Return the SHA-256 (hex) of the Python files of the packages of predictor, factory and modules.

    A changed fork is another model. None where the predictor's class has no file (an interactive session).
    """
    modules = [] if held is None else sorted({package_of(type(module)) for _, module in held.modules})
    others = [name for name in (factory.partition(":")[0].partition(".")[0], *modules) if name not in RELEASED]
    digest = hashlib.sha256()
    for index, name in enumerate(dict.fromkeys([package_of(type(predictor)), *others])):
        file = getattr(importlib.import_module(name), "__file__", None) if name else None
        if file is None and index == 0:
            return None
        if file is not None:
            top = Path(file)
            for path in sorted(top.parent.rglob("*.py")) if top.name == "__init__.py" else [top]:
                digest.update(path.relative_to(top.parent).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _digest(module: torch.nn.Module) -> str:
    """Return the SHA-256 (hex) of a module's tensors, and of the code of those inside it that are compiled."""
    digest = hashlib.sha256()
    for name, tensor in named_tensors(module):
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(_bytes_of(tensor))
    for name, inner in module.named_modules():
        digest.update(_compiled_code(name, inner))
    return digest.hexdigest()


def _bytes_of(tensor: Tensor) -> bytes:
    """Return a tensor's bytes; of one that is stored in another way (quantised, sparse), those of its file."""
    plain = tensor.detach().cpu()
    if type(plain) in (Tensor, torch.nn.Parameter) and plain.layout == torch.strided and not plain.is_quantized:
        return plain.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    stream = io.BytesIO()
    torch.save(plain, stream)
    return stream.getvalue()


def _compiled_code(name: str, module: torch.nn.Module) -> bytes:
    """Return the code of a TorchScript module and its constants, which are in no Python file."""
    if not isinstance(module, torch.jit.ScriptModule):
        return b""
    with suppress(RuntimeError, AttributeError):  # a module without a forward method has none
        code, constants = module.code_with_constants
        held = sorted(constants.const_mapping.items())
        parts = (_bytes_of(one) if isinstance(one, Tensor) else repr(one).encode() for _, one in held)
        return f"{name}{code}".encode() + b"".join(parts)
    return b""
