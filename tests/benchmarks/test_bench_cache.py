"""Reading an embedding against computing it, and a cache of ten thousand entries."""

import time

import pytest
import torch

from sambench.datasets.mini.reader import Mini
from sambench.engine.cache.entry import pack
from sambench.engine.cache.local import EmbeddingCache
from sambench.models.hierarchy.model import HierarchyModel
from sambench.types import Embedding


def seconds(function, *arguments):
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


@pytest.mark.slow
def test_reading_an_embedding_of_the_embedded_model(benchmark, tmp_path):
    model, cache = HierarchyModel(), EmbeddingCache(tmp_path)
    dataset = Mini(limit=3)
    images = [dataset.load(key).image for key in dataset.keys]
    model.encode(images[:1])
    encode = seconds(model.encode, images) / len(images)
    cache.put("a" * 64, model.encode(images[:1])[0])
    benchmark(cache.get, "a" * 64)
    if benchmark.stats:
        benchmark.extra_info["share of encoding"] = round(benchmark.stats["median"] / encode, 5)


def test_reading_an_embedding_of_sams_size(benchmark, tmp_path):
    """256 x 64 x 64 float32; ViT-B takes about 17 s on one such core to make it (test_bench_sam_encode)."""
    cache = EmbeddingCache(tmp_path)
    cache.put("a" * 64, Embedding({"image_embedding": torch.randn(256, 64, 64)}, (480, 640)))
    assert benchmark(cache.get, "a" * 64) is not None


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A cache of ten thousand small entries."""
    cache = EmbeddingCache(tmp_path_factory.mktemp("cache"))
    for index in range(10_000):
        key = f"{index:064x}"[::-1]
        path = cache.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pack(Embedding({"x": torch.tensor([index])}, (1, 1)), key))
    return cache


@pytest.mark.slow
def test_looking_one_of_ten_thousand_up(benchmark, crowded):
    assert benchmark(crowded.get, f"{1234:064x}"[::-1]) is not None


@pytest.mark.slow
def test_listing_ten_thousand(benchmark, crowded):
    assert len(benchmark(lambda: list(crowded.entries()))) == 10_000


@pytest.mark.slow
def test_evicting_from_ten_thousand(benchmark, crowded):
    assert benchmark.pedantic(crowded.prune, args=(10**12,), rounds=3) == []
