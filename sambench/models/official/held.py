"""The torch modules that a predictor hands its work on to, wherever it keeps them.

They are looked for in the predictor and all it hands its work on to: attributes and slots, lists, tables, bound
methods, partials, and what functions and methods close over; where that finds nothing, in the globals they use.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sambench.models.official.state import KNOWN

MOST = 200_000
"""Objects looked at before a predictor counts as one that cannot be looked through."""

_PLAIN = (
    type(None), bool, int, float, complex, str, bytes, bytearray, range, slice, type, types.ModuleType, types.CodeType,
    Tensor, np.ndarray, np.generic, np.dtype, torch.dtype, torch.device, torch.Size, torch.Generator, Path,
)  # fmt: skip

_CLEAR = sys.stdlib_module_names | {"torch", "torchvision", "numpy", "PIL", "cv2", "regex", "tokenizers", "timm"}
"""Packages whose objects without attributes are no models."""

RELEASED = _CLEAR | {"transformers"}
"""Packages whose code changes with their version alone."""

_KEPT_BY_TORCH = set(vars(torch.nn.Module()))


class HeldModules:
    """The torch modules that a predictor hands its work on to.

    Attributes:
        modules: Where they were found, and the modules; of nested ones the outermost.
        opaque: Where something lies that cannot be looked into.
    """

    def __init__(self, predictor: Any) -> None:
        self.modules: list[tuple[str, torch.nn.Module]] = []
        self.opaque: list[str] = []
        self._seen: dict[int, Any] = {}
        self._inside: set[int] = set()
        self._walk(predictor, with_globals=False)
        if not self.has_weights:
            self.modules, self.opaque, self._seen, self._inside = [], [], {}, set()
            self._walk(predictor, with_globals=True)

    @property
    def has_weights(self) -> bool:
        """Whether a module with a tensor was found."""
        return any(next(named_tensors(module), None) is not None for _, module in self.modules)

    def knows(self, module: torch.nn.Module) -> bool:
        """Tell whether a module is among those found, or inside one."""
        return id(module) in self._inside

    def _walk(self, predictor: Any, with_globals: bool) -> None:
        waiting: list[tuple[str, Any]] = [("predictor", predictor)]
        while waiting:
            path, value = waiting.pop()
            if isinstance(value, _PLAIN) or id(value) in self._seen:
                continue
            self._seen[id(value)] = value  # kept alive, so that no other object gets its id
            if len(self._seen) > MOST:
                self.opaque.append(path)
                return
            if isinstance(value, torch.nn.Module):
                if id(value) not in self._inside:
                    self.modules.append((path, value))
                    self._inside |= {id(module) for module in value.modules()}
                parts = list(_hidden_in(value, value is predictor, with_globals))
            else:
                parts = list(_parts(value, with_globals))
                if _is_opaque(value):
                    self.opaque.append(f"{path} ({type(value).__module__}.{type(value).__qualname__})")
            waiting += [(f"{path}.{name}", part) for name, part in reversed(parts)]


def named_tensors(module: torch.nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Return parameters and buffers, those outside the state dict too, and packed ones of quantised modules."""
    yield from module.named_parameters()
    yield from module.named_buffers()
    for prefix, inner in module.named_modules():
        packed = getattr(inner, "_packed_params", None)
        if packed is not None and hasattr(packed, "_weight_bias"):
            yield from (
                (f"{prefix}.{index}", one) for index, one in enumerate(packed._weight_bias()) if one is not None
            )


def _hidden_in(module: torch.nn.Module, is_predictor: bool, with_globals: bool) -> Iterator[tuple[str, Any]]:
    """Return what a module and those inside it keep besides parameters, buffers and modules."""
    for prefix, inner in module.named_modules():
        if not isinstance(inner, torch.jit.ScriptModule):
            kept = _KEPT_BY_TORCH | (KNOWN if is_predictor and inner is module else set())
            yield from ((f"{prefix}.{name}", value) for name, value in vars(inner).items() if name not in kept)
    if is_predictor:
        yield from _of_class(type(module), with_globals)


def _parts(value: Any, with_globals: bool) -> Iterator[tuple[str, Any]]:
    """Return what an object hands its work on to, by name."""
    if isinstance(value, types.FunctionType):
        yield from _of_function(value, with_globals)
        return
    if isinstance(value, Mapping):
        with suppress(Exception):  # a table that computes its values may refuse
            yield from ((str(key), part) for key, part in list(value.items()))
    elif isinstance(value, list | tuple):
        yield from ((str(index), part) for index, part in enumerate(value))
    elif isinstance(value, set | frozenset):  # in no order, so that places tell nothing
        yield from (("item", part) for part in value)
    elif isinstance(value, functools.partial):
        yield from (("func", value.func), ("args", value.args), ("keywords", value.keywords))
    elif isinstance(value, types.MethodType):
        yield from (("self", value.__self__), ("func", value.__func__))
    elif isinstance(value, staticmethod | classmethod):
        yield "func", value.__func__
    elif isinstance(value, property):
        yield from (("get", value.fget), ("set", value.fset))
    if package_of(type(value)) not in {"torch", "numpy"}:
        yield from ((name, part) for name, part in _attributes(value) if name not in KNOWN)
        yield from _of_class(type(value), with_globals)


def _of_function(function: types.FunctionType, with_globals: bool) -> Iterator[tuple[str, Any]]:
    """Return what a function closes over and has as defaults and attributes; with globals, those it names."""
    if (function.__module__ or "").partition(".")[0] in _CLEAR:
        return
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # the cell is still empty
            yield name, cell.cell_contents
    for index, value in enumerate(function.__defaults__ or ()):
        yield f"default {index}", value
    yield from (function.__kwdefaults__ or {}).items()
    yield from vars(function).items()
    if with_globals:
        used = function.__globals__
        yield from ((name, used[name]) for name in function.__code__.co_names if name in used)


def _attributes(value: Any) -> list[tuple[str, Any]]:
    """Return an object's own attributes and slots, past a `__getattr__` of its class."""
    attributes = list(object.__getattribute__(value, "__dict__").items()) if _has_dict(value) else []
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            mangled = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") else name
            with suppress(AttributeError):  # the slot is empty
                attributes.append((name, object.__getattribute__(value, mangled)))
    return attributes


def _of_class(kind: type, with_globals: bool) -> Iterator[tuple[str, Any]]:
    """Return what the classes of an object hold: attributes of the class, and what methods close over."""
    for one in kind.__mro__:
        if package_of(one) not in _CLEAR:
            named = vars(one).items()
            yield from ((n, value) for n, value in named if isinstance(value, types.FunctionType) or n[:2] != "__")


def _has_dict(value: Any) -> bool:
    try:
        object.__getattribute__(value, "__dict__")
    except AttributeError:
        return False
    return True


def package_of(kind: type) -> str:
    """Return the package that a class is of."""
    return str(getattr(kind, "__module__", "")).partition(".")[0]


def _is_opaque(value: Any) -> bool:
    """Tell an object of compiled code, which may hold anything, from Python's."""
    kind = type(value)
    if package_of(kind) in _CLEAR:
        return False
    if type(kind).__name__.startswith(("pybind11", "nb_")):
        return True
    return not _has_dict(value) and not any("__slots__" in vars(one) for one in kind.__mro__)
