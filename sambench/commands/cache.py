"""`sambench cache`: look at, check and trim the embedding cache."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.config.run_config import BUDGET_GB
from sambench.engine.cache.entry import read_secret
from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.cache.shared import UNSIGNED, SharedEntries
from sambench.files.paths import cache_root
from sambench.files.storage.locations import is_remote
from sambench.redact import without_secrets

Store = EmbeddingCache | SharedEntries


def _opened(location: str | None) -> Store:
    """Open a cache by the value of `dir=`."""
    if is_remote(location):
        return SharedEntries(str(location))
    return EmbeddingCache(Path(location) if location else cache_root() / "embeddings")


def _ls(words: list[str]) -> int:
    values = read(LS, words)
    cache = _opened(values["dir"])
    entries = sorted(cache.entries(), key=lambda entry: entry.used)
    total = sum(entry.size for entry in entries)
    days = (time.time() - entries[0].used) / 86400 if entries else None
    largest = max((entry.size for entry in entries), default=None)
    lines = [f"{cache.folder}: {len(entries)} embeddings, {total / 1e9:.3f} GB"]
    if days is not None and largest is not None:
        lines.append(f"least recently used {days:.1f} days ago; largest {largest / 1e6:.1f} MB")
    result = {"place": without_secrets(str(cache.folder)), "embeddings": len(entries), "bytes": total}
    tell(values["format"], {**result, "oldest_days": days, "largest_bytes": largest}, "\n".join(lines))
    return 0


def _verify(words: list[str]) -> int:
    """Read every entry; the exit code is 1 where one is damaged, or lacks the secret's signature."""
    values = read(VERIFY, words)
    cache = _opened(values["dir"])
    secret = read_secret(values["secret_file"], "secret_file")
    checked = damaged = unsigned = 0
    troubles = []
    for entry, trouble in cache.verify(secret):
        checked += 1
        if trouble is None:
            continue
        troubles.append({"entry": str(entry.path), "trouble": trouble})
        if trouble == UNSIGNED:  # another group's, or a forged one: whoever has the right secret writes over it
            unsigned += 1
            continue
        damaged += 1
        if values["remove"]:
            cache.remove(entry.key)
    done = " and removed" if values["remove"] and damaged else ""
    suffix = f", {unsigned} not signed with this secret" if secret is not None else ""
    lines = [f"{one['entry']}: {one['trouble']}" for one in troubles]
    lines.append(f"{checked} embeddings checked, {damaged} damaged{done}{suffix}")
    removed = damaged if values["remove"] else 0
    result = {"checked": checked, "damaged": damaged, "unsigned": unsigned, "removed": removed, "troubles": troubles}
    tell(values["format"], result, "\n".join(lines))
    return 1 if unsigned or (damaged and not values["remove"]) else 0


def _prune(words: list[str]) -> int:
    values = read(PRUNE, words)
    cache = _opened(values["dir"])
    removed = cache.prune(int(values["budget_gb"] * 1e9))
    size = sum(entry.size for entry in removed)
    text = f"{len(removed)} embeddings removed, {size / 1e9:.3f} GB"
    tell(values["format"], {"removed": len(removed), "bytes": size}, text)
    return 0


DIR = Key(
    "dir",
    "another cache, a path or URL (default: `embeddings` below the user's cache folder, SAMBENCH_CACHE)",
    str | None,
    example="FOLDER",
    path="url",
)

LS = Command(
    name="cache ls",
    summary="where it is, how many embeddings, their size",
    main=_ls,
    runs_bare=True,
    about="Prints where the embedding cache is, how many embeddings it holds, their size, and the age of the oldest.",
    keys=(DIR, FORMAT),
    result="data:CacheResult",
    examples=("sambench cache ls dir=s3://bucket/embeddings",),
)

VERIFY = Command(
    name="cache verify",
    summary="read every embedding",
    main=_verify,
    runs_bare=True,
    about="Reads every embedding and prints those that are damaged, or not signed with the group's secret.",
    keys=(
        Key("remove", "remove damaged embeddings; runs make them anew", bool, False, example="true"),
        Key(
            "secret_file",
            "the file with the group's secret, as cache.secret_file of a run",
            str | None,
            example="FILE",
            path="local",
        ),
        DIR,
        FORMAT,
    ),
    result="data:VerifyResult",
    exit_codes={
        0: "all are well, or the damaged ones were removed",
        1: "an embedding is damaged, or not signed with the secret",
    },
    examples=("sambench cache verify remove=true",),
)

PRUNE = Command(
    name="cache prune",
    summary="remove the least recently used above a size",
    main=_prune,
    runs_bare=True,
    about="Removes the least recently used embeddings until the rest takes no more than a size.",
    keys=(
        Key(
            "budget_gb",
            "gigabytes to keep; 0 empties the cache",
            Annotated[float, BUDGET_GB],
            example="5",
            required=True,
        ),
        DIR,
        FORMAT,
    ),
    result="data:PruneResult",
    examples=("sambench cache prune budget_gb=5",),
)

CACHE = Command(
    name="cache",
    summary="the embedding cache, in which image embeddings are kept between runs",
    parts=(LS, VERIFY, PRUNE),
    examples=("sambench cache ls", "sambench cache prune budget_gb=5"),
)
