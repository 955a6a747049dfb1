"""Files of the Hugging Face Hub, opted into: one pinned commit, its size told first, every file held against its hash.

Addresses are hf://OWNER/NAME@COMMIT[/PATH] for models and hf://datasets/OWNER/NAME@COMMIT[/PATH] for data. Files lie in
the Hub library's own cache, where other programs find them too; a note beside sambench's own copies says that all of an
address are there and were checked, so that nothing is asked of the network again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sambench.errors import StorageError, UsageError
from sambench.files.atomic import write_text
from sambench.files.paths import cache_root
from sambench.files.safe_names import faults_of
from sambench.files.storage.locations import HUB

_NAME = r"[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9_])?"
_ADDRESS = re.compile(rf"hf://(datasets/|models/)?({_NAME}/{_NAME})(?:@([^/]+))?(?:/(.*))?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_FORM = "hf://OWNER/NAME@COMMIT, or hf://datasets/OWNER/NAME@COMMIT/FOLDER"
_OTHER_FORMS = (".bin", ".h5", ".msgpack", ".onnx", ".pt", ".pth", ".tflite")
_BLOCK = 1 << 22


@dataclass(frozen=True)
class HubAddress:
    """What an address names.

    Attributes:
        url: The address.
        repo: "OWNER/NAME".
        kind: "model" or "dataset".
        revision: A commit, branch or tag; None where the address names none.
        path: A file or folder in the repository, "" for all of it.
    """

    url: str
    repo: str
    kind: str
    revision: str | None
    path: str


def read_address(url: str) -> HubAddress:
    """Take an address apart.

    >>> read_address("hf://datasets/facebook/some-data@main/images").path
    'images'

    Raises:
        UsageError: It is none.
    """
    match = _ADDRESS.fullmatch(url)
    if match is None or ".." in url or faults_of(filter(None, [(match[4] or "").strip("/")])):
        raise UsageError(f"{url} is no address on the Hub", where=url, mend=f"use {_FORM}")
    kind, repo, revision, path = match.groups()
    return HubAddress(url, repo, "dataset" if kind == "datasets/" else "model", revision, (path or "").strip("/"))


def hub_copy(url: str, allowed: bool = False, quiet: bool = False) -> Path:
    """Return where the files of an address lie on this machine, downloaded if that is allowed.

    Args:
        url: The address, pinned to a commit.
        allowed: Whether the network may be asked (`allow_download=true`).
        quiet: Show no progress bar.

    Raises:
        UsageError: It is no address, it is not pinned, or its files are not here and may not be downloaded.
        StorageError: The Hub has no such files, they cannot be had, or what came is not what it says it has.
    """
    address = read_address(url)
    if address.revision is None or _COMMIT.fullmatch(address.revision) is None:
        raise UsageError(
            f"{url} is not pinned to a commit, so that its files may change", where=url, mend=_pinned(address, allowed)
        )
    note = cache_root() / "hub" / f"{hashlib.sha256(url.rstrip('/').encode()).hexdigest()[:16]}.json"
    if (there := _noted(note)) is not None:
        return there
    if not allowed:
        mend = "add allow_download=true to the run; its size is told before anything is downloaded"
        raise UsageError(f"the files of {url} are not on this machine", where=url, mend=mend)
    return _download(address, note, quiet)


def _noted(note: Path) -> Path | None:
    """Return what a note says is here, if every file still has its size."""
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
        root = Path(noted["folder"])
        whole = all((root / name).stat().st_size == size for name, size in noted["sizes"].items())
        return Path(noted["target"]) if whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _pinned(address: HubAddress, allowed: bool) -> str:
    """Say which commit an address may be pinned to."""
    if not allowed:
        return f"use {_FORM}; with allow_download=true the commit of today is told"
    with _as_storage_errors(address):
        sha = str(_api().repo_info(address.repo, revision=address.revision, repo_type=address.kind).sha)
    kind, path = "datasets/" if address.kind == "dataset" else "", f"/{address.path}" if address.path else ""
    return f"today that is {HUB}{kind}{address.repo}@{sha}{path}"


def _download(address: HubAddress, note: Path, quiet: bool) -> Path:
    """Download the files of a pinned address, check them and write the note."""
    from huggingface_hub import constants, snapshot_download

    with _as_storage_errors(address):
        info = _api().repo_info(address.repo, revision=address.revision, repo_type=address.kind, files_metadata=True)
    inside = [one for one in info.siblings or [] if _is_below(one.rfilename, address.path)]
    inside = [one for one in inside if address.kind == "dataset" or not _is_spare(one.rfilename, inside)]
    if not inside:
        raise StorageError(
            f"nothing lies at {address.path or 'this address'}", where=address.url, mend="check the address"
        )
    if faults := faults_of(one.rfilename for one in inside):
        raise StorageError(f"files there cannot be written: {faults}", where=address.url)
    size = sum(int(one.size or 0) for one in inside)
    cache = Path(os.environ.get("HF_HUB_CACHE") or constants.HF_HUB_CACHE)
    cache.mkdir(parents=True, exist_ok=True)
    if size > (free := shutil.disk_usage(cache).free):
        what = f"{size / 1e9:.1f} GB are to be downloaded and {free / 1e9:.1f} GB are free"
        raise StorageError(what, where=cache, mend="set HF_HUB_CACHE to a folder on a larger disk")
    print(f"downloading {len(inside)} files, {size / 1e6:.1f} MB, of {address.url} to {cache}", file=sys.stderr)
    names = [one.rfilename for one in inside]
    with _as_storage_errors(address), _bars(quiet):
        folder = Path(
            snapshot_download(
                address.repo, repo_type=address.kind, revision=address.revision,
                allow_patterns=[_literal(n) for n in names],
                cache_dir=cache, endpoint=os.environ.get("HF_ENDPOINT"),
            )
        )  # fmt: skip
    for one in inside:
        _check(folder / one.rfilename, one, address.url)
    target = folder / address.path
    sizes = {name: (folder / name).stat().st_size for name in names}
    write_text(note, json.dumps({"url": address.url, "folder": str(folder), "target": str(target), "sizes": sizes}))
    return target


def _is_below(name: str, path: str) -> bool:
    return not path or name == path or name.startswith(f"{path}/")


def _is_spare(name: str, others: list[Any]) -> bool:
    """Tell whether a file holds, for another library, weights that lie beside it as safetensors."""
    folder = name.rpartition("/")[0]
    beside = any(o.rfilename.endswith(".safetensors") and o.rfilename.rpartition("/")[0] == folder for o in others)
    return beside and name.endswith(_OTHER_FORMS)


def _literal(name: str) -> str:
    """Return the pattern that fits one name alone."""
    return re.sub(r"([*?\[])", r"[\1]", name)


def _check(path: Path, info: Any, url: str) -> None:
    """Hold a file against the hash that the Hub tells: SHA-256 of large files, git's own of small ones.

    Raises:
        StorageError: They differ.
    """
    large = getattr(info, "lfs", None)
    digest = hashlib.sha256() if large else hashlib.sha1(f"blob {path.stat().st_size}\0".encode())
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    wanted = large["sha256"] if large else info.blob_id
    if digest.hexdigest() != wanted:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        what = f"{info.rfilename} is not what the Hub says it has: its hash is another"
        raise StorageError(what, where=url, mend="give the command again: the file was removed")


def _api() -> Any:
    from huggingface_hub import HfApi

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="sambench")


@contextmanager
def _bars(quiet: bool) -> Iterator[None]:
    """Leave the library's progress bars out while the block runs, where asked to."""
    from huggingface_hub import utils

    library: Any = utils
    hide = quiet and not library.are_progress_bars_disabled()
    if hide:
        library.disable_progress_bars()
    try:
        yield
    finally:
        if hide:
            library.enable_progress_bars()


@contextmanager
def _as_storage_errors(address: HubAddress) -> Iterator[None]:
    """Tell the library's errors as ours."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
    from huggingface_hub.errors import HTTPError as TransportError  # type: ignore[attr-defined]  # httpx's own

    try:
        yield
    except GatedRepoError as error:
        mend = "accept its terms on its page, then log in: hf auth login"
        raise StorageError(f"{address.repo} is behind a form", where=address.url, mend=mend) from error
    except RevisionNotFoundError as error:
        what = f"{address.repo} has no revision {address.revision}"
        raise StorageError(what, where=address.url, mend="look at its history on the Hub") from error
    except RepositoryNotFoundError as error:
        what = f"the Hub has no {address.kind} {address.repo}, or it is private"
        raise StorageError(what, where=address.url, mend="check the name, or log in: hf auth login") from error
    except (TransportError, OSError) as error:
        what = f"the Hub cannot be read: {str(error).splitlines()[0][:200] if str(error) else type(error).__name__}"
        mend = "the same command goes on from where it stopped; HF_ENDPOINT names another address of the Hub"
        raise StorageError(what, where=address.url, mend=mend) from error
