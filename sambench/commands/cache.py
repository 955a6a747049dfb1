"""`sambench cache`: look at, check and trim the embedding cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from sambench.commands.words import checked, parse
from sambench.config.run_config import BUDGET_GB
from sambench.config.spelling import nearest
from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.cache.shared import UNSIGNED, SharedEntries
from sambench.engine.cache.signing import read_secret
from sambench.errors import UsageError
from sambench.files.paths import cache_root
from sambench.storage.places import is_remote

HELP = """\
sambench cache: the embedding cache, in which image embeddings are kept between runs

  sambench cache ls                                          where it is, how many embeddings, their size
  sambench cache verify [remove=true] [secret_file=FILE]     read every embedding; exit code 1 where one is damaged
  sambench cache prune budget_gb=5                           remove the least recently used above a size

  dir=FOLDER    another cache, a path or URL (default: `embeddings` below the user's cache folder, SAMBENCH_CACHE)

examples:
  sambench cache ls
  sambench cache prune budget_gb=5
"""

PAGES = {
    "ls": """\
sambench cache ls [dir=FOLDER]

Prints where the embedding cache is, how many embeddings it holds, their size, and when the oldest was last used.

  dir=FOLDER    another cache, a path or URL

example:
  sambench cache ls dir=s3://bucket/embeddings
""",
    "verify": """\
sambench cache verify [remove=true] [secret_file=FILE] [dir=FOLDER]

Reads every embedding and prints those that are damaged, or not signed with the group's secret. Exits with 1 where
there is such a one, 0 where all are well or the damaged ones were removed.

  remove=true         remove damaged embeddings; runs make them anew
  secret_file=FILE    the file with the group's secret, as cache.secret_file of a run
  dir=FOLDER          another cache, a path or URL

example:
  sambench cache verify remove=true
""",
    "prune": """\
sambench cache prune budget_gb=SIZE [dir=FOLDER]

Removes the least recently used embeddings until the rest takes no more than a size.

  budget_gb=5    gigabytes to keep; 0 empties the cache
  dir=FOLDER     another cache, a path or URL

example:
  sambench cache prune budget_gb=5
""",
}
"""Command -> its page."""


def page(words: Sequence[str]) -> str:
    """Return the page of one of the commands, or of all."""
    return next((PAGES[word] for word in words[:1] if word in PAGES), HELP)


Store = EmbeddingCache | SharedEntries

_TAKES: dict[str, dict[str, Any]] = {
    "ls": {"dir": str | None},
    "verify": {"dir": str | None, "remove": bool},
    "prune": {"dir": str | None, "budget_gb": Annotated[float, BUDGET_GB]},
}


def main(words: list[str]) -> int:
    """Run `ls`, `verify` or `prune`; `verify` exits with 1 when an entry is damaged or lacks the secret's signature."""
    what, rest = (words[0], words[1:]) if words else ("", [])
    takes: dict[str, dict[str, Any]] = {
        "ls": {"dir": None},
        "verify": {"dir": None, "remove": False, "secret_file": None},
        "prune": {"dir": None, "budget_gb": None},
    }
    if what not in takes:
        near = nearest(what, takes)
        raise UsageError(
            f"sambench cache has no {what!r}" if what else "nothing was asked of the cache",
            where=f"sambench cache {what}".strip(),
            mend=f"use sambench cache {near[0]}"
            if near
            else "use sambench cache ls, sambench cache verify [remove=true] [secret_file=FILE],"
            " or sambench cache prune budget_gb=5",
        )
    values = parse(rest, takes[what], f"cache {what}", local=("secret_file",))
    if what == "prune" and values["budget_gb"] is None:
        raise UsageError(
            "prune needs the size to keep", where="sambench cache prune", mend="sambench cache prune budget_gb=5"
        )
    values = checked(values, _TAKES[what])
    does: dict[str, Callable[[Store, dict[str, Any]], int]] = {"ls": _ls, "verify": _verify, "prune": _prune}
    place = values["dir"]
    if is_remote(place):
        return does[what](SharedEntries(place), values)
    cache = EmbeddingCache(Path(place) if place else cache_root() / "embeddings")
    return does[what](cache, values)


def _ls(cache: Store, values: dict[str, Any]) -> int:
    entries = sorted(cache.entries(), key=lambda entry: entry.used)
    total = sum(entry.size for entry in entries)
    print(f"{cache.folder}: {len(entries)} embeddings, {total / 1e9:.3f} GB")
    if entries:
        days = (time.time() - entries[0].used) / 86400
        print(f"least recently used {days:.1f} days ago; largest {max(entry.size for entry in entries) / 1e6:.1f} MB")
    return 0


def _verify(cache: Store, values: dict[str, Any]) -> int:
    secret = read_secret(values["secret_file"], "secret_file")
    checked = damaged = unsigned = 0
    for entry, trouble in cache.verify(secret):
        checked += 1
        if trouble is None:
            continue
        print(f"{entry.path}: {trouble}")
        if trouble == UNSIGNED:  # another group's, or a forged one: whoever has the right secret writes over it
            unsigned += 1
            continue
        damaged += 1
        if values["remove"]:
            cache.remove(entry.key)
    done = " and removed" if values["remove"] and damaged else ""
    told = f", {unsigned} not signed with this secret" if secret is not None else ""
    print(f"{checked} embeddings checked, {damaged} damaged{done}{told}")
    return 1 if unsigned or (damaged and not values["remove"]) else 0


def _prune(cache: Store, values: dict[str, Any]) -> int:
    removed = cache.prune(int(values["budget_gb"] * 1e9))
    print(f"{len(removed)} embeddings removed, {sum(entry.size for entry in removed) / 1e9:.3f} GB")
    return 0
