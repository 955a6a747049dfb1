"""A device that is not there, on any build of torch: tensors with real values on the CPU that say they lie on it.

Whatever a task does on a device can so be run to its end without one. An operation that mixes the device's tensors with
the host's fails, as it does on a real device, and what would make the host wait for the device is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "pretended"

SYNCHRONISING = {
    "aten::_local_scalar_dense", "aten::item", "aten::is_nonzero", "aten::nonzero", "aten::equal", "aten::bincount",
    "aten::unique_dim", "aten::unique_consecutive", "aten::unique_dim_consecutive", "aten::_unique", "aten::_unique2",
    "aten::masked_select", "aten::repeat_interleave",
}  # fmt: skip
"""Operations whose answer, or whose size, the host waits for."""


@cache
def pretended_device() -> torch.device:
    """Return the device; the first call makes its name known to torch, for good."""
    _setup_privateuseone_for_python_backend(NAME)
    return torch.device(NAME, 0)


class Pretended(torch.Tensor):
    """A tensor on the device; `held` has its values."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> Pretended:
        return torch.Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype,
            device=pretended_device(), requires_grad=False,
        )  # fmt: skip

    def __init__(self, held: torch.Tensor) -> None:
        self.held = held

    def __repr__(self) -> str:  # type: ignore[override]
        return f"Pretended({self.held})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RuntimeError(f"{func} outside of a PretendedDevice")


class PretendedDevice(TorchDispatchMode):
    """Runs what is done with the device's tensors, and counts what the host would wait for.

    Attributes:
        counts: Operation -> how often the host waited for the device; "arrivals" -> how often within `arriving`;
            "host indices" -> how often a tensor of the host was an index, which is sent with a stop.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    @contextmanager
    def arriving(self) -> Iterator[None]:
        """Count what the block waits for once, as an arrival."""
        waited: Counter[str] = Counter()
        self.counts, counts = waited, self.counts
        try:
            yield
        finally:
            self.counts = counts
            self.counts["arrivals"] += waited.total() > 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        with torch.inference_mode(False), torch.no_grad():  # whose tensors would not be seen through a wrapper
            return self._run(func, args, dict(kwargs or {}))

    def _run(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Run an operation where its tensors say they are."""
        if func._can_decompose():
            with self:
                return func.decompose(*args, **kwargs)
        names = [argument.name for argument in func._schema.arguments]
        given = dict(zip(names, args, strict=False)) | kwargs
        tensors: list[torch.Tensor] = []
        tree_map_only(torch.Tensor, tensors.append, given)
        there = [one for one in tensors if isinstance(one, Pretended)]
        target = given.get("device")
        to_device = bool(there) if target is None else torch.device(target).type == NAME
        if to_device and "device" in given:
            given["device"] = torch.device("cpu")
        if there:
            self._judge(func, given, tensors, to_device)
        plain = tree_map_only(Pretended, lambda one: one.held, given)
        result = func(**plain)
        if not to_device:
            return result
        known = {id(one.held): one for one in there}
        return tree_map_only(torch.Tensor, lambda one: known[id(one)] if id(one) in known else Pretended(one), result)

    def _judge(self, func: Any, given: Any, tensors: list[torch.Tensor], to_device: bool) -> None:
        """Fail at a mixture of devices, and count a wait."""
        name = func._schema.name
        if not to_device or name in SYNCHRONISING or (name == "aten::where" and len(given) == 1):
            self.counts[name] += 1
        if name in ("aten::index", "aten::index_put", "aten::index_put_") and any(
            one is not None and one.dtype in (torch.bool, torch.uint8) for one in given["indices"]
        ):
            self.counts[f"{name} of a mask"] += 1
        if name == "aten::index":
            at = {id(one) for one in given["indices"] if one is not None and not isinstance(one, Pretended)}
            self.counts["host indices"] += len(at)
            tensors = [one for one in tensors if id(one) not in at]
        copies = name in ("aten::_to_copy", "aten::copy_", "aten::to")
        for one in tensors:
            if not isinstance(one, Pretended) and one.dim() > 0 and not copies:
                raise RuntimeError(f"{func}: a tensor of the host, {tuple(one.shape)}, among those of the device")
