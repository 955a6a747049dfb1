"""What every reader needs: an error that introduces its dataset, listings, fingerprints, and the choice of samples."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sambench.config.ranges import SHARED, check_range
from sambench.datasets.base import Dataset, DatasetCard
from sambench.errors import DatasetError, UsageError, listing

DIGITS = 8
"""Of a hash that tells one sample's ground truth from another."""

ALIKE = "*"
"""What stands for all samples where their ground truths have one hash, that of the file they are read from."""


def data_error(card: DatasetCard, what: str, where: object) -> DatasetError:
    """Build the error of missing or damaged data: what and where, then layout, home page and terms to mend it."""
    layout = "\n".join(f"           {line}" for line in card.layout.strip().splitlines())
    if card.own:
        return DatasetError(what, where=where, mend=f"one's own data may be laid out as\n{layout}")
    mend = f"{card.title} is laid out as downloaded:\n{layout}\n         from {card.home}\n         terms: {card.terms}"
    return DatasetError(what, where=where, mend=mend)


def list_files(folder: Path, endings: Sequence[str]) -> dict[str, Path]:
    """List a folder's files of the given endings (lower case, with the dot) by name without ending, sorted by name.

    Hidden files and the `._*` twins that some archives hold are left out.

    Raises:
        DatasetError: Two files differ in nothing but their endings.
    """
    files: dict[str, Path] = {}
    for path in sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".")):
        if path.suffix.lower() not in endings:
            continue
        if path.stem in files:
            what = f"two files are called {path.stem}: {files[path.stem].name} and {path.name}"
            raise DatasetError(what, where=folder, mend="move one of them away")
        files[path.stem] = path
    return files


def fingerprint(name: str, split: str, keys: Sequence[str], files: Iterable[Path]) -> str:
    """Hash what a dataset holds: its name, split and keys, and the bytes of its annotation files in this order.

    Returns:
        SHA-256 in hex.

    Raises:
        DatasetError: A file cannot be read.
    """
    digest = hashlib.sha256(repr((name, split, list(keys))).encode())
    for path in files:
        try:
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise DatasetError(
                f"annotation file cannot be read: {error.strerror}",
                where=path,
                mend="bring the file back, or name the folder that holds it with data.root=FOLDER",
            ) from error
    return digest.hexdigest()


def truth_digests(name: str, split: str, files: Mapping[str, Sequence[Path]], shared: Sequence[Path]) -> dict[str, str]:
    """Hash what each sample's ground truth is read from, whichever other samples are kept.

    Args:
        name, split: As in `fingerprint`.
        files: Sample id -> the annotation files of its own.
        shared: The annotation files that all samples are read from.

    Returns:
        Sample id -> the first eight digits (hex) of a SHA-256.

    Raises:
        DatasetError: A file cannot be read.
    """
    common = fingerprint(name, split, [], shared)
    return {key: (fingerprint(common, "", [], own) if own else common)[:DIGITS] for key, own in files.items()}


def truth_record(dataset: Dataset, keys: Sequence[str]) -> dict[str, Any]:
    """Return what `run.json` says of samples' ground truths: each one's hash, or, as ALIKE, the one that all have."""
    digests = dataset.truth_digests()
    truths = {key: digests[key] for key in keys if key in digests}
    if truths and len(set(truths.values())) == 1:
        return {"truths": {ALIKE: next(iter(truths.values()))}}
    return {"truths": truths} if truths else {}


_SHOWN = 10


def select(
    keys: Sequence[str],
    *,
    ids: Iterable[str | int] | None = None,
    limit: int | None = None,
    aliases: Mapping[str, str] | None = None,
    where: object = None,
) -> list[str]:
    """Choose sample ids.

    Args:
        keys: All sample ids, in the dataset's order.
        ids: The samples to keep: full ids, their last parts ("100007" for "test/100007") where these are unique, or
            aliases. Naming one twice keeps it once.
        limit: Keep at most this many, the first ones.
        aliases: Other names a sample goes by (an image id of the annotation file), each with its sample id.
        where: The folder or file that was read, for messages.

    Returns:
        The chosen sample ids in the dataset's order.

    Raises:
        UsageError: `limit` is below 1, or `ids` is empty.
        DatasetError: `ids` holds unknown or ambiguous names; all are counted, and near matches are shown.
    """
    check_range(limit, SHARED["limit"], "limit")
    if ids is None:
        return list(keys[:limit])
    wanted = [str(name) for name in ([ids] if isinstance(ids, str) else ids)]
    if not wanted:
        raise UsageError("ids is an empty list, which keeps no sample", mend="name samples, or leave ids out")
    names = _names(keys, aliases or {})
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise DatasetError(_unknown(unknown, names), where=where, mend=f"known ids look like {listing(list(keys), 3)}")
    twofold = [f"{name} ({listing(names[name], 3)})" for name in wanted if len(names[name]) > 1]
    if twofold:
        raise DatasetError(f"ids that fit several samples: {listing(twofold)}", where=where, mend="give the full ids")
    chosen = {names[name][0] for name in wanted}
    return [key for key in keys if key in chosen][:limit]


def _names(keys: Sequence[str], aliases: Mapping[str, str]) -> dict[str, list[str]]:
    """Map every accepted name to the sample ids it fits; a full id fits only its own sample."""
    names: dict[str, list[str]] = {}
    for name, key in [*((key.rsplit("/", 1)[-1], key) for key in keys), *aliases.items()]:
        fitting = names.setdefault(name, [])
        if key not in fitting:
            fitting.append(key)
    names.update({key: [key] for key in keys})
    return names


def _unknown(unknown: list[str], names: Mapping[str, list[str]]) -> str:
    suggestions = []
    for name in unknown[:_SHOWN]:
        near = [names[match][0] for match in difflib.get_close_matches(name, names, n=3)]
        suggestions.append(f"{name} (near: {', '.join(dict.fromkeys(near))})" if near else name)
    return f"{len(unknown)} of the ids are not in this dataset: {listing(suggestions + unknown[_SHOWN:], _SHOWN)}"


def check_choice(card: DatasetCard, name: str, value: str, options: Sequence[str]) -> None:
    """Refuse a switch's value that is none of its choices.

    Raises:
        UsageError: The value is unknown.
    """
    if value not in options:
        mend = f"choose one of {', '.join(options)}"
        raise UsageError(f"{card.name} has no {name} {value!r}", where=f"data.{name}", mend=mend)
