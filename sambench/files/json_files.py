"""JSON files that other people wrote, plain or packed with gzip: read whole, or refused where they are too large."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

from sambench.files.json_text import BYTES_SWITCH, CHUNK, Hook, JsonError, limit_of, parse_json

_MAX_BYTES, _MAX_UNPACKED = 1 << 31, 1 << 29
_GZIP = b"\x1f\x8b"


def read_json_file(path: Path, *, encoding: str | None = None, hook: Hook | None = None) -> Any:
    """Read a JSON file, plain or packed with gzip, in UTF-8, UTF-16 or UTF-32, with a byte order mark or without.

    Args:
        path: The file.
        encoding: What it is written in where that is none of these and holds ASCII as ASCII.
        hook: Called with every object of the file; its answer takes the object's place.

    Raises:
        JsonError: It is no JSON, is too large or nested too deeply, or a key of it has two values.
        OSError: It cannot be read.
    """
    limit = limit_of(BYTES_SWITCH, _MAX_BYTES)
    with path.open("rb") as stream:
        content = stream.read(limit + 1) if os.fstat(stream.fileno()).st_size <= limit else None
    if content is None or len(content) > limit:
        raise _too_large("it is larger", limit)
    return parse_json(unpacked(content), encoding=encoding, hook=hook)


def unpacked(content: bytes) -> bytes:
    """Return content as it is, or what it holds where it is packed with gzip, up to a limit.

    Raises:
        JsonError: It is damaged, or would hold more than the limit.
    """
    if not content.startswith(_GZIP):
        return content
    limit = limit_of(BYTES_SWITCH, _MAX_UNPACKED)
    parts, size = [], 0
    try:
        while content:
            reader = zlib.decompressobj(wbits=31)
            while not reader.eof:
                part = reader.decompress(content, CHUNK)
                content = reader.unconsumed_tail or reader.unused_data
                if not part and not reader.eof and not content:
                    raise JsonError("it is packed with gzip and ends early")
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise _too_large("it is packed with gzip and holds more", limit)
            content = content.lstrip(b"\0")
    except zlib.error as error:
        raise JsonError(f"it is packed with gzip and damaged: {error}") from error
    return b"".join(parts)


def _too_large(what: str, limit: int) -> JsonError:
    mend = f"take out what is not needed, or raise the limit with the environment's {BYTES_SWITCH}=BYTES"
    return JsonError(f"{what} than {limit} bytes", mend=mend)
