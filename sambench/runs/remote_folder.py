"""A run folder on a remote file system: files first, then the object that names them; nothing that is named changes.

While a run is under way, each session publishes parts, `.parts/SESSION-NUMBER.json`: lines of the journal, the names,
sizes and SHA-256 of files that have been written before, and in the first the run's record. A finished run has a
`manifest.json` with its record and all its files, written last; its parts are removed then. What no part or manifest
names is not part of the run.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from sambench.errors import RunError
from sambench.files.atomic import atomic_path, is_leftover
from sambench.files.json_text import parse_json
from sambench.files.safe_names import faults_of, inside, quoted
from sambench.files.storage.locations import join, listing, read_bytes, remove, write_bytes
from sambench.runs.record import SCHEMA, RunRecord, as_record, checked_record
from sambench.runs.run import OWN
from sambench.runs.sections import AGAIN, check_form

MANIFEST, PARTS = "manifest.json", ".parts"
_FILE = {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2}
_SHARED = {"run_id": {"type": "string"}, "files": {"type": "object", "additionalProperties": _FILE}}
_FORMS = {
    True: {"type": "object", "properties": {**_SHARED, "record": SCHEMA}, "required": [*_SHARED, "record"]},
    False: {
        "type": "object",
        "properties": {**_SHARED, "journal": {"type": "string"}},
        "required": [*_SHARED, "record", "journal"],
    },
}
"""Forms of a manifest (True) and of a part (False)."""
STREAMS = 8
"""Files that are written or read at once."""


_FOREIGN = "do not use this run, sambench did not write that; run.overwrite=true starts it anew"


@dataclass
class Published:
    """What is published of a run.

    Attributes:
        run_id: Drawn when the run was started; another one is another start of it.
        record: The content of its newest `run.json`.
        files: Path in the run folder -> [size in bytes, SHA-256 (hex)].
        journal: Lines of the journal, empty for a finished run.
        finished: Whether there is a manifest.
    """

    run_id: str
    record: RunRecord = field(default_factory=lambda: as_record({}, ""))
    files: dict[str, list[Any]] = field(default_factory=dict)
    journal: bytes = b""
    finished: bool = False


class RemoteFolder:
    """A run folder at a URL.

    Args:
        url: The folder.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = uuid.uuid4().hex
        self._number = 0

    def read(self, overwrite: bool = False) -> Published | None:
        """Return what is published, or None where nothing is.

        Args:
            overwrite: Remove what is left of a run whose removal was broken off.

        Raises:
            RunError: There are files, but no run; or what is published cannot be read.
        """
        names = [name for name in listing(self.url) if not is_leftover(PurePosixPath(name).name)]
        tops = {name.partition("/")[0] for name in names if not name.startswith(".")}
        try:
            if MANIFEST in names:
                manifest = self._read_checked(MANIFEST)
                record = checked_record(manifest["record"], f"{self.url}/{MANIFEST}")
                return Published(manifest["run_id"], record, manifest["files"], finished=True)
            parts = [self._read_checked(name) for name in names if name.startswith(f"{PARTS}/")]
        except RunError:
            if not overwrite or not tops <= {MANIFEST, *OWN}:
                raise
            self.clear()
            return None
        if not parts:
            if overwrite and tops <= set(OWN):
                self.clear()
            elif tops:
                own = tops <= set(OWN)
                raise RunError(
                    "the folder holds parts of a run, but no manifest"
                    if own
                    else "the folder is not empty and holds no run",
                    where=self.url,
                    mend="run.overwrite=true starts it anew" if own else "choose another with run.dir=URL",
                )
            return None
        begun = [part for part in parts if part["record"]]
        if not begun:
            raise RunError("no published part holds the run's record", where=self.url, mend=AGAIN)
        newest = max(begun, key=lambda part: len(part["record"]["sessions"]))
        published = Published(newest["run_id"], checked_record(newest["record"], self.url))
        for part in parts:
            if part["run_id"] == published.run_id:
                published.files.update(part["files"])
                published.journal += part["journal"].encode()
        return published

    def publish_part(
        self, run_id: str, record: Mapping[str, Any] | None, files: Mapping[str, Any], journal: bytes
    ) -> None:
        """Publish what has come since the last part; its files are there already, a session's first has the record."""
        part = {
            "run_id": run_id,
            "record": record,
            "files": files,
            "journal": journal.decode(),
        }
        self._write(f"{PARTS}/{self.session}-{self._number:06d}.json", part)
        self._number += 1

    def publish(self, run_id: str, record: Mapping[str, Any], files: Mapping[str, Any]) -> None:
        """Publish a finished run: from now on it is what this manifest says."""
        self._write(MANIFEST, {"run_id": run_id, "record": record, "files": files})
        self.tidy()

    def tidy(self) -> None:
        """Remove what a finished run does not need: its parts, and what killed writers left."""
        remove(str(join(self.url, PARTS)))
        for name in listing(self.url):
            if is_leftover(PurePosixPath(name).name):
                remove(str(join(self.url, name)))

    def clear(self) -> None:
        """Remove the run: first what names its files, then they."""
        for name in (MANIFEST, PARTS, *OWN):
            remove(str(join(self.url, name)))

    def upload(self, folder: Path, names: Iterable[str]) -> dict[str, list[Any]]:
        """Write files of a local folder, each whole; returns name -> [size, SHA-256]."""

        def one(name: str) -> tuple[str, list[Any]]:
            content = (folder / name).read_bytes()
            write_bytes(join(self.url, name), content)
            return name, [len(content), _sha256(content)]

        with ThreadPoolExecutor(STREAMS) as pool:
            return dict(pool.map(one, names))

    def download(self, folder: Path, files: Mapping[str, list[Any]]) -> None:
        """Bring files into a local folder; one that is there with the same size and hash is left as it is.

        Raises:
            RunError: A file is missing, or has other bytes than were published.
        """

        def one(name: str) -> None:
            size, sha256 = files[name]
            target = inside(folder, name)
            if target.is_file() and target.stat().st_size == size and _sha256(target.read_bytes()) == sha256:
                return
            content = self._read(name)
            if content is None or _sha256(content) != sha256:
                raise RunError(f"{name} is not what was published", where=self.url, mend=AGAIN)
            with atomic_path(target) as temporary:
                temporary.write_bytes(content)

        with ThreadPoolExecutor(STREAMS) as pool:
            list(pool.map(one, files))

    def _read_checked(self, name: str) -> dict[str, Any]:
        """Read a manifest or part, and refuse files that are none of a run's own."""
        try:
            content: dict[str, Any] = parse_json(self._read(name) or b"", strict=True)
        except ValueError as error:
            raise RunError(f"{name} cannot be read: {error}", where=self.url, mend=AGAIN) from error
        check_form(content, _FORMS[name == MANIFEST], f"{self.url}/{name}")
        files = content["files"]
        if faults := faults_of(files):
            raise RunError(f"{name} names files that are none of a run: {faults}", where=self.url, mend=_FOREIGN)
        strangers = [one for one in files if one.partition("/")[0] not in OWN or "\\" in one or "/." in one]
        if strangers:
            message = f"{name} names files that are none of a run: {quoted(strangers)}"
            raise RunError(message, where=self.url, mend=_FOREIGN)
        return content

    def _read(self, name: str) -> bytes | None:
        return read_bytes(join(self.url, name))

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        write_bytes(join(self.url, name), json.dumps(value).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
