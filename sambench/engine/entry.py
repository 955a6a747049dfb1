"""One cache entry as bytes: a safetensors file whose header carries its key, the image's size and a checksum."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

from sambench.types import Embedding

FORMAT = "1"
"""Version of the layout; part of every cache key."""


def pack(embedding: Embedding, key: str) -> bytes:
    """Serialise an embedding of CPU tensors; `unpack` refuses the bytes if any of them changes."""
    from safetensors.torch import save

    metadata = {"format": FORMAT, "key": key, "original_size": json.dumps(list(embedding.original_size))}
    metadata["sha256"] = _digest(save(embedding.tensors), metadata)
    return save(embedding.tensors, metadata=metadata)


def unpack(blob: bytes, key: str) -> Embedding:
    """Undo `pack`.

    Raises:
        ValueError: The bytes are not those that were written for this key.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    metadata = dict(_header(blob).get("__metadata__") or {})
    expected = metadata.pop("sha256", None)
    if metadata.get("format") != FORMAT or metadata.get("key") != key:
        raise ValueError("its header does not belong to this entry")
    if _digest(blob, metadata) != expected:
        raise ValueError("its checksum does not match")
    try:
        height, width = json.loads(metadata["original_size"])
        return Embedding(load(blob), (int(height), int(width)))
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"it cannot be parsed: {error}") from error


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
    try:
        header = json.loads(blob[8 : 8 + _header_length(blob)])
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"its header cannot be read: {error}") from error
    if not isinstance(header, dict):
        raise ValueError("its header is not a table of tensors")
    return header
