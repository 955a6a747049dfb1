"""The hierarchy model beside its peers: higra's average linkage on the same merges, and Felzenszwalb's segments."""

import time

import higra
import numpy as np
import pytest
import torch
from skimage.segmentation import felzenszwalb

from sambench.models.hierarchy.constants import TreeConstants
from sambench.models.hierarchy.merge import RegionGraph, merge_regions
from sambench.models.hierarchy.model import HierarchyModel
from sambench.types import Prompts

SIZE = (321, 481)


@pytest.fixture(scope="module")
def image():
    rng = np.random.default_rng(0)
    blocks = np.kron(rng.integers(0, 256, (12, 16, 3)), np.ones((28, 32, 1)))[: SIZE[0], : SIZE[1]]
    return np.clip(blocks + rng.normal(0, 12, (*SIZE, 3)), 0, 255).astype(np.uint8)


def best_cpu_seconds(call, repeats=5):
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.slow
def test_encoding_an_image(benchmark, image):
    model = HierarchyModel()
    model.encode([image])
    peer = best_cpu_seconds(lambda: felzenszwalb(image, scale=100))
    benchmark(model.encode, [image])
    benchmark.extra_info["ratio_to_felzenszwalb_cpu"] = best_cpu_seconds(lambda: model.encode([image])) / peer


def test_answering_64_points(benchmark, image):
    model = HierarchyModel()
    embedding = model.encode([image])[0]
    steps = (torch.arange(8) + 0.5) / 8
    points = torch.cartesian_prod(steps * SIZE[1], steps * SIZE[0])[:, None]
    prompts = Prompts(points, torch.ones(64, 1, dtype=torch.int64))
    model.decode(embedding, prompts, True)
    table, labels = torch.rand(192, int(embedding.tensors["labels"].max()) + 1), embedding.tensors["labels"].long()
    peer = best_cpu_seconds(lambda: table[:, labels])
    benchmark(model.decode, embedding, prompts, True)
    ours = best_cpu_seconds(lambda: model.decode(embedding, prompts, True))
    benchmark.extra_info["ratio_to_one_torch_gather_cpu"] = ours / peer


def test_merging_beside_higra(benchmark):
    rng = np.random.default_rng(0)
    grid = higra.get_4_adjacency_graph((60, 60))
    ends = np.stack(grid.edge_list(), 1).astype(np.int64)
    strengths, lengths = rng.random(len(ends)), rng.integers(1, 9, len(ends)).astype(float)
    labels = np.arange(3600).reshape(60, 60)
    graph = RegionGraph(labels, ends, strengths, lengths, np.full(3600, 50.0), rng.random((3600, 40)), 16)
    merge_regions(graph, TreeConstants())
    peer = best_cpu_seconds(lambda: higra.binary_partition_tree_average_linkage(grid, strengths, lengths))
    benchmark(merge_regions, graph, TreeConstants())
    ours = best_cpu_seconds(lambda: merge_regions(graph, TreeConstants()))
    benchmark.extra_info["ratio_to_higra_without_histograms_cpu"] = ours / peer
