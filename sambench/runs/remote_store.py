"""A run written to a remote file system: worked on in a local folder, published every few seconds and at its end."""

from __future__ import annotations

import json
import logging
import shutil
import uuid
from contextlib import suppress
from pathlib import Path, PurePosixPath
from threading import Event, Lock, Thread
from typing import Any

from sambench.errors import RunError, SambenchError, StorageError
from sambench.files.atomic import atomic_path, files_below, hidden, write_json
from sambench.files.faults import refusals_as_errors
from sambench.files.safe_names import safe_part
from sambench.files.storage.copies import home_of
from sambench.files.storage.lease import Lease
from sambench.runs.remote_folder import Published, RemoteFolder
from sambench.runs.run import FINISHED, JOURNAL, RECORD, ROWS, read_record
from sambench.runs.seals import LISTING
from sambench.runs.store import RunStore

log = logging.getLogger("sambench.runs")

EVERY_SECONDS = 20.0
"""How often what is new is published: a machine that is lost loses at most as much work."""

BATCH = 200
"""Files that are written between two signs of life."""

_STATE = ".remote.json"


class RemoteRunStore(RunStore):
    """A run folder at a URL being written.

    The local folder is kept, so that the same command on the same machine loses nothing at all; on another machine it
    goes on from what was published. Nothing is counted twice: journal lines are merged by sample id.

    Args:
        url: The run folder.
        identity: As for `RunStore`.
        overwrite: As for `RunStore`.

    Raises:
        StorageError: The place cannot be used, or another process is writing it.
        RunError: As for `RunStore`.
    """

    def __init__(self, url: str, identity: dict[str, Any], overwrite: bool = False) -> None:
        self.remote, self._lease = RemoteFolder(url), Lease(url)
        self._closed, self._started, self._first = False, False, True
        self._stop, self._busy = Event(), Lock()
        self._thread: Thread | None = None
        self._lease.take()
        try:
            published = self.remote.read(overwrite)
            folder = home_of(url, "runs") / safe_part(PurePosixPath(url).name)
            self._state = _meet(folder, published)
            if published is not None:
                self._bring(folder, published)
            super().__init__(folder, identity, overwrite)
            if published is not None and not self.run.record.stored:
                self.remote.clear()
                published, self._state = None, _new_state()
        except BaseException as error:
            with suppress(SambenchError, OSError):  # what went wrong first is told
                self._lease.release()
            if isinstance(error, RunError):
                raise RunError(error.what, where=url, mend=error.mend) from error
            raise
        self._published = published or Published(self._state["run_id"])
        self._waiting, self._offset = self._unpublished()
        self.run.url = url
        if self._published.finished:
            self.remote.tidy()
            self.run.fetch = lambda: self.remote.download(folder, self._published.files)

    def start(self, record: dict[str, Any]) -> None:
        """Write `run.json`, publish it, and go on publishing until the store is closed."""
        super().start(record)
        self._started = True
        self._publish_new()
        self._thread = Thread(target=self._keep_publishing, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Publish what is not published, the whole run where it is finished, and let go of the folder."""
        if self._closed:
            return
        self._closed = True
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        super().close()
        try:
            if self.run.finished:
                self._publish_finished()
            elif self._started:
                self._publish_new()
        except StorageError as error:
            mend = f"{error.mend}; everything is kept in {self.run.folder}"
            raise StorageError(error.what, where=error.where, mend=mend) from error
        finally:
            with suppress(StorageError, OSError):  # it runs out by itself
                self._lease.release()

    def _keep_publishing(self) -> None:
        """Publish what is new now and then; a service that is away is told, and asked again later."""
        while not self._stop.wait(EVERY_SECONDS):
            try:
                with refusals_as_errors():
                    self._publish_new()
            except SambenchError as error:
                log.warning("not published yet: %s", error.what)

    def _publish_new(self) -> None:
        """Publish journal lines and the files they answer for: lines first looked at, files first written."""
        with self._busy:
            self._lease.renew()
            lines, self._waiting = self._waiting, b""
            fresh, offset = self._lines_from(self._offset)
            try:
                files = self._upload(self._new_files())
                record = self.run.record.stored if self._first else None
                if record or files or lines or fresh:
                    self.remote.publish_part(self._published.run_id, record, files, lines + fresh)
            except BaseException:
                self._waiting = lines
                raise
            self._first, self._offset = False, offset
            self._published.files.update(files)
            self._save_state()

    def _publish_finished(self) -> None:
        if self._published.finished:
            return
        published = self._published
        tops = (LISTING,) if (self.run.folder / LISTING).exists() else ()
        names = [*self._new_files(), ROWS, *tops, RECORD]
        published.files.update(self._upload(names))
        self.remote.publish(published.run_id, self.run.record.stored, published.files)
        published.finished = True
        self._save_state()

    def _upload(self, names: list[str]) -> dict[str, list[Any]]:
        """Write files, showing signs of life where there are many; returns name -> [size, SHA-256]."""
        written: dict[str, list[Any]] = {}
        for start in range(0, len(names), BATCH):
            written |= self.remote.upload(self.run.folder, names[start : start + BATCH])
            self._lease.renew()
        return written

    def _bring(self, folder: Path, published: Published) -> None:
        """Put what is published into the local folder: the rows, not the predictions."""
        if published.finished:
            own = {name: entry for name, entry in published.files.items() if not name.startswith("predictions/")}
            self.remote.download(folder, own)
            (folder / JOURNAL).unlink(missing_ok=True)
            return
        if _finished(folder):  # but not published as such: the process was killed in between
            return
        if not (folder / RECORD).exists():
            write_json(folder / RECORD, published.record.stored)
        journal = folder / JOURNAL
        there = journal.read_bytes() if journal.exists() else b""
        with atomic_path(journal) as temporary:
            temporary.write_bytes(_whole(there) + _without(published.journal, there))

    def _unpublished(self) -> tuple[bytes, int]:
        """Return the local journal's lines that are not published, and where its end is."""
        lines, end = self._lines_from(0)
        lines, self._published.journal = _without(lines, self._published.journal), b""
        return lines, end

    def _lines_from(self, offset: int) -> tuple[bytes, int]:
        """Return the journal's whole lines from a place on, and the place after them."""
        try:
            with self.journal.path.open("rb") as file:
                file.seek(offset)
                content = file.read()
        except FileNotFoundError:
            return b"", 0
        lines = _whole(content)
        return lines, offset + len(lines)

    def _new_files(self) -> list[str]:
        """Return the predictions and pictures that are not published."""
        new_names = []
        for top in ("predictions", "pictures"):
            for path in files_below(self.run.folder / top):
                name = path.relative_to(self.run.folder).as_posix()
                if not hidden(path) and name not in self._published.files:
                    new_names.append(name)
        return new_names

    def _prediction_hashes(self) -> dict[str, str]:
        """Return the hashes of all predictions, those that other machines published before included."""
        published = {name: entry[1] for name, entry in self._published.files.items() if name.startswith("predictions/")}
        return published | super()._prediction_hashes()

    def _save_state(self) -> None:
        write_json(self.run.folder / _STATE, {**self._state, "seen": True})


def _new_state() -> dict[str, Any]:
    return {"run_id": uuid.uuid4().hex, "seen": False}


def _meet(folder: Path, published: Published | None) -> dict[str, Any]:
    """Decide whether the local folder belongs to what is published; one that does not is removed.

    It belongs to it where it is of the same start of the run, or where nothing is published and it never was.
    """
    path = folder / _STATE
    state: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    if published is not None:
        fits = state is not None and state["run_id"] == published.run_id
        state = state if fits else {"run_id": published.run_id, "seen": True}
    else:
        fits = state is not None and not state["seen"]
        state = state if fits else _new_state()
    if not fits:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, state)
    return state or _new_state()


def _finished(folder: Path) -> bool:
    return (folder / RECORD).exists() and read_record(folder).status == FINISHED


def _whole(content: bytes) -> bytes:
    """Return the lines that end, without one that was being written."""
    return content[: content.rfind(b"\n") + 1]


def _without(lines: bytes, others: bytes) -> bytes:
    """Return the lines that are not among others."""
    known = set(others.splitlines(keepends=True))
    return b"".join(line for line in lines.splitlines(keepends=True) if line not in known)
