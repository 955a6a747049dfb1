"""The embedding cache never ends a run: what the machine or a shared store refuses is a miss, told once."""

import errno
import os
from pathlib import Path

import pytest
import torch

from sambench.engine.cache.local import GIVE_UP, EmbeddingCache
from sambench.engine.cache.shared import SharedEntries
from sambench.errors import StorageError
from sambench.types import Embedding

REFUSALS = [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE, errno.ENOMEM]


def embedding(value=1.0):
    return Embedding({"features": torch.full((2, 3), value)}, (4, 5))


def same(one, other):
    return one is not None and torch.equal(one.tensors["features"], other.tensors["features"])


def refusing(number):
    def refuse(*arguments, **more):
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("number", REFUSALS)
@pytest.mark.parametrize("name", ["write_bytes", "mkdir", "replace"])
def test_refused_writes_are_told_once_and_given_up(tmp_path, monkeypatch, caplog, number, name):
    cache = EmbeddingCache(tmp_path / "cache")
    monkeypatch.setattr(*((os, name) if name == "replace" else (Path, name)), refusing(number))
    for index in range(GIVE_UP + 3):
        assert same(cache.put(cache.key("model", str(index)), embedding()), embedding())
    assert cache.counts.failed == GIVE_UP
    assert len(caplog.records) == 1
    monkeypatch.undo()
    assert list(tmp_path.rglob("*.tmp")) == []


@pytest.mark.parametrize("number", REFUSALS)
def test_refused_reads_are_misses_told_once(tmp_path, monkeypatch, caplog, number):
    cache = EmbeddingCache(tmp_path)
    key = cache.key("model", "image")
    cache.put(key, embedding())
    monkeypatch.setattr(Path, "read_bytes", refusing(number))
    assert cache.get(key) is None
    assert cache.get(key) is None
    assert (cache.counts.misses, cache.counts.failed, len(caplog.records)) == (2, 2, 1)


def test_an_access_time_that_cannot_be_set_is_no_error(tmp_path, monkeypatch):
    cache = EmbeddingCache(tmp_path)
    key = cache.key("model", "image")
    cache.put(key, embedding())
    monkeypatch.setattr(os, "utime", refusing(errno.EROFS))
    assert same(cache.get(key), embedding())
    assert cache.counts.failed == 0


def test_a_file_where_the_folder_belongs_ends_nothing(tmp_path):
    (tmp_path / "cache").write_text("no folder")
    cache = EmbeddingCache(tmp_path / "cache", budget_bytes=10)
    key = cache.key("model", "image")
    assert cache.get(key) is None
    assert same(cache.put(key, embedding()), embedding())


def test_a_foreign_entry_that_cannot_be_removed_is_a_miss(tmp_path, monkeypatch):
    cache = EmbeddingCache(tmp_path)
    key = cache.key("model", "image")
    cache.path(key).parent.mkdir(parents=True)
    cache.path(key).write_bytes(b"foreign")
    monkeypatch.setattr(Path, "unlink", refusing(errno.EACCES))
    assert cache.get(key) is None
    assert cache.counts.corrupt == 1


def test_eviction_that_is_refused_ends_nothing(tmp_path, monkeypatch):
    cache = EmbeddingCache(tmp_path, budget_bytes=1)
    monkeypatch.setattr(os, "scandir", refusing(errno.EIO))
    assert same(cache.put(cache.key("model", "image"), embedding()), embedding())
    assert cache.counts.failed == 1


class Down(SharedEntries):
    """A shared store that refuses everything."""

    def read(self, key):
        raise StorageError("reading failed", where=self.folder)

    def write(self, key, blob):
        raise StorageError("writing failed", where=self.folder)

    def entries(self):
        raise StorageError("listing failed", where=self.folder)


def test_a_shared_store_that_is_down_ends_nothing(tmp_path, caplog):
    cache = EmbeddingCache(tmp_path, shared=Down("memory://down"))
    key = cache.key("model", "image")
    for _ in range(2):
        assert cache.get(cache.key("model", "other")) is None
        assert same(cache.put(key, embedding()), embedding())
    assert same(cache.get(key), embedding())
    assert len(caplog.records) == 2


def test_what_is_found_here_reaches_the_shared_store(tmp_path):
    key = EmbeddingCache(tmp_path).key("model", "image")
    EmbeddingCache(tmp_path).put(key, embedding())
    shared = SharedEntries("memory://reached/embeddings")
    assert same(EmbeddingCache(tmp_path, shared=shared).get(key), embedding())
    elsewhere = EmbeddingCache(tmp_path / "elsewhere", shared=SharedEntries("memory://reached/embeddings"))
    assert same(elsewhere.get(key), embedding())
