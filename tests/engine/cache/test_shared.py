import uuid

import pytest
import torch

from sambench.engine.cache.local import EmbeddingCache
from sambench.engine.cache.shared import SharedEntries
from sambench.files.storage.locations import join, write_bytes
from sambench.types import Embedding


@pytest.fixture
def url():
    return f"memory://{uuid.uuid4().hex}/embeddings"


def machine(folder, url, **more):
    return EmbeddingCache(folder, shared=SharedEntries(url), **more)


def made(number=0):
    return Embedding({"grid": torch.full((4, 4), float(number))}, (30, 40))


def test_what_one_machine_stores_another_reads(tmp_path, url):
    one, two = machine(tmp_path / "one", url), machine(tmp_path / "two", url)
    key = one.key("weights", "pixels")
    assert two.get(key) is None
    one.put(key, made(3))
    found = two.get(key)
    assert torch.equal(found.tensors["grid"], made(3).tensors["grid"])
    assert found.original_size == (30, 40)
    assert (two.counts.hits, two.counts.misses) == (1, 1)
    assert one.path(key).read_bytes() == two.path(key).read_bytes() == SharedEntries(url).read(key)
    SharedEntries(url).remove(key)
    assert two.get(key) is not None
    assert two.counts.hits == 2


def test_a_damaged_entry_is_removed_and_made_again(tmp_path, url, caplog):
    one, two = machine(tmp_path / "one", url), machine(tmp_path / "two", url)
    key = one.key("weights", "pixels")
    one.put(key, made())
    write_bytes(join(url, key[:2], f"{key}.safetensors"), b"torn")
    assert [trouble for _, trouble in SharedEntries(url).verify()] == ["it is truncated"]
    assert two.get(key) is None
    assert "damaged" in caplog.text
    assert two.counts.corrupt == 1
    assert list(SharedEntries(url).entries()) == []
    one.path(key).write_bytes(b"torn here")
    two.put(key, made())
    assert one.get(key) is not None  # from the shared store


def test_the_oldest_go_first(tmp_path, url):
    cache = machine(tmp_path, url)
    keys = [cache.key("weights", str(number)) for number in range(4)]
    for number, key in enumerate(keys):
        cache.put(key, made(number))
    shared = SharedEntries(url)
    size = next(shared.entries()).size
    assert [entry.key for entry in shared.prune(2 * size)] == keys[:2]
    assert {entry.key for entry in shared.entries()} == set(keys[2:])
    assert cache.prune(0)
    assert cache.get(keys[3]) is not None
    assert cache.get(keys[0]) is None
