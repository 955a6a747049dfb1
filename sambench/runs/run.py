"""A stored run as it is read: its record, its rows and its predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from sambench.errors import RunError, listing
from sambench.redact import without_secrets
from sambench.runs.labels import labels, own_label
from sambench.runs.record import RunRecord, as_record, parse_record
from sambench.runs.row_checks import check_columns, read_table
from sambench.runs.seals import LISTING, check_predictions, checked_bytes
from sambench.runs.sections import AGAIN
from sambench.types import Metric, Row

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

RUNNING, FINISHED, REMOVED = "running", "finished", "being removed"
RECORD, ROWS, JOURNAL, LOCK = "run.json", "rows.parquet", "rows.jsonl", ".lock"
OWN = (RECORD, ROWS, JOURNAL, LISTING, "predictions", "pictures", "gallery")
"""Everything that a run folder holds; a folder with anything else is none."""


@dataclass(repr=False)
class Run:
    """A stored run.

    Attributes:
        folder: The run folder, or a local copy of it.
        record: The content of `run.json`; of a folder without one, all defaults.
        url: Where the run lies, if it is not on a local file system.
        fetch: Brings predictions into the local copy.
        called: What it is called among the runs it is shown with (`with_distinct_names`).
    """

    folder: Path
    record: RunRecord = field(default_factory=lambda: as_record({}, ""))
    url: str | None = None
    fetch: Callable[[], None] | None = None
    called: str | None = None

    def __repr__(self) -> str:
        """Say in one line what was run on what, its first metrics and where it lies."""
        figures = ", ".join(f"{name} {metric.value:.3f}" for name, metric in list(self.metrics.items())[:4])
        return f"<Run {'; '.join((self._what(), figures or self.record.status, self.location))}>"

    def _what(self) -> str:
        """Say what was run on what, as far as the record tells."""
        record, task = self.record, "nothing yet"
        with suppress(RunError):
            task = record.task_name
            return f"{task}, {self.label} on {record.data.card.title} {record.data.split}"
        return task

    @property
    def label(self) -> str:
        """What tables, figures and lists call the run: its name, else its model; with what tells it from the others."""
        return own_label(self.record) if self.called is None else self.called

    @property
    def location(self) -> str:
        """Where the run lies, to be shown: its folder, or its URL without credentials."""
        return without_secrets(self.url or str(self.folder))

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return self.record.status == FINISHED

    @property
    def metrics(self) -> dict[str, Metric]:
        """The run's metrics by name."""
        return {name: recorded.metric for name, recorded in self.record.metrics.items()}

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
        return dict(self.record.files)

    def rows(self) -> list[Row]:
        """Read the rows of a finished run, in the dataset's order.

        Raises:
            RunError: They are not there, cannot be read, or are not those that the run wrote.
        """
        return self.table().to_pylist()

    def frame(self) -> pd.DataFrame:
        """Read the rows of a finished run as a table: a line a sample, in the dataset's order.

        Raises:
            RunError: As `rows`.
        """
        return self.table().to_pandas()

    def sample_ids(self) -> set[str]:
        """Read which samples a finished run has rows of.

        Raises:
            RunError: As `rows`.
        """
        return set(self.table()["sample_id"].to_pylist())

    def table(self) -> pa.Table:
        """Read the rows of a finished run as they are stored, for those who take few at a time.

        Raises:
            RunError: As `rows`.
        """
        path = self.folder / ROWS
        try:
            table = read_table(checked_bytes(path, self.hashes.get(ROWS)))
            check_columns(table, self.record.task_name, path)
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


def with_distinct_names(runs: Sequence[Run]) -> list[Run]:
    """Return runs that are shown together, called so that those of one task and data are told apart (`labels`)."""
    names = labels([run.record for run in runs], [run.location for run in runs])
    return [replace(run, called=label) for run, label in zip(runs, names, strict=True)]


def read_record(folder: Path) -> RunRecord:
    """Read and check a folder's `run.json` (`parse_record`).

    Raises:
        RunError: There is none, or it is not what a run writes.
    """
    path = folder / RECORD
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise RunError("there is no run in this folder", where=folder, mend=_where_runs_are(folder)) from error
    except OSError as error:
        raise RunError(f"run.json cannot be read: {error}", where=path, mend=AGAIN) from error
    return parse_record(content, path)


def _where_runs_are(folder: Path) -> str:
    """Return what leads on from a folder without a run: the runs up to two folders below it, as results/TASK/NAME."""
    below = sorted(path.parent for depth in ("*", "*/*") for path in folder.glob(f"{depth}/{RECORD}"))
    if not below:
        return "`sambench ls runs` lists runs"
    return f"name the run: {listing([str(path) for path in below], 3)}; `sambench ls runs results={folder}` lists them"
