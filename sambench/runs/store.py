"""The run folder: what was run, row by row, and what came of it; resumable until it is finished, immutable after."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sambench.errors import RunError
from sambench.files.atomic import atomic_path, file_sha256, finite, hidden, remove_leftovers, write_json
from sambench.files.safe_names import inside
from sambench.redact import without_secrets
from sambench.runs import provenance
from sambench.runs.journal import Journal
from sambench.runs.record import AGAIN, SCHEMA_VERSION, Record, parse_record
from sambench.runs.row_columns import check_columns, read_table
from sambench.runs.seals import (
    LISTING,
    check_predictions,
    checked_bytes,
    prediction_hashes,
    sealed,
    write_listing,
)
from sambench.types import Metric, Row

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

try:
    import fcntl
except ImportError:  # Windows has no flock; two processes in one folder are then the user's care
    fcntl = None  # type: ignore[assignment]

RUNNING, FINISHED, REMOVED = "running", "finished", "being removed"
RECORD, ROWS, JOURNAL, LOCK = "run.json", "rows.parquet", "rows.jsonl", ".lock"
OWN = (RECORD, ROWS, JOURNAL, LISTING, "predictions", "pictures", "gallery")
"""Everything that a run folder holds; a folder with anything else is none."""


@dataclass(repr=False)
class Run:
    """A stored run.

    Attributes:
        folder: The run folder, or a local copy of it.
        record: The content of `run.json`.
        url: Where the run lies, if it is not on a local file system.
        fetch: Brings predictions into the local copy.
    """

    folder: Path
    record: dict[str, Any] = field(default_factory=dict)
    url: str | None = None
    fetch: Callable[[], None] | None = None

    def __repr__(self) -> str:
        """Say in one line what was run on what, its first metrics and where it lies."""
        task = self.record.get("identity", {}).get("task", {}).get("name", "nothing yet")
        model, data = self.record.get("model", {}).get("name"), self.record.get("data", {})
        what = f"{task}, {model} on {data.get('card', {}).get('title')} {data.get('split')}" if model and data else task
        figures = ", ".join(f"{name} {metric.value:.3f}" for name, metric in list(self.metrics.items())[:4])
        told = [what, *([figures] if figures else [self.record.get("status", "not begun")]), self.place]
        return f"<Run {'; '.join(told)}>"

    @property
    def place(self) -> str:
        """Where the run lies, to be shown: its folder, or its URL without credentials."""
        return without_secrets(self.url or str(self.folder))

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return self.record.get("status") == FINISHED

    @property
    def metrics(self) -> dict[str, Metric]:
        """The run's metrics by name."""
        return {name: metric_from_json(value) for name, value in self.record.get("metrics", {}).items()}

    @property
    def predictions(self) -> Path:
        """The folder of saved predictions; those of a run that lies elsewhere are copied at the first use."""
        if self.fetch is not None:
            self.fetch()
            self.fetch = None
        return self.folder / "predictions"

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 (hex) of the rows and of the list of predictions; empty for a run from before there were hashes."""
        return dict(self.record.get("files") or {})

    def rows(self) -> list[Row]:
        """Read the rows of a finished run, in the dataset's order.

        Raises:
            RunError: They are not there, cannot be read, or are not those that the run wrote.
        """
        return self._table().to_pylist()

    def frame(self) -> pd.DataFrame:
        """Read the rows of a finished run as a table: a line a sample, in the dataset's order.

        Raises:
            RunError: As `rows`.
        """
        return self._table().to_pandas()

    def sample_ids(self) -> set[str]:
        """Read which samples a finished run has rows of.

        Raises:
            RunError: As `rows`.
        """
        return set(self._table()["sample_id"].to_pylist())

    def _table(self) -> pa.Table:
        import pyarrow as pa

        path = self.folder / ROWS
        try:
            table = read_table(checked_bytes(path, self.hashes.get(ROWS)))
            check_columns(table, self.record.get("identity", {}).get("task", {}).get("name", ""), path)
            return table
        except (OSError, ValueError, pa.ArrowException) as error:
            raise RunError(
                f"the run's rows cannot be read: {error}",
                where=path,
                mend="score the run again with run.overwrite=true",
            ) from error

    def check_predictions(self) -> None:
        """Compare the saved predictions with what the run wrote.

        Raises:
            RunError: A prediction was changed, lost or added.
        """
        if self.predictions.exists() or LISTING in self.hashes:
            check_predictions(self.folder, self.hashes.get(LISTING))


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
            check_same(self.run.record.get("identity", {}), identity, folder)
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
        sessions = [*self.run.record.get("sessions", []), {"started": provenance.now(), "resumed": len(self.done)}]
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
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.journal.close()
        remove_leftovers(self.run.folder)
        with atomic_path(self.run.folder / ROWS, sync=True) as temporary, temporary.open("wb") as file:
            pq.write_table(pa.Table.from_pylist(rows), file)  # Python's errors say which, pyarrow's may not
        files = {ROWS: file_sha256(self.run.folder / ROWS)}
        if predictions := self._prediction_hashes():
            files[LISTING] = write_listing(self.run.folder, predictions)
        told = {name: finite(asdict(metric)) for name, metric in metrics.items()}
        ending = {"files": files, "status": FINISHED, "finished": provenance.now(), "metrics": told}
        self._write_record({**self.run.record, **record, **ending})
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
        self.run.record = record

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
    try:
        return bool(read_record(folder)["status"] == REMOVED)
    except RunError:
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
        check_same(record.get("identity", {}), identity, folder)
    except RunError:
        return False
    return record["status"] == RUNNING


def read_record(folder: Path) -> Record:
    """Read and check a folder's `run.json` (`parse_record`).

    Raises:
        RunError: There is none, or it is not what a run writes.
    """
    path = folder / RECORD
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise RunError("there is no run in this folder", where=folder, mend="`sambench ls runs` lists runs") from error
    except OSError as error:
        raise RunError(f"run.json cannot be read: {error}", where=path, mend=AGAIN) from error
    return parse_record(content, path)


_METRIC_KEYS = [one.name for one in fields(Metric)]


def metric_from_json(value: dict[str, Any]) -> Metric:
    """Undo the JSON form of a metric; null is NaN."""
    low_high = None if value["ci95"] is None else tuple(map(_number, value["ci95"]))
    known = {key: value[key] for key in _METRIC_KEYS if key in value}  # a later sambench may tell more
    return Metric(**{**known, "value": _number(value["value"]), "ci95": low_high})


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def identity_hash(identity: dict[str, Any]) -> str:
    """Return eight hex digits that name an identity in a default folder's name."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]


def check_same(stored: dict[str, Any], wanted: dict[str, Any], folder: Path) -> None:
    """Refuse to continue a run under other settings.

    Raises:
        RunError: The identities differ; every differing key is shown with both values.
    """
    before, after = flatten(stored), flatten(json.loads(json.dumps(wanted)))
    lines = [
        f"{key}: {before.get(key, '(absent)')} there, {after.get(key, '(absent)')} now"
        for key in sorted(before.keys() | after.keys())
        if before.get(key, "(absent)") != after.get(key, "(absent)")
    ]
    if lines:
        raise RunError(
            "the folder holds a run with other settings:\n    " + "\n    ".join(lines),
            where=folder,
            mend="choose another folder with run.dir=FOLDER, or redo this one with overwrite=true",
        )


def flatten(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested tables into one with dotted keys."""
    flat: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            flat.update(flatten(item, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = item
    return flat
