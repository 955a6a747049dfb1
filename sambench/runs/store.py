"""The run folder: what was run, row by row, and what came of it; resumable until it is finished, immutable after."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from sambench.errors import RunError
from sambench.files.atomic import atomic_path, file_sha256, finite, hidden, remove_leftovers, write_json
from sambench.files.safe_names import inside
from sambench.runs import provenance
from sambench.runs.journal import Journal
from sambench.runs.record import SCHEMA_VERSION, as_record
from sambench.runs.run import FINISHED, JOURNAL, LOCK, OWN, RECORD, REMOVED, ROWS, RUNNING, Run, read_record
from sambench.runs.seals import (
    LISTING,
    check_same,
    prediction_hashes,
    sealed,
    write_listing,
)
from sambench.types import Metric, Row

try:
    import fcntl
except ImportError:  # Windows has no flock; two processes in one folder are then the user's care
    fcntl = None  # type: ignore[assignment]


class RunStore:
    """A run folder being written.

    Args:
        folder: The run folder; made if it is not there.
        identity: What makes two runs the same: protocol switches, model, data, seed, version. A folder that holds
            another identity is refused.
        overwrite: Remove the run the folder holds and start anew; an interrupted run of the same identity goes on.

    Raises:
        RunError: The folder holds another run (the difference is shown) or is no run folder at all.
    """

    def __init__(self, folder: Path, identity: dict[str, Any], overwrite: bool = False) -> None:
        self.run = Run(folder)
        self.journal = Journal(folder / JOURNAL)
        for name in (LOCK, *OWN):  # a link there could lead anywhere
            inside(folder, name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = lock(folder)
        except OSError as error:
            raise RunError(
                f"the run folder cannot be written: {error.strerror}", where=folder, mend="choose run.dir=FOLDER"
            ) from error
        try:
            self._open(folder, identity, overwrite)
        except BaseException:
            RunStore.close(self)  # the folder only, whatever a subclass does beyond
            raise
        self.identity = identity
        self.done: set[str] = set() if self.run.finished else set(self.journal.read())

    def _open(self, folder: Path, identity: dict[str, Any], overwrite: bool) -> None:
        """Read what the folder holds, or empty it where it is to be overwritten."""
        if _being_removed(folder) or (overwrite and _replaceable(folder) and not resumable(folder, identity)):
            remove_run(folder)
        if (folder / RECORD).exists():
            self.run.record = read_record(folder)
            check_same(self.run.record.stored.get("identity", {}), identity, folder)
        elif names := _content(folder):
            own = names <= set(OWN)
            raise RunError(
                "the folder holds parts of a run, but no run.json"
                if own
                else "the folder is not empty and holds no run",
                where=folder,
                mend="run.overwrite=true starts it anew" if own else "choose another with run.dir=FOLDER",
            )
        if self.run.finished:  # a process that was killed right after it had finished the run leaves its journal
            self.journal.path.unlink(missing_ok=True)
            remove_leftovers(folder)

    def start(self, record: dict[str, Any]) -> None:
        """Write `run.json` before the first sample, adding this session to those of earlier, interrupted ones."""
        sessions = [
            *self.run.record.stored.get("sessions", []),
            {"started": provenance.now(), "resumed": len(self.done)},
        ]
        begun = {"schema_version": SCHEMA_VERSION, "status": RUNNING, "identity": self.identity}
        self._write_record({**begun, **record, "sessions": sessions})

    def append(self, sample_id: str, rows: Sequence[Row]) -> None:
        """Store the rows of one finished sample."""
        self.journal.append(sample_id, rows)
        self.done.add(sample_id)

    def ordered(self, keys: Sequence[str]) -> list[Row]:
        """Read all rows back in the dataset's order, whatever order they were scored in."""
        self.journal.close()
        rows = self.journal.read()
        return [row for key in keys for row in rows.get(key, [])]

    def finish(self, rows: list[Row], metrics: dict[str, Metric], record: dict[str, Any]) -> Run:
        """Write the rows and the final `run.json`; the folder is immutable from then on."""
        self.journal.close()
        remove_leftovers(self.run.folder)
        with atomic_path(self.run.folder / ROWS, sync=True) as temporary, temporary.open("wb") as file:
            pq.write_table(pa.Table.from_pylist(rows), file)  # Python's errors say which, pyarrow's may not
        files = {ROWS: file_sha256(self.run.folder / ROWS)}
        if predictions := self._prediction_hashes():
            files[LISTING] = write_listing(self.run.folder, predictions)
        stored = {name: finite(asdict(metric)) for name, metric in metrics.items()}
        ending = {"files": files, "status": FINISHED, "finished": provenance.now(), "metrics": stored}
        self._write_record({**self.run.record.stored, **record, **ending})
        self.journal.path.unlink(missing_ok=True)
        self.close()
        return self.run

    def _prediction_hashes(self) -> dict[str, str]:
        """Return the SHA-256 (hex) of every saved prediction by its name in the folder."""
        return prediction_hashes(self.run.folder)

    def _write_record(self, record: dict[str, Any]) -> None:
        """Write `run.json` with its own hash, and wait until it is on the disk; only then it is the run's record."""
        record = sealed(record)
        write_json(self.run.folder / RECORD, record, sync=True)
        self.run.record = as_record(record, self.run.folder / RECORD)

    def close(self) -> None:
        """Let go of the folder; what was appended is kept."""
        try:
            self.journal.close()
        finally:
            if self._lock is not None:
                with suppress(OSError):  # nothing was written to it
                    self._lock.close()


def remove_run(folder: Path) -> None:
    """Remove a run from its folder; one that is killed meanwhile is removed whole when the folder is next opened."""
    write_json(folder / RECORD, {"schema_version": SCHEMA_VERSION, "status": REMOVED}, sync=True)
    for name in (*(name for name in OWN if name != RECORD), RECORD):
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    remove_leftovers(folder)


def _content(folder: Path) -> set[str]:
    """Return the names of what lies in a folder, without hidden files."""
    return {path.name for path in folder.iterdir() if not hidden(path)}


def _replaceable(folder: Path) -> bool:
    """Tell whether a folder holds a run, or nothing but parts of one."""
    content = _content(folder)
    return RECORD in content or (bool(content) and content <= set(OWN))


def _being_removed(folder: Path) -> bool:
    with suppress(RunError):
        return (folder / RECORD).exists() and read_record(folder).status == REMOVED
    return False


def lock(folder: Path) -> IO[str] | None:
    """Hold the folder for this process until it ends, however it ends.

    Raises:
        RunError: Another process is writing the folder.
    """
    if fcntl is None:
        return None
    handle = (folder / LOCK).open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise RunError(
            "another process is writing this run", where=folder, mend="wait for it, or choose run.dir=FOLDER"
        ) from error
    return handle


def resumable(folder: Path, identity: dict[str, Any]) -> bool:
    """Tell whether a folder holds an interrupted run of this identity."""
    try:
        record = read_record(folder)
        check_same(record.stored.get("identity", {}), identity, folder)
    except RunError:
        return False
    return record.status == RUNNING
