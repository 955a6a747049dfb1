"""Where each image's entries lie in a COCO results file, so that a large one is never held in memory."""

from __future__ import annotations

import json
import mmap
import re
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sambench.errors import PredictionError
from sambench.files.json_files import unpacked
from sambench.files.json_text import JsonError, in_utf8, unique_keys

_CHUNK = 1 << 22
_LONGEST = 1 << 28
"""Bytes of an entry; a mask of many megapixels takes a thousandth of it."""

_BLANK = " \t\r\n"
_BOM = "\xef\xbb\xbf"
"""A byte order mark of UTF-8, read as Latin-1."""

_GZIP = b"\x1f\x8b"
_LIST_KEY = re.compile(r'"([A-Za-z]\w{0,40})"\s{0,9}:\s{0,9}\[\s{0,9}\{')

Check = Callable[[dict[str, Any]], str | None]
"""Says what is wrong with an entry, or None."""


class ResultsIndex:
    """The byte ranges of a results list's entries, image by image.

    A results file is a JSON list of `{"image_id", "category_id", "bbox" or "segmentation", "score"}`. It is scanned
    once, a few megabytes at a time; what is kept is three integers an entry. A file packed with gzip, in UTF-16 or in
    UTF-32 is unpacked to UTF-8 first and that is kept as well, as no place of it could be looked up.

    Args:
        path: The file.
        check: Called with every entry.

    Attributes:
        faults: What `check` found wrong -> how often, and the places (entry numbers from 0) of the first few.

    Raises:
        PredictionError: The file is missing or is no JSON list of entries; names the byte.
    """

    def __init__(self, path: Path, check: Check) -> None:
        self.path = path
        self.faults: dict[str, tuple[int, list[int]]] = {}
        numbers: dict[Any, int] = {}
        image, start, stop = array("q"), array("q"), array("q")
        self._text = _unpacked(path)
        for index, (entry, begin, end) in enumerate(_entries(path, self._text)):
            fault = check(entry)
            if fault is not None:
                count, indices = self.faults.get(fault, (0, []))
                self.faults[fault] = (count + 1, [*indices, index][:5])
                continue
            image.append(numbers.setdefault(entry["image_id"], len(numbers)))
            start.append(begin)
            stop.append(end)
        order = np.argsort(np.frombuffer(image, np.int64), kind="stable")
        images = np.frombuffer(image, np.int64)[order]
        self._ranges = np.stack([np.frombuffer(start, np.int64)[order], np.frombuffer(stop, np.int64)[order]], axis=1)
        bounds = np.searchsorted(images, np.arange(len(numbers) + 1))
        self._slices = {name: slice(bounds[number], bounds[number + 1]) for name, number in numbers.items()}

    @property
    def image_ids(self) -> list[Any]:
        """Images that have an entry, in the file's order."""
        return list(self._slices)

    def __len__(self) -> int:
        return len(self._ranges)

    def read(self, image_id: int | str) -> list[dict[str, Any]]:
        """Read one image's entries in the file's order; an image without any has none."""
        if image_id not in self._slices:
            return []
        ranges = self._ranges[self._slices[image_id]]
        if self._text is not None:
            return [json.loads(self._text[start:stop]) for start, stop in ranges]
        with self.path.open("rb") as file:
            entries = []
            for start, stop in ranges:
                file.seek(int(start))
                entries.append(json.loads(file.read(int(stop - start))))
            return entries


def _unpacked(path: Path) -> bytes | None:
    """Return the text of a file that is packed or in another encoding than UTF-8, as UTF-8; None of any other file."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if not head.startswith(_GZIP) and json.detect_encoding(head) in ("utf-8", "utf-8-sig"):
                return None
            file.seek(0)
            return in_utf8(unpacked(file.read()))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise PredictionError("there is no results file", where=path, mend="give the path of a JSON file") from error
    except JsonError as error:
        mend = error.mend or "write it again"
        raise PredictionError(f"the results file cannot be read: {error.what}", where=path, mend=mend) from error


def _entries(path: Path, text: bytes | None) -> Iterator[tuple[dict[str, Any], int, int]]:
    """Yield each entry of a JSON list with its first byte and the byte after its last."""
    if not (path.stat().st_size if text is None else text):
        raise PredictionError("the results file is empty", where=path, mend="write it again")
    if text is not None:
        yield from _scan(text, path)
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield from _scan(content, path)


def _scan(content: mmap.mmap | bytes, path: Path) -> Iterator[tuple[dict[str, Any], int, int]]:
    # Latin-1 maps every byte to one character, so that places in the text are places in the file.
    decode = json.JSONDecoder(object_pairs_hook=unique_keys).raw_decode
    offset = 0
    text = content[:_CHUNK].decode("latin-1")
    position = _skip(text, len(_BOM) if text.startswith(_BOM) else 0)
    if text[position : position + 1] != "[":
        raise _no_list(path, text, position)
    position, first = position + 1, True
    while True:
        if len(text) - position < _CHUNK // 2 and offset + len(text) < len(content):
            offset, text, position = (
                offset + position,
                content[offset + position : offset + position + _CHUNK].decode("latin-1"),
                0,
            )
        position = _skip(text, position)
        if text[position : position + 1] == "]":
            _refuse_more(content, offset + position + 1, path)
            return
        if not first:
            if text[position : position + 1] != ",":
                raise _broken(path, offset + position, "a comma between two entries is missing")
            position = _skip(text, position + 1)
        try:
            entry, end = decode(text, position)
            if not text.isascii():
                entry = json.loads(content[offset + position : offset + end])
        except RecursionError as error:
            raise _broken(path, offset + position, "an entry is nested too deeply") from error
        except JsonError as error:
            raise _broken(path, offset + position, error.what) from error
        except json.JSONDecodeError as error:
            if offset + len(text) >= len(content):
                raise _broken(path, offset + error.pos, error.msg) from error
            grown = max(_CHUNK, 2 * (len(text) - position))  # an entry longer than the window makes the window grow
            if grown > _LONGEST:
                raise _broken(path, offset + position, f"an entry is longer than {_LONGEST // 2} bytes") from error
            offset, text = offset + position, content[offset + position : offset + position + grown].decode("latin-1")
            position, first = 0, True  # the comma before it has been read
            continue
        except ValueError as error:  # no UTF-8, or a whole number of more than 4300 digits
            raise _broken(path, offset + position, str(error)) from error
        if not isinstance(entry, dict):
            raise _broken(path, offset + position, "an entry {...} is expected")
        yield entry, offset + position, offset + end
        position, first = end, False


def _refuse_more(content: mmap.mmap | bytes, position: int, path: Path) -> None:
    """Refuse whatever follows the list's end: lists of several files that were joined would be cut off in silence."""
    for start in range(position, len(content), _CHUNK):
        rest = content[start : start + _CHUNK].decode("latin-1")
        if (at := _skip(rest, 0)) < len(rest):
            raise PredictionError(
                f"the results file goes on after its list has ended, at byte {start + at}",
                where=path,
                mend="make one list of it; files of several processes are joined entry by entry, not end to end",
            )


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANK:
        position += 1
    return position


def _no_list(path: Path, text: str, position: int) -> PredictionError:
    """Say what a file that begins with no list is."""
    if text[position : position + 1] == "{":
        match = _LIST_KEY.search(text, position)
        key = match[1] if match is not None else "annotations"
        mend = f"give the list alone, as from its key `{key}`: jq .{key} {path.name} > list.json"
        if match is None and re.search(r"\}[ \t\r]{0,9}\n[ \t]{0,9}\{", text):
            mend = f"make one list of its lines: jq -s . {path.name} > list.json"
        return PredictionError("the results file holds an object, not a list of detections", where=path, mend=mend)
    return _broken(path, position, "a list of entries is expected")


def _broken(path: Path, byte: int, what: str) -> PredictionError:
    return PredictionError(
        f"the results file cannot be read at byte {byte}: {what}; it may be truncated",
        where=path,
        mend="write it again as a JSON list of {image_id, category_id, bbox or segmentation, score}",
    )
