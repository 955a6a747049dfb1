"""Embeddings on disk, found by what made them: the model's fingerprint and the image's pixels, never a path."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sambench.engine.cache.entry import FORMAT, Secret, as_stored, pack, unpack
from sambench.engine.cache.shared import (
    ENDING,
    STALE_SECONDS,
    UNSIGNED,
    SharedEntries,
    StoredEmbedding,
    surplus,
    trouble,
)
from sambench.errors import StorageError
from sambench.files.atomic import write_bytes
from sambench.types import Embedding

log = logging.getLogger("sambench.cache")

GIVE_UP = 5
"""Refused writes after which a run keeps no more entries."""


@dataclass
class CacheCounts:
    """What the cache did for one run.

    `failed` counts what the machine or a shared store refused, `unsigned` entries that were not signed with the run's
    secret.
    """

    hits: int = 0
    misses: int = 0
    corrupt: int = 0
    evicted: int = 0
    failed: int = 0
    unsigned: int = 0


@dataclass
class EmbeddingCache:
    """A content-addressed store of embeddings, safe to share between runs and processes.

    One safetensors file an entry, written under a temporary name and renamed; its header carries a SHA-256 of the
    tensors, checked at every read. A damaged entry is reported once, removed and computed again. Whatever the machine
    or the shared store refuses is a miss or an entry that is not kept, told once for each kind: a cache never ends a
    run.

    Args:
        folder: Where the entries lie; made when first written to.
        budget_bytes: Least recently used entries are removed above this size; None keeps everything.
        dtype: "keep", "fp32", "bf16" or "fp16": how floating tensors are stored; it is part of the key.
        shared: A store of several machines: looked in for what is not in the folder; what is written goes to both.
        environment: What else an embedding's bits depend on (`environment_of`); part of the key.
        secret: Signs what is written. Entries without its signature are misses and are left where they are.
    """

    folder: Path
    budget_bytes: int | None = None
    dtype: str = "keep"
    shared: SharedEntries | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    secret: Secret | None = None
    counts: CacheCounts = field(default_factory=CacheCounts)
    _total: int | None = None
    _reported: set[str] = field(default_factory=set)
    _refused_writes: int = 0

    def key(self, model_fingerprint: str, image_sha256: str) -> str:
        """Return the SHA-256 (hex) that names the embedding of one image by one model."""
        parts = [FORMAT, model_fingerprint, image_sha256, self.dtype, sorted(self.environment.items())]
        if self.secret is not None:
            parts.append(self.secret.name)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def path(self, key: str) -> Path:
        """Return the file of an entry, whether it exists or not."""
        return self.folder / key[:2] / f"{key}{ENDING}"

    def get(self, key: str) -> Embedding | None:
        """Read an entry; None where there is none or where it was damaged and has been removed."""
        path = self.path(key)
        try:
            blob = path.read_bytes()
        except FileNotFoundError:
            return self._from_shared(key)
        except (OSError, MemoryError) as error:
            self._tell("entries cannot be read", error)
            return self._from_shared(key)
        if not self._trusted(blob, key):
            return self._from_shared(key)
        try:
            embedding = unpack(blob, key)
        except (ValueError, MemoryError) as error:
            log.warning("cache entry %s is damaged (%s); it is removed and computed again", path, error)
            self.counts.corrupt += 1
            self._total = None
            with self._tolerant("damaged entries cannot be removed"):
                path.unlink(missing_ok=True)
            return self._from_shared(key)
        with suppress(OSError):  # it only ages faster
            os.utime(path)
        if self.shared is not None and not self.shared.known(key):
            self._share(key, blob)
        self.counts.hits += 1
        return embedding

    def put(self, key: str, embedding: Embedding) -> Embedding:
        """Store an embedding and return it as a later `get` will: moved to the CPU and in the stored dtype."""
        stored = as_stored(embedding, self.dtype)
        blob = pack(stored, key)
        if self.secret is not None:
            blob = self.secret.sign(blob, key)
        self._write(key, blob)
        if self.shared is not None:
            self._share(key, blob)
        return stored

    def _trusted(self, blob: bytes, key: str) -> bool:
        """Tell whether an entry may be used: where there is a secret, one that bears its signature."""
        if self.secret is None or self.secret.signed(blob, key):
            return True
        if UNSIGNED not in self._reported:
            self._reported.add(UNSIGNED)
            log.warning("embedding cache: entry %s: %s; such entries are computed again", key, UNSIGNED)
        self.counts.unsigned += 1
        return False

    def _share(self, key: str, blob: bytes) -> None:
        if self.shared is not None:
            with self._tolerant("the shared store cannot be written"):
                self.shared.write(key, blob)

    def _tell(self, what: str, error: BaseException) -> None:
        """Count a refusal and log the first of its kind."""
        self.counts.failed += 1
        if what not in self._reported:
            self._reported.add(what)
            log.warning("embedding cache: %s (%s); the run goes on without", what, str(error).partition("\n")[0])

    @contextmanager
    def _tolerant(self, what: str) -> Iterator[None]:
        """Turn a refusal of the machine or a shared store into a warning: a cache may fail without ending the run."""
        try:
            yield
        except (OSError, MemoryError, StorageError) as error:
            self._tell(what, error)

    def _from_shared(self, key: str) -> Embedding | None:
        """Look an entry up in the shared store and keep it in the folder."""
        blob = None
        with self._tolerant("the shared store cannot be read"):
            blob = self.shared.read(key) if self.shared is not None else None
        if blob is None or self.shared is None or not self._trusted(blob, key):
            self.counts.misses += 1
            return None
        try:
            embedding = unpack(blob, key)
        except (ValueError, MemoryError) as error:
            log.warning("shared cache entry %s is damaged (%s); it is removed and computed again", key, error)
            with self._tolerant("damaged entries cannot be removed"):
                self.shared.remove(key)
            self.counts.corrupt += 1
            self.counts.misses += 1
            return None
        self._write(key, blob)
        self.counts.hits += 1
        return embedding

    def _write(self, key: str, blob: bytes) -> None:
        """Keep an entry in the folder; after some refusals no more is tried."""
        if self._refused_writes >= GIVE_UP:
            return
        path = self.path(key)
        try:
            write_bytes(path, blob)
        except (OSError, MemoryError) as error:
            self._refused_writes += 1
            self._tell("entries cannot be written", error)
            return
        with self._tolerant("entries cannot be counted or evicted"):
            self._account(len(blob))

    def entries(self) -> Iterator[StoredEmbedding]:
        """Walk over the entries in no particular order."""
        if not self.folder.is_dir():
            return
        for shard in os.scandir(self.folder):
            if not shard.is_dir():
                continue
            for item in os.scandir(shard.path):
                if item.name.endswith(ENDING) and not item.name.startswith("."):
                    try:
                        stat = item.stat()
                    except FileNotFoundError:  # removed by another process since the folder was listed
                        continue
                    yield StoredEmbedding(item.name.removesuffix(ENDING), Path(item.path), stat.st_size, stat.st_mtime)

    def prune(self, budget_bytes: int) -> list[StoredEmbedding]:
        """Remove least recently used entries until at most `budget_bytes` remain; returns what was removed."""
        there = list(self.entries())
        removed = surplus(there, budget_bytes)
        for entry in removed:
            self.path(entry.key).unlink(missing_ok=True)
        self._remove_stale_temporaries()
        self._total = sum(entry.size for entry in there) - sum(entry.size for entry in removed)
        self.counts.evicted += len(removed)
        return removed

    def verify(self, secret: Secret | None = None) -> Iterator[tuple[StoredEmbedding, str | None]]:
        """Check every entry as `trouble` does; yields each with None, or with what is wrong with it."""
        for entry in self.entries():
            try:
                yield entry, trouble(self.path(entry.key).read_bytes(), entry.key, secret)
            except OSError as error:
                yield entry, str(error)

    def remove(self, key: str) -> None:
        """Remove an entry."""
        self.path(key).unlink(missing_ok=True)

    def _account(self, size: int) -> None:
        """Keep the running total and evict a tenth of the budget at once, so that eviction stays rare."""
        if self.budget_bytes is None:
            return
        if self._total is None:
            self._total = sum(entry.size for entry in self.entries())
        else:
            self._total += size
        if self._total > self.budget_bytes:
            self.prune(int(self.budget_bytes * 0.9))

    def _remove_stale_temporaries(self) -> None:
        """Remove what killed writers left behind."""
        for path in self.folder.glob("*/.*"):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink(missing_ok=True)
