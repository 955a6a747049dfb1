"""One cache entry as bytes: a safetensors file whose header carries its key, the image's size and a checksum."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

from safetensors import SafetensorError

from sambench.engine.cache.signing import without_signature
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
    """Undo `pack`; a signature behind the bytes is passed over (`signing`).

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
