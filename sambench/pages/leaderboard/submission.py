"""What is handed in to a leaderboard: one file with a run's record, its rows and some pictures, sealed by hashes.

The file is a ZIP archive whose `run.json` and `rows.parquet` are those of a run folder, so that it is read as one. It
is data: it is read with bounds on its size, nothing in it is run, and nothing is written out of the folder it is for.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sambench.errors import RunError, UsageError
from sambench.files.atomic import json_text, write_bytes
from sambench.files.json_text import JsonError, parse_json
from sambench.files.safe_names import fault_of, inside
from sambench.files.storage.locations import is_web_address
from sambench.files.version import __version__
from sambench.redact import without_absolute_paths
from sambench.runs.run import RECORD, ROWS, Run, read_record
from sambench.runs.seals import SEAL, sealed

ENDING = ".submission.zip"
SCHEMA_VERSION = 1
MANIFEST = "submission.json"
LARGEST = 1 << 29
"""Bytes that the files in an archive may have together once they are unpacked."""

MOST = 64
"""Pictures an archive may hold."""

PICTURES, PNG = "pictures/", ".png"
_LEFT_OUT = ("workers", "sessions", "cache", "merged", "files")
"""What of a record concerns the machine alone, and the hashes of files that are written anew."""

_AGAIN = "make it anew from the run: sambench leaderboard submit RUN by=NAME"


@dataclass(frozen=True)
class Submission:
    """Who handed a run in.

    Attributes:
        name: The file's name.
        by: Who says to have made it.
        url: Where more is told, as a paper; None for nowhere.
        notes: Whatever else was told; None for nothing.
        version: The sambench that wrote the file.
        sha256: SHA-256 (hex) of the file.
    """

    name: str
    by: str
    url: str | None
    notes: str | None
    version: str
    sha256: str


def write_submission(
    run: Run, path: Path, by: str, url: str | None, notes: str | None, pictures: Sequence[Path] = ()
) -> int:
    """Write a finished run as a file to hand in; absolute paths in its record are cut to their last parts.

    Args:
        run: The run.
        path: The file.
        by, url, notes: As of `Submission`.
        pictures: PNG files below the run's `pictures` folder, at most `MOST`.

    Returns:
        The file's size in bytes. The same run gives the same bytes.

    Raises:
        UsageError: The run is not finished, or `url` is no web address.
        RunError: Its rows are not those that it wrote.
    """
    if not run.finished:
        raise UsageError("the run is not finished", where=run.location, mend="give the command that started it again")
    if url is not None and not is_web_address(url):
        raise UsageError(f"url is {url!r}, which is no web address", where="url", mend="give url=https://...")
    run.rows()  # refuses what is not what the run wrote
    rows = (run.folder / ROWS).read_bytes()
    kept = {key: value for key, value in run.record.stored.items() if key not in _LEFT_OUT}
    record = sealed({**without_absolute_paths(kept), "files": {ROWS: hashlib.sha256(rows).hexdigest()}})
    files = {RECORD: json_text(record).encode(), ROWS: rows}
    for picture in pictures[:MOST]:
        files[picture.relative_to(run.folder).as_posix()] = picture.read_bytes()
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "by": by,
        "url": url,
        "notes": notes,
        "version": __version__,
        "run_sha256": run.record.sha256,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    content = _archive({MANIFEST: json_text(sealed(manifest)).encode(), **files})
    write_bytes(path, content)
    return len(content)


def _archive(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP archive without the times that would make equal ones differ."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


def open_submission(path: Path, scratch: Path) -> tuple[Submission, Run]:
    """Check a file's hashes and unpack it.

    Args:
        path: The file.
        scratch: A folder of this process, in which a folder for the run is made.

    Returns:
        Who handed it in, and the run.

    Raises:
        RunError: There is no such file, it is none of this kind or damaged, or something in it was changed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        what = f"the submission cannot be read: {error.strerror}"
        raise RunError(what, where=path, mend="give the file that `sambench leaderboard submit` wrote") from error
    files = _unpacked(content, path)
    manifest = _manifest(files.pop(MANIFEST, None), path)
    _check_files(files, manifest["files"], path)
    digest = hashlib.sha256(content).hexdigest()
    folder = scratch / digest
    for name, part in files.items():
        write_bytes(inside(folder, name), part)
    own = Submission(path.name, manifest["by"], manifest.get("url"), manifest.get("notes"), manifest["version"], digest)
    return own, Run(folder, read_record(folder))


def _unpacked(content: bytes, path: Path) -> dict[str, bytes]:
    """Read an archive's files by name, none of which is written under a name that it chose itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if strange := [name for name in names if name not in (MANIFEST, RECORD, ROWS) and not _is_picture(name)]:
                raise RunError(f"the submission holds a file that none has: {strange[0]!r}", where=path, mend=_AGAIN)
            if len(set(names)) < len(names) or len(names) > MOST + 3:
                raise RunError("the submission holds a file twice, or too many", where=path, mend=_AGAIN)
            if sum(info.file_size for info in infos) > LARGEST:
                what = f"the submission is larger than {LARGEST >> 20} MiB once it is unpacked"
                raise RunError(what, where=path, mend="hand in a run of fewer images, or fewer pictures")
            return {info.filename: _read(archive, info) for info in infos}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise RunError(f"the file is no submission, or is damaged: {error}", where=path, mend=_AGAIN) from error


def _is_picture(name: str) -> bool:
    parts = name.split("/")
    plain = (
        name.isprintable() and fault_of(name) is None and not any(part.startswith(".") or not part for part in parts)
    )
    return plain and name.startswith(PICTURES) and name.endswith(PNG)


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Read one file, no more of it than the archive says it has."""
    with archive.open(info) as file:
        content = file.read(info.file_size + 1)
    if len(content) != info.file_size:
        raise zipfile.BadZipFile(f"{info.filename} has another size than the archive says")
    return content


def _manifest(content: bytes | None, path: Path) -> dict[str, Any]:
    """Read what an archive says of itself."""
    if content is None:
        raise RunError(f"the file is no submission: it holds no {MANIFEST}", where=path, mend=_AGAIN)
    try:
        manifest = parse_json(content, strict=True)
    except JsonError as error:
        raise RunError(f"{MANIFEST} cannot be read: {error.what}{error.position}", where=path, mend=_AGAIN) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("schema_version"), int):
        raise RunError(f"{MANIFEST} is not what a submission holds", where=path, mend=_AGAIN)
    if manifest["schema_version"] > SCHEMA_VERSION:
        what = f"the submission has schema {manifest['schema_version']}, this sambench reads up to {SCHEMA_VERSION}"
        raise RunError(what, where=path, mend="upgrade sambench")
    if manifest.get(SEAL) != sealed(manifest)[SEAL]:
        raise RunError(f"{MANIFEST} is not what was written: its SHA-256 is another", where=path, mend=_AGAIN)
    texts = [manifest.get(key) for key in ("by", "version")] + [manifest.get(key) or "" for key in ("url", "notes")]
    files = manifest.get("files")
    whole = isinstance(files, dict) and all(isinstance(one, str) for one in [*texts, *files.values()])
    if not whole or (manifest.get("url") and not is_web_address(manifest["url"])):
        raise RunError(f"{MANIFEST} is not what a submission holds", where=path, mend=_AGAIN)
    return manifest


def _check_files(files: Mapping[str, bytes], expected: Mapping[str, str], path: Path) -> None:
    """Hold every file against its hash."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    missing = sorted(({RECORD, ROWS} | expected.keys()) - hashes.keys())
    if missing:
        raise RunError(f"the submission lacks {missing[0]}", where=path, mend=_AGAIN)
    if added := sorted(hashes.keys() - expected.keys()):
        raise RunError(f"the submission holds a file that it does not list: {added[0]}", where=path, mend=_AGAIN)
    if edited := [name for name in sorted(hashes) if hashes[name] != expected[name]]:
        what = f"{edited[0]} is not what was handed in: its SHA-256 is another"
        raise RunError(what, where=path, mend=_AGAIN)
