"""Rows as they are scored: one checked line a sample, appended; a killed run loses at most the line it was writing."""

from __future__ import annotations

import json
import logging
import os
import zlib
from collections.abc import Sequence
from io import FileIO
from pathlib import Path

from sambench.files.atomic import named, write_bytes
from sambench.types import Row

log = logging.getLogger("sambench.runs")


class Journal:
    """The append-only file of a run's rows, keyed by sample id.

    Each line is `CRC32 JSON`, where JSON is [sample id, rows]. A last line without its newline or with a wrong checksum
    is what a killed process left; it is cut off and its sample is scored again. A damaged line elsewhere is reported
    and dropped likewise, so nothing is counted that was not written whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO | None = None

    def read(self) -> dict[str, list[Row]]:
        """Return the rows of every sample that was written whole, and rewrite the file without what was not."""
        if not self.path.exists():
            return {}
        done, lines, bad = _whole(self.path.read_bytes())
        if bad:
            log.warning("%s: dropped %d unfinished or damaged line(s); their samples are scored again", self.path, bad)
            write_bytes(self.path, b"".join(lines), sync=True)
        return done

    def append(self, sample_id: str, rows: Sequence[Row]) -> None:
        """Add the rows of one sample.

        Raises:
            OSError: They were not written whole; the part that was is dropped when the journal is next read.
        """
        left = memoryview(_line(sample_id, rows))
        with named(self.path):
            if self._file is None:
                self._file = FileIO(self.path, "ab")  # unbuffered: after a failure nothing is left to be written later
            while left:
                left = left[self._file.write(left) :]

    def close(self) -> None:
        """Force what was appended to the disk and close the file."""
        if self._file is None:
            return
        file, self._file = self._file, None
        with named(self.path):
            try:
                os.fsync(file.fileno())
            finally:
                file.close()


def rows_so_far(path: Path) -> dict[str, list[Row]]:
    """Return the rows of every sample that a run which goes on has stored, without touching its file.

    Raises:
        OSError: There is no journal, or it cannot be read.
    """
    return _whole(path.read_bytes())[0]


def _whole(content: bytes) -> tuple[dict[str, list[Row]], list[bytes], int]:
    """Return the samples that were written whole, their lines, and how many lines are damaged or torn."""
    done: dict[str, list[Row]] = {}
    lines, bad = list[bytes](), 0
    for line in content.splitlines(keepends=True):
        parsed = _parse(line)
        if parsed is None:
            bad += 1
        elif parsed[0] not in done:
            done[parsed[0]] = parsed[1]
            lines.append(line)
    return done, lines, bad


def _line(sample_id: str, rows: Sequence[Row]) -> bytes:
    body = json.dumps([sample_id, list(rows)], separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _parse(line: bytes) -> tuple[str, list[Row]] | None:
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(body):
        return None
    sample_id, rows = json.loads(body)
    return sample_id, rows
