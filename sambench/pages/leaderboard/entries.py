"""The runs of a leaderboard: run folders, locations that hold such folders, and files that people handed in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sambench.errors import SambenchError, UsageError
from sambench.files.safe_names import readable
from sambench.files.storage.copies import local
from sambench.files.storage.locations import Location, is_remote, listing
from sambench.pages.leaderboard.checking import check_submission
from sambench.pages.leaderboard.submission import ENDING, Submission
from sambench.redact import without_absolute_paths
from sambench.runs.open import load_run, run_locations
from sambench.runs.run import Run
from sambench.tables.pareto import model_key


@dataclass(frozen=True)
class Entry:
    """One run of the leaderboard.

    Attributes:
        run: The run, or what of it was handed in.
        sha256: SHA-256 (hex) of its record.
        submission: Who handed it in and how, None for a run folder.
    """

    run: Run
    sha256: str
    submission: Submission | None = None

    @property
    def label(self) -> str:
        """What the run is called."""
        return self.run.label

    @property
    def task(self) -> str:
        """Its task's name."""
        return self.run.record.task_name

    @property
    def page(self) -> str:
        """Its page, relative to the site."""
        return f"runs/{readable(self.label)}-{self.sha256[:12]}.html"

    @property
    def model_page(self) -> str:
        """The page of its model, which other runs share."""
        digest = hashlib.sha256(model_key(self.run).encode()).hexdigest()
        return f"models/{readable(str(self.run.record.model.name))}-{digest[:12]}.html"

    @property
    def location(self) -> str:
        """Where it came from, as it is shown: the last part of a path, or a URL."""
        shown: str = without_absolute_paths(self.run.location)
        return self.submission.name if self.submission else shown


def open_entries(runs: Sequence[str], results: Location | None, scratch: Path) -> tuple[list[Entry], list[str]]:
    """Open the runs of a leaderboard, each once.

    Args:
        runs: Run folders and files that were handed in, at paths or URLs. One that cannot be used is refused.
        results: A location below which runs and such files are found; one that cannot be used is left out and told.
        scratch: A folder that what was handed in is unpacked to.

    Returns:
        The entries in that order, and sentences on what is left out.

    Raises:
        UsageError: Nothing was given or found, or a run is named twice.
        SambenchError: A named run cannot be used.
    """
    if twice := next((one for index, one in enumerate(runs) if one in runs[:index]), None):
        raise UsageError("a run is named twice", where=twice, mend="name it once")
    opened, left_out = [_open(location, scratch) for location in runs], []
    for location in [] if results is None else locations_below(results):
        try:
            opened.append(_open(location, scratch))
        except SambenchError as error:
            left_out.append(f"{without_absolute_paths(str(location))}: {error.what}")
    entries: dict[str, Entry] = {}
    for entry in opened:
        if first := entries.get(entry.sha256):
            left_out.append(f"{entry.location}: the same run as {first.location}")
        else:
            entries[entry.sha256] = entry
    if not entries:
        what = "there is no run" + (f"; {'; '.join(left_out)}" if left_out else "")
        raise UsageError(what, where=results or "runs", mend="give runs=[FOLDER,...] or results=FOLDER")
    return list(entries.values()), left_out


def locations_below(results: Location) -> list[Location]:
    """Return the run folders below a location and the files there that were handed in, each kind sorted."""
    if is_remote(results):
        files = [f"{str(results).rstrip('/')}/{name}" for name in sorted(listing(str(results))) if _is_file(name)]
        return [*run_locations(results), *files]
    return [*run_locations(results), *sorted(Path(results).rglob(f"*{ENDING}"))]


def _is_file(name: str) -> bool:
    return name.endswith(ENDING)


def _open(location: Location, scratch: Path) -> Entry:
    """Open a run folder, or a file that was handed in, which is checked whole."""
    if _is_file(str(location)):
        submission, run = check_submission(local(location), scratch)
        return Entry(run, record_sha256(run), submission)
    run = load_run(location)
    if not run.finished:
        raise UsageError(
            "the run is not finished", where=location, mend="give the command that started it again to go on"
        )
    return Entry(run, record_sha256(run))


def record_sha256(run: Run) -> str:
    """Return the hash of a run's record: its own, or of one from before there were hashes, of its content."""
    content = json.dumps(run.record.stored, sort_keys=True)
    return run.record.sha256 or hashlib.sha256(content.encode()).hexdigest()
