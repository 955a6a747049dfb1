"""One cache entry: what names it beside model and image, its bytes, and the signature that may stand behind them.

It is a safetensors file whose header carries its key, the image's size and a checksum. A signature by a secret that a
group shares keeps out entries of whoever cannot read the secret.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import platform
import struct
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from sambench.errors import UsageError
from sambench.files.storage.locations import local_only
from sambench.models.base import PromptableModel
from sambench.types import Embedding

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = "1"
"""Version of the layout; part of every cache key."""

_DTYPES = {"keep": None, "fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


def environment_of(model: PromptableModel, settings: Mapping[str, Any], device: str) -> dict[str, str]:
    """Return by name what besides model, image and stored dtype can change an embedding's bits.

    Every value is part of a cache key and stands in `run.json` as `cache.environment`.

    Args:
        model: The model; its `libraries` are told by their versions, and images encoded at once may sum otherwise.
        settings: The `model` group of the configuration, for `compile` and `channels_last`.
        device: The torch device.
    """
    import torch

    values = {
        "device": device.partition(":")[0],
        "machine": platform.machine(),
        "torch": ".".join(torch.__version__.split(".")[:2]),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "cudnn_tf32": str(bool(torch.backends.cudnn.allow_tf32)).lower(),
        "encode_batch_size": str(model.encode_batch_size),
    }
    values |= {key: str(bool(settings.get(key, False))).lower() for key in ("compile", "channels_last")}
    for name in model.libraries:
        try:
            values[name] = version(name)
        except PackageNotFoundError:
            continue
    return values


def as_stored(embedding: Embedding, dtype: str) -> Embedding:
    """Return an embedding as it is stored: its tensors on the CPU, floating ones of a dtype.

    Args:
        embedding: On any device.
        dtype: "keep", "fp32", "bf16" or "fp16".
    """
    tensors = {name: _stored(tensor, dtype) for name, tensor in embedding.tensors.items()}
    return Embedding(tensors, embedding.original_size)


def _stored(tensor: Tensor, dtype: str) -> Tensor:
    import torch

    name = _DTYPES[dtype]
    if name is not None and tensor.is_floating_point():
        tensor = tensor.to(getattr(torch, name))
    return tensor.detach().to("cpu").contiguous()


def pack(embedding: Embedding, key: str) -> bytes:
    """Serialise an embedding of CPU tensors; `unpack` refuses the bytes if any of them changes."""
    from safetensors.torch import save

    metadata = {"format": FORMAT, "key": key, "original_size": json.dumps(list(embedding.original_size))}
    metadata["sha256"] = _digest(save(embedding.tensors), metadata)
    return save(embedding.tensors, metadata=metadata)


def unpack(blob: bytes, key: str) -> Embedding:
    """Undo `pack`; a signature behind the bytes is passed over.

    Raises:
        ValueError: The bytes are not those that were written for this key.
    """
    from safetensors.torch import load

    blob = without_signature(blob)
    metadata = _header(blob).get("__metadata__")
    if not isinstance(metadata, dict):
        raise ValueError("its header does not belong to this entry")
    expected = metadata.pop("sha256", None)
    if metadata.get("format") != FORMAT or metadata.get("key") != key:
        raise ValueError("its header does not belong to this entry")
    try:
        digest = _digest(blob, metadata)
    except RecursionError as error:
        raise ValueError("its header is nested too deeply") from error
    if digest != expected:
        raise ValueError("its checksum does not match")
    try:
        height, width = (int(side) for side in json.loads(metadata["original_size"]))
        tensors = load(blob)
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"it cannot be parsed: {error}") from error
    if min(height, width) < 1:
        raise ValueError(f"it is of an image of {height} x {width} pixels")
    return Embedding(tensors, (height, width))


def _digest(blob: bytes, metadata: dict[str, str]) -> str:
    """SHA-256 over the metadata, the tensors' names, types, shapes and places, and their bytes."""
    header = {name: value for name, value in _header(blob).items() if name != "__metadata__"}
    digest = hashlib.sha256(json.dumps([metadata, header], sort_keys=True).encode())
    digest.update(memoryview(blob)[8 + _header_length(blob) :])
    return digest.hexdigest()


def _header_length(blob: bytes) -> int:
    if len(blob) < 8:
        raise ValueError("it is truncated")
    (length,) = struct.unpack("<Q", blob[:8])
    if length > len(blob) - 8:
        raise ValueError("it is truncated")
    return int(length)


def _header(blob: bytes) -> dict[str, Any]:
    end = 8 + _header_length(blob)
    try:
        header = json.loads(blob[8:end])
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its header cannot be read: {error}") from error
    if not isinstance(header, dict):
        raise ValueError("its header is not a table of tensors")
    return header


MARK = b"sambench-hmac-sha256"
"""What stands between an entry's bytes and its signature."""

_SIZE = hashlib.sha256().digest_size

LEAST, MOST = 16, 4096
"""Bytes a secret has."""

MEND = "put the group's secret there (head -c 32 /dev/urandom | base64 > FILE), or leave secret_file out"


class Secret:
    """A group's secret; its content is never shown.

    Attributes:
        name: What tells its entries' names from those of others (hex), so that two groups, or one that signs and one
            that does not, never write over each other's entries. It does not tell the secret.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.name = hmac.new(content, b"sambench cache names 1", hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return "Secret(***)"

    def sign(self, blob: bytes, key: str) -> bytes:
        """Return an entry's bytes with their signature behind them."""
        return blob + MARK + self._signature(blob, key)

    def signed(self, blob: bytes, key: str) -> bool:
        """Tell whether bytes are an entry that was signed with this secret for this key; nothing of them is parsed."""
        body = without_signature(blob)
        return len(body) < len(blob) and hmac.compare_digest(blob[-_SIZE:], self._signature(body, key))

    def _signature(self, blob: bytes, key: str) -> bytes:
        digest = hmac.new(self._content, b"sambench cache entry 1\0" + key.encode() + b"\0", hashlib.sha256)
        digest.update(blob)
        return digest.digest()


def without_signature(blob: bytes) -> bytes:
    """Return an entry's bytes without the signature that may stand behind them."""
    end = len(blob) - len(MARK) - _SIZE
    return blob[:end] if end >= 0 and blob[end : end + len(MARK)] == MARK else blob


def read_secret(location: object, key: str = "cache.secret_file") -> Secret | None:
    """Read a secret from a local file, without white space around it; None where no file is named.

    Args:
        location: The file.
        key: What named it, for messages.

    Raises:
        UsageError: There is no such file, it cannot be read, or holds too little or too much.
    """
    if location is None:
        return None
    path = local_only(location, key)
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{key} is no file", where=path, mend=MEND)
        with path.open("rb") as file:
            content = file.read(MOST + 1).strip()
    except OSError as error:
        raise UsageError(f"{key} cannot be read: {error.strerror}", where=path, mend=MEND) from error
    if not LEAST <= len(content) <= MOST:
        raise UsageError(f"{key} must hold {LEAST} to {MOST} bytes besides white space", where=path, mend=MEND)
    return Secret(content)
