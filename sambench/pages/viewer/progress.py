"""How far a run is that is still going on, read from its journal without touching it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sambench.runs.run import JOURNAL, RUNNING, Run

_BLOCK = 1 << 20


class Journals:
    """Counts the lines of growing journals; what was counted before is not read again."""

    def __init__(self) -> None:
        self._counted: dict[Path, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def lines(self, path: Path) -> int:
        """Return the number of whole lines; 0 of a file that is not there."""
        with self._lock:
            try:
                size = path.stat().st_size
                start, count = self._counted.get(path, (0, 0))
                start, count = (0, 0) if start > size else (start, count)
                with path.open("rb") as file:
                    file.seek(start)
                    while block := file.read(_BLOCK):
                        start, count = start + len(block), count + block.count(b"\n")
            except OSError:
                return 0
            self._counted[path] = start, count
            return count


def progress_of(run: Run, journals: Journals) -> dict[str, Any] | None:
    """Tell how far a run is; None of one that is not going on, and of one whose journal is not on a disk here.

    Returns:
        `done` and `total` images, `quiet`: seconds since the last image was stored, and `left`: seconds to the end at
        the speed of this session so far, or None where it is not known.
    """
    if run.record.status != RUNNING or run.url is not None:
        return None
    path, total = run.folder / JOURNAL, run.record.data.samples
    done = min(journals.lines(path), total)
    try:
        quiet = max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        quiet = 0.0
    return {"done": done, "total": total, "quiet": round(quiet), "left": _left(run, done, total, quiet)}


def _left(run: Run, done: int, total: int, quiet: float) -> int | None:
    if not run.record.sessions:
        return None
    session = run.record.sessions[-1]
    try:
        begun = datetime.fromisoformat(session.started)
    except ValueError:
        return None
    begun = begun if begun.tzinfo else begun.replace(tzinfo=UTC)
    took = datetime.now(UTC).timestamp() - begun.timestamp() - quiet
    made = done - session.resumed
    return round(took / made * (total - done)) if made > 0 and took > 0 else None
