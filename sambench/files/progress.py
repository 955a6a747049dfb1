"""Progress on long work: a bar on a terminal, a line now and then elsewhere, always with the time left."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

ProgressKind = Literal["auto", "bar", "lines", "off"]
_LINE_EVERY_SECONDS = 15.0


class Progress(Protocol):
    """Counts finished samples."""

    def note(self, text: str) -> None:
        """Show beside the count what the run's processes are doing."""

    def advance(self, count: int = 1) -> None:
        """Count samples as finished."""

    def close(self) -> None:
        """Take the display down."""


class Bar:
    """A live bar on standard error."""

    def __init__(self, label: str, total: int, done: int) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        console = Console(stderr=True, color_system=None if os.environ.get("NO_COLOR") else "auto")
        self._progress = RichProgress(
            *columns,
            console=console,
            transient=True,
        )
        self._id = self._progress.add_task(label, total=total, completed=done, note="")
        self._progress.start()

    def note(self, text: str) -> None:
        """Show beside the count what the run's processes are doing."""
        self._progress.update(self._id, note=text)

    def advance(self, count: int = 1) -> None:
        """Count samples as finished."""
        self._progress.advance(self._id, count)

    def close(self) -> None:
        """Take the display down."""
        self._progress.stop()


class Lines:
    """A line on standard error every quarter of a minute."""

    def __init__(self, label: str, total: int, done: int) -> None:
        self.label, self.total, self.done, self.first = label, total, done, done
        self.start = self.last = time.monotonic()
        self.said = ""

    def note(self, text: str) -> None:
        """Add to the next line what the run's processes are doing."""
        self.said = f"; {text}" if text else ""

    def advance(self, count: int = 1) -> None:
        """Count samples as finished."""
        self.done += count
        now = time.monotonic()
        if now - self.last < _LINE_EVERY_SECONDS and self.done < self.total:
            return
        self.last = now
        left = (now - self.start) / max(self.done - self.first, 1) * (self.total - self.done)
        print(
            f"{self.label}: {self.done}/{self.total}, about {left:.0f} s left{self.said}", file=sys.stderr, flush=True
        )

    def close(self) -> None:
        """Nothing to take down."""


class Off:
    """No display."""

    def note(self, text: str) -> None:
        """Show nothing."""

    def advance(self, count: int = 1) -> None:
        """Count nothing."""

    def close(self) -> None:
        """Nothing to take down."""


QUIET = "SAMBENCH_QUIET"
"""Environment variable that is set where only results, warnings and errors are to be printed."""


@contextmanager
def quiet(asked: bool) -> Iterator[None]:
    """Tell no progress meanwhile, in this process and in those that it starts, where that is asked for."""
    before = os.environ.get(QUIET)
    if asked:
        os.environ[QUIET] = "1"
    try:
        yield
    finally:
        if asked and before is None:
            del os.environ[QUIET]


def say(text: str) -> None:
    """Tell on standard error how far work has come, or which files were written; nothing where quiet was asked for."""
    if not os.environ.get(QUIET):
        print(text, file=sys.stderr, flush=True)


def progress(kind: ProgressKind, label: str, total: int, done: int = 0) -> Progress:
    """Choose a display; "auto" is a bar on a terminal and lines elsewhere."""
    if os.environ.get(QUIET):
        return Off()
    if kind == "auto":
        kind = "bar" if sys.stderr.isatty() else "lines"
    if kind == "bar":
        return Bar(label, total, done)
    return Lines(label, total, done) if kind == "lines" else Off()
