import os
import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sambench.engine.cache.entry import pack, unpack
from sambench.engine.cache.local import EmbeddingCache
from sambench.types import Embedding

EMBEDDING = Embedding(
    {"a": torch.arange(60, dtype=torch.float32).reshape(3, 4, 5), "b": torch.tensor([1, 2], dtype=torch.int32)}, (7, 9)
)


def equal(left, right):
    return left.original_size == right.original_size and all(
        torch.equal(left.tensors[name], right.tensors[name]) for name in left.tensors | right.tensors
    )


@pytest.fixture
def cache(tmp_path):
    return EmbeddingCache(tmp_path / "embeddings")


def test_returns_what_was_stored_and_counts(cache):
    key = cache.key("model", "image")
    assert cache.get(key) is None
    assert equal(cache.put(key, EMBEDDING), EMBEDDING)
    assert equal(cache.get(key), EMBEDDING)
    assert (cache.counts.hits, cache.counts.misses) == (1, 1)


def test_key_follows_model_image_and_stored_type(tmp_path):
    keep, half = EmbeddingCache(tmp_path), EmbeddingCache(tmp_path, dtype="bf16")
    keys = {keep.key("m", "i"), keep.key("n", "i"), keep.key("m", "j"), half.key("m", "i")}
    assert len(keys) == 4


def test_put_returns_the_rounded_values_that_a_later_get_returns(tmp_path):
    cache = EmbeddingCache(tmp_path, dtype="fp16")
    exact = Embedding({"x": torch.tensor([1 / 3, 1000.123]), "n": torch.tensor([70000])}, (2, 2))
    stored = cache.put("k" * 64, exact)
    assert stored.tensors["x"].dtype == torch.float16
    assert stored.tensors["n"].dtype == torch.int64
    assert equal(stored, cache.get("k" * 64))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_changed_or_missing_byte_is_noticed(data):
    blob = pack(EMBEDDING, "key")
    if data.draw(st.booleans()):
        broken = blob[: data.draw(st.integers(0, len(blob) - 1))]
    else:
        place = data.draw(st.integers(0, len(blob) - 1))
        broken = blob[:place] + bytes([blob[place] ^ data.draw(st.integers(1, 255))]) + blob[place + 1 :]
    try:
        same = equal(unpack(broken, "key"), EMBEDDING)
    except ValueError:
        return
    assert same  # white space in the header may change without changing the entry


def test_entry_of_another_key_is_refused():
    with pytest.raises(ValueError, match="does not belong"):
        unpack(pack(EMBEDDING, "key"), "other")


@pytest.mark.parametrize("damage", [lambda b: b[:100], lambda b: b[:-1] + b"\xff", lambda b: b"", lambda b: b"\0" * 50])
def test_damaged_entry_is_reported_removed_and_stored_again(cache, caplog, damage):
    key = cache.key("m", "i")
    cache.put(key, EMBEDDING)
    cache.path(key).write_bytes(damage(cache.path(key).read_bytes()))
    assert cache.get(key) is None
    assert "damaged" in caplog.text
    assert not cache.path(key).exists()
    assert cache.counts.corrupt == 1
    cache.put(key, EMBEDDING)
    assert equal(cache.get(key), EMBEDDING)


def test_least_recently_used_entries_go_first(tmp_path):
    size = len(pack(EMBEDDING, "0" * 64))
    cache = EmbeddingCache(tmp_path, budget_bytes=int(size * 10.5))
    keys = [cache.key("m", str(i)) for i in range(10)]
    for age, key in enumerate(keys):
        cache.put(key, EMBEDDING)
        os.utime(cache.path(key), (1000 + age, 1000 + age))
    cache.get(keys[0])  # the oldest becomes the youngest
    cache.put(cache.key("m", "new"), EMBEDDING)
    left = {entry.key for entry in cache.entries()}
    assert sum(entry.size for entry in cache.entries()) <= cache.budget_bytes * 0.9
    assert keys[0] in left
    assert keys[1] not in left
    assert keys[9] in left


def test_prune_removes_what_killed_writers_left(cache):
    cache.put("a" * 64, EMBEDDING)
    stale = cache.folder / "aa" / ".x.tmp"
    stale.write_bytes(b"half")
    os.utime(stale, (time.time() - 7200,) * 2)
    cache.prune(10**9)
    assert not stale.exists()
    assert len(list(cache.entries())) == 1


def test_verify_names_the_damaged_entry(cache):
    for name in "ab":
        cache.put(name * 64, EMBEDDING)
    cache.path("a" * 64).write_bytes(b"junk")
    found = {entry.key[0]: trouble for entry, trouble in cache.verify()}
    assert found["b"] is None
    assert found["a"] is not None


@pytest.mark.slow
def test_ten_thousand_entries_are_walked_quickly_enough_to_use(tmp_path):
    """Look-ups open one file whatever the number of entries; listing touches each once."""
    cache = EmbeddingCache(tmp_path)
    blob = pack(EMBEDDING, "x")
    for index in range(10_000):
        path = cache.path(f"{index:064x}"[::-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blob)
    assert len(list(cache.entries())) == 10_000
    assert len(cache.prune(5_000 * len(blob))) == 5_000
