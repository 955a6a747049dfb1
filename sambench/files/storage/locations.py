"""Files at a location, a local path or a URL of any file system that fsspec knows: listed, read and written whole."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import fsspec
from fsspec.spec import AbstractFileSystem

from sambench.errors import SambenchError, StorageError, UsageError
from sambench.files.atomic import atomic_path
from sambench.redact import hide_credentials

T = TypeVar("T")
Location = str | Path
"""A local path, or a URL such as s3://bucket/folder."""

EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
"""Protocol -> the extra of sambench that installs what it needs."""

HUB = "hf://"
"""What addresses of the Hugging Face Hub begin with (`sambench.files.storage.hub`)."""

TRIES = 4
"""How often an operation is tried before its error is raised: services refuse a request now and then."""


def is_remote(location: object) -> bool:
    """Tell whether a location is a URL, as s3://bucket/folder, rather than a local path."""
    return isinstance(location, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", location) is not None


def is_hub(location: object) -> bool:
    """Tell whether a location is an address on the Hub."""
    return isinstance(location, str) and location.startswith(HUB)


def is_web_address(text: str) -> bool:
    """Tell whether a text is an address that a page may link to: http or https, and one line."""
    return re.fullmatch(r"https?://[^\s\"'<>\\]{1,2000}", text) is not None


def join(location: Location, *names: str) -> Location:
    """Return a location below another: a URL below a URL, a path below a path."""
    if is_remote(location):
        return "/".join([str(location).rstrip("/"), *names])
    return Path(location).joinpath(*names)


def local_only(location: object, key: str) -> Path:
    """Return a path that must be local.

    Raises:
        UsageError: It is a URL.
    """
    if is_remote(location):
        raise UsageError(f"{key} is {location}, but takes a local path", where=key, mend=f"give {key}=FOLDER")
    return Path(str(location)).expanduser()


def filesystem(url: str) -> tuple[Any, str]:
    """Open the file system of a URL.

    Returns:
        The fsspec file system, and the URL's path on it without a slash at its end.

    Raises:
        StorageError: Nothing is known of its protocol, or what it needs is not installed.
    """
    hide_credentials(url)
    protocol, _, rest = url.partition("://")
    try:
        system = opened(protocol, rest.partition("/")[0])
    except ImportError as error:
        extra = EXTRAS.get(protocol)
        mend = f"pip install 'sambench[{extra}]'" if extra else "install the package that it names"
        raise StorageError(f"{protocol}:// cannot be opened: {error}", where=url, mend=mend) from error
    except ValueError as error:
        raise StorageError(
            f"there is no file system {protocol}://: {error}", where=url, mend="use s3://, gs:// or a local path"
        ) from error
    return system, str(system._strip_protocol(url)).rstrip("/")


@lru_cache(maxsize=32)
def opened(protocol: str, host: str) -> Any:
    """Open a file system once for all threads of the process; fsspec by itself opens one for each."""
    return fsspec.core.url_to_fs(f"{protocol}://{host}")[0]


def attempt(do: Callable[[], T], what: str, where: str) -> T:
    """Do something on a file system, again after a pause where it fails.

    Args:
        do: The operation; doing it twice must do no harm.
        what: What it does, for the message, as in "reading".
        where: The URL.

    Raises:
        FileNotFoundError: What is read is not there.
        StorageError: It failed `TRIES` times.
    """
    for number in range(1, TRIES + 1):
        try:
            return do()
        except (FileNotFoundError, SambenchError):
            raise
        except Exception as error:  # every service has errors of its own
            if number == TRIES or isinstance(error, PermissionError):
                raise StorageError(
                    f"{what} failed: {type(error).__name__}: {error}",
                    where=where,
                    mend="check the address, the credentials and the connection; the same command goes on",
                ) from error
            time.sleep(0.25 * 2**number)
    raise AssertionError("not reached")


def read_bytes(location: Location) -> bytes | None:
    """Read a file whole; None where there is none."""
    try:
        if not is_remote(location):
            return Path(location).read_bytes()
        system, path = filesystem(str(location))
        return bytes(attempt(lambda: system.cat_file(path), "reading", str(location)))
    except FileNotFoundError:
        return None


def write_bytes(location: Location, content: bytes) -> None:
    """Write a file whole or not at all: object stores do so by themselves, elsewhere it is renamed into place.

    Raises:
        StorageError: The location cannot be written.
    """
    if not is_remote(location):
        with atomic_path(Path(location)) as temporary:
            temporary.write_bytes(content)
        return
    system, path = filesystem(str(location))
    try:
        attempt(lambda: _put(system, path, content), "writing", str(location))
    except FileNotFoundError as error:
        raise StorageError(
            f"nothing can be written there: {error}", where=location, mend="make the bucket, or check the address"
        ) from error


def remove(location: str) -> None:
    """Remove a remote file, or a folder with all that is in it; nothing happens where there is none."""
    system, path = filesystem(location)
    try:
        attempt(lambda: system.rm(path, recursive=True), "removing", location)
    except FileNotFoundError:
        return


def _put(system: Any, path: str, content: bytes) -> None:
    if "file" not in _protocols(system):
        system.pipe_file(path, content)
        return
    with atomic_path(Path(path)) as temporary:
        temporary.write_bytes(content)


def listing(url: str) -> dict[str, dict[str, Any]]:
    """Map every file below a URL (or the file it names, as "") to what the file system says of it, sorted by name."""
    system, root = filesystem(url)

    def find() -> dict[str, Any]:
        system.invalidate_cache()
        try:
            if type(system).find is AbstractFileSystem.find:
                return _walked(system, root)
            return dict(system.find(root, detail=True))
        except FileNotFoundError:
            return {}

    infos = attempt(find, "listing", url)
    return {
        path.removeprefix(root).lstrip("/"): info for path, info in sorted(infos.items()) if info.get("type") == "file"
    }


def _walked(system: Any, root: str) -> dict[str, Any]:
    """Find every file below a folder, one listing a folder; fsspec's own walk leaves out folders that are refused."""
    root_info = system.info(root)
    if root_info["type"] != "directory":
        return {root_info["name"]: root_info}
    files, folders = {}, [root]
    while folders:
        folder = folders.pop()
        try:
            inner = system.ls(folder, detail=True)
        except FileNotFoundError:  # removed since it was listed
            if folder == root:
                raise
            continue
        for info in inner:
            if info["type"] == "directory":
                folders.append(info["name"])
            else:
                files[info["name"]] = info
    return files


def _protocols(system: Any) -> tuple[str, ...]:
    return (system.protocol,) if isinstance(system.protocol, str) else tuple(system.protocol)
