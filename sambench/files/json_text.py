"""The text of JSON that other people wrote: read whole, or refused with what is wrong in it, whatever it holds."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from sambench.errors import UsageError

BYTES_SWITCH, DEPTH_SWITCH = "SAMBENCH_JSON_MAX_BYTES", "SAMBENCH_JSON_MAX_DEPTH"
"""Environment variables that raise the limits."""

_MAX_DEPTH = 100
CHUNK = 1 << 22
"""Bytes looked at in one piece."""

_ALL_BUT_MARKS = bytes(sorted(set(range(256)) - set(b'"[]{}')))
_ZEROS = bytes(48 if chr(code).isdigit() else code for code in range(128)) + bytes(range(128, 256))
_LONE = re.compile(rb"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]")

Pairs = list[tuple[str, Any]]
Hook = Callable[[dict[str, Any]], Any]


class JsonError(ValueError):
    """What is wrong with a JSON file; the caller, who knows what the file was for, makes an error of it.

    Attributes:
        what: The fault, as the end of a sentence.
        position: ", line 3, column 5", or "" where the fault is of the whole.
        mend: What to do about it, where that is known here.
    """

    def __init__(self, what: str, position: str = "", mend: str | None = None) -> None:
        super().__init__(what + position)
        self.what, self.position, self.mend = what, position, mend


def parse_json(
    content: bytes | str,
    *,
    encoding: str | None = None,
    hook: Hook | None = None,
    strict: bool = False,
) -> Any:
    """Read the text of a JSON file.

    Args:
        content: The text.
        encoding, hook: As `read_json_file`.
        strict: Refuse what is no JSON but is read all the same: NaN, infinities, numbers no float holds, and keys that
            are there twice with one value. Files made elsewhere hold NaN where it hurts nobody, so that whoever needs
            a number there looks at it (`number`).

    Raises:
        JsonError: As `read_json_file`.
    """
    if isinstance(content, bytes):
        content = in_utf8(content) if encoding is None else content
    else:
        content = content.encode("utf-8", "surrogatepass")
    _check_depth(content)
    if b"\\u" in content and _LONE.search(content.replace(b"\\\\", b"")):
        raise JsonError("a text in it holds half a character (a lone surrogate)")
    hooks: dict[str, Any] = {}
    if strict:
        hooks = {"parse_constant": _refuse_constant}
        if _may_overflow(content):
            hooks |= {"parse_float": _finite, "parse_int": lambda text: int(text) if _finite(text) else 0}
    try:
        text = content.decode(encoding or "utf-8")
        del content
        return json.loads(text, object_pairs_hook=_tables(hook, strict), **hooks)
    except json.JSONDecodeError as error:
        message = "it goes on after its end" if error.msg == "Extra data" else error.msg
        raise JsonError(message, f", line {error.lineno}, column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise JsonError(f"it is no text: {error}") from error
    except RecursionError as error:
        raise JsonError("it is nested more deeply than can be read") from error
    except JsonError:
        raise
    except ValueError as error:  # Python reads no whole number of more than 4300 digits
        raise JsonError(f"it holds a number that cannot be read: {error}") from error


def unique_keys(pairs: Pairs) -> dict[str, Any]:
    """Make an object of its keys and values, as `object_pairs_hook` of `json`.

    Raises:
        JsonError: A key is there twice with different values.
    """
    return cast("dict[str, Any]", _tables(None, False)(pairs))


def number(value: Any) -> float | None:
    """Return a JSON value as a finite float, or None where it is none; true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole(value: Any) -> int | None:
    """Return a JSON value as an integer of 64 bits, 7.0 as 7, or None where it is none."""
    as_float = number(value)
    if as_float is None or not as_float.is_integer() or not -(1 << 63) <= int(value) < 1 << 63:
        return None
    return int(value)


def in_utf8(content: bytes) -> bytes:
    """Return text of any of JSON's encodings as UTF-8 without a byte order mark, or raise JsonError."""
    encoding = json.detect_encoding(content)
    if encoding == "utf-8":
        return content
    if encoding == "utf-8-sig":
        return content[3:]
    try:
        return content.decode(encoding).lstrip("\ufeff").encode()
    except UnicodeError as error:
        raise JsonError(f"it is no text: {error}") from error


def _check_depth(content: bytes) -> None:
    """Refuse brackets nested too deeply, before a parser that calls itself for each sees them."""
    limit = limit_of(DEPTH_SWITCH, _MAX_DEPTH)
    depth, quotes, start = 0, 0, 0
    while start < len(content):
        stop = start + CHUNK
        while stop < len(content) and content[stop - 1] == 92:  # an escape stays in one piece
            stop += 1
        piece = content[start:stop]
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
        marks = np.frombuffer(piece.translate(None, _ALL_BUT_MARKS), np.uint8)
        parity = quotes + np.cumsum(marks == 34)
        outside = marks[(parity % 2 == 0) & (marks != 34)]
        steps = depth + np.cumsum(np.where((outside == 91) | (outside == 123), 1, -1))
        if len(steps):
            if steps.max() > limit:
                mend = f"no such file needs it; if yours does, raise the limit with the environment's {DEPTH_SWITCH}"
                raise JsonError(f"it is nested more than {limit} deep", mend=mend)
            depth = int(steps[-1])
        quotes, start = int(parity[-1]) if len(parity) else quotes, stop


def _may_overflow(content: bytes) -> bool:
    """Tell whether a number may be beyond a float: one has an exponent of three digits, or very many digits."""
    return bool(re.search(rb"e\+?\d{3}", content) or re.search(rb"E\+?\d{3}", content)) or (
        b"0" * 200 in content.translate(_ZEROS)
    )


def _tables(hook: Hook | None, strict: bool) -> Callable[[Pairs], Any]:
    def table(pairs: Pairs) -> Any:
        fields = dict(pairs)
        if len(fields) != len(pairs):
            _refuse_twice(pairs, strict)
        return fields if hook is None else hook(fields)

    return table


def _refuse_twice(pairs: Sequence[tuple[str, Any]], strict: bool) -> None:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields and (strict or fields[key] != value):
            raise JsonError(f"the key {key[:60]!r} is there twice in one object", mend="leave one of the two")
        fields[key] = value


def _refuse_constant(name: str) -> Any:
    raise JsonError(f"it holds {name}, which is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JsonError(f"it holds {text[:20]}, a number beyond what can be computed with")
    return value


def limit_of(switch: str, default: int) -> int:
    """Return a limit: the default, or what the environment raises it to."""
    given = os.environ.get(switch, "")
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise UsageError(f"{switch}={given} is no whole number from 1 on", where="environment", mend=f"unset {switch}")
    return int(given)
