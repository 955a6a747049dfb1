"""Filters, merging and the array form of the hierarchy model's tree, against independent computations."""

import higra
import numpy as np
import pytest
from scipy import ndimage

from sambench.models.hierarchy.constants import TreeConstants
from sambench.models.hierarchy.cues import boundary_cues, strength_and_orientation
from sambench.models.hierarchy.filters import convolve, gaussian_kernels, words
from sambench.models.hierarchy.fit import box_regions, mask_regions
from sambench.models.hierarchy.logits import leaf_logits
from sambench.models.hierarchy.merge import RegionGraph, merge_regions
from sambench.models.hierarchy.paths import points_regions
from sambench.models.hierarchy.spectral import spectral_strengths
from sambench.models.hierarchy.tree import build_tree, canonical_tree, region_graph

BORDERS_ONLY = TreeConstants(colour_share=0.0, texture_share=0.0, small_power=0.0)

# Leaves 0 to 3 in a row of pixels 0 0 1 2 2 2 3; node 4 joins 0 and 1, node 5 adds 2, node 6 adds 3.
ROW = np.array([[0, 0, 1, 2, 2, 2, 3]], np.int32)
PARENTS = np.array([4, 4, 5, 6, 5, 6, 6], np.int32)
ALTITUDES = np.array([0, 0, 0, 0, 0.25, 0.5, 0.75], np.float32)
SPANS = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [0, 2], [0, 3], [0, 4]], np.int32)
AREAS = np.array([2, 1, 3, 1, 3, 6, 7], np.int32)
BOXES = np.array(
    [[0, 0, 1, 0], [2, 0, 2, 0], [3, 0, 5, 0], [6, 0, 6, 0], [0, 0, 2, 0], [0, 0, 5, 0], [0, 0, 6, 0]], np.int32
)
TREE = (PARENTS, ALTITUDES, SPANS, AREAS)
NONE = np.empty(0, np.int64)
PRIOR = np.array([1.1, 0.95, 0.0])


def test_convolution_equals_scipy_with_mirrored_borders():
    image = np.random.default_rng(0).random((9, 14)).astype(np.float32)
    for sigma in (0.8, 2.0, 6.0):
        smooth, first, second = gaussian_kernels(sigma)
        for along_y, along_x in ((smooth, first), (second, smooth)):
            expected = ndimage.convolve1d(image.astype(float), along_y, axis=0, mode="reflect")
            expected = ndimage.convolve1d(expected, along_x, axis=1, mode="reflect")
            assert np.allclose(convolve(image, along_y, along_x), expected, atol=1e-5)


def test_derivative_kernels_answer_a_ramp_by_its_slope_and_a_constant_by_nothing():
    smooth, first, second = gaussian_kernels(2.0)
    ramp = np.arange(len(first)) * 3.0
    assert np.convolve(ramp, first, "valid")[0] == pytest.approx(3.0, rel=1e-5)
    assert smooth.sum() == pytest.approx(1, rel=1e-5)
    assert second.sum() == pytest.approx(0, abs=1e-5)


def test_words_tell_clusters_apart():
    centres = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    truth = np.arange(300) % 3
    features = centres[truth] + np.random.default_rng(1).normal(0, 0.5, (300, 2)).astype(np.float32)
    found = words(features.astype(np.float32), 3)
    assert all(len(np.unique(found[truth == cluster])) == 1 for cluster in range(3))
    assert len(np.unique(found)) == 3


def test_strength_and_orientation_of_known_tensors():
    strength, angle = strength_and_orientation(np.array([[4.0, 0.0, 0.5], [0.0, 0.0, 0.5], [0.0, 9.0, 0.5]]))
    assert np.allclose(strength, [2, 3, 1])
    assert np.allclose(angle, [0, np.pi / 2, np.pi / 4])


def test_boundaries_are_strongest_at_a_step_and_lie_across_it():
    image = np.full((41, 60, 3), 60, np.uint8)
    image[:, 30:] = 180
    strength, angle = strength_and_orientation(boundary_cues(image, TreeConstants()).tensor)
    assert set(strength[5:-5].argmax(1)) <= {29, 30}
    across = angle[20, 29]
    assert min(across, np.pi - across) < 0.02
    assert strength[:, :10].max() < 0.1 * strength.max()


def test_an_image_turned_over_has_its_boundaries_turned_over():
    image = np.random.default_rng(2).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    constants = TreeConstants(colour_weight=0.0, texture_weight=0.0)
    strength, _ = strength_and_orientation(boundary_cues(image, constants).tensor)
    turned, _ = strength_and_orientation(boundary_cues(image[::-1, ::-1].copy(), constants).tensor)
    assert np.allclose(turned[::-1, ::-1], strength, atol=1e-4 * strength.max())


def grid_graph(seed: int) -> tuple[RegionGraph, object]:
    """Return 30 regions on a grid with random borders, and the same graph for higra."""
    rng = np.random.default_rng(seed)
    graph = higra.get_4_adjacency_graph((5, 6))
    ends = np.stack(graph.edge_list(), 1).astype(np.int64)
    strengths, lengths = rng.random(len(ends)), rng.integers(1, 9, len(ends)).astype(float)
    histograms = rng.integers(1, 20, (30, 5)).astype(float)
    labels = np.arange(30).reshape(5, 6)
    return RegionGraph(labels, ends, strengths, lengths, rng.integers(5, 90, 30).astype(float), histograms, 3), graph


def pairwise(parents: np.ndarray, altitudes: np.ndarray, leaves: int) -> np.ndarray:
    """Return the altitude at which each pair of leaves meets."""

    def path(leaf):
        nodes = [leaf]
        while parents[nodes[-1]] != nodes[-1]:
            nodes.append(parents[nodes[-1]])
        return nodes

    paths = [path(leaf) for leaf in range(leaves)]
    return np.array([[altitudes[next(node for node in one if node in other)] for other in paths] for one in paths])


@pytest.mark.parametrize("seed", range(5))
def test_merging_by_borders_alone_is_average_linkage(seed):
    graph, peer = grid_graph(seed)
    tree, expected = higra.binary_partition_tree_average_linkage(peer, graph.strengths, graph.lengths)
    parents, altitudes = merge_regions(graph, BORDERS_ONLY)
    ours, theirs = pairwise(parents, altitudes, 30), pairwise(tree.parents(), expected, 30)
    assert np.allclose(ours, theirs, rtol=1e-9)  # sums are made in another order


def test_the_first_merge_is_the_least_different_pair():
    histograms = np.array([[10, 0, 5, 5], [8, 2, 5, 5], [0, 10, 0, 10]], float)
    graph = RegionGraph(
        np.arange(3)[None],
        np.array([[0, 1], [1, 2]]),
        np.array([0.4, 0.3]),
        np.ones(2),
        np.full(3, 10.0),
        histograms,
        2,
    )
    parents, altitudes = merge_regions(
        graph, TreeConstants(colour_share=0.5, texture_share=0.25, trusted_area=0.0, small_power=0.0)
    )
    colour = ((1 - 0.8) ** 2 / 1.8 + 0.2**2 / 0.2) / 2
    assert parents.tolist() == [3, 3, 4, 4, 4]
    assert altitudes[3] == pytest.approx(0.25 * 0.4 + 0.5 * colour)


def test_small_regions_merge_early():
    graph, _ = grid_graph(0)
    areas = np.full(30, 500.0)
    areas[7] = 1.0
    histograms = np.ones((30, 5))
    graph = RegionGraph(graph.labels, graph.ends, np.ones(len(graph.ends)), graph.lengths, areas, histograms, 3)
    parents, altitudes = merge_regions(graph, TreeConstants())
    assert parents[7] == 30
    assert altitudes[30] < altitudes[31]


def test_canonical_trees_drop_equal_and_too_fine_nodes_and_number_leaves_depth_first():
    # 0 and 3 meet at .1 (too fine), with 1 at .4, 2 and 4 at .6, all at .6 (equal to the child's)
    parents = np.array([5, 6, 7, 5, 7, 6, 8, 8, 8])
    altitudes = np.array([0, 0, 0, 0, 0, 0.1, 0.4, 0.6, 0.6], np.float32)
    leaf_of, new_parents, new_altitudes, spans = canonical_tree(parents, altitudes, 0.2)
    assert leaf_of[0] == leaf_of[3]
    assert sorted(leaf_of[[0, 1, 2, 4]]) == [0, 1, 2, 3]
    assert new_altitudes.tolist() == pytest.approx([0, 0, 0, 0, 0.4, 0.6])
    assert new_parents[leaf_of[0]] == new_parents[leaf_of[1]] == 4
    assert new_parents[leaf_of[2]] == new_parents[leaf_of[4]] == new_parents[4] == new_parents[5] == 5
    assert spans[5].tolist() == [0, 4]
    assert sorted(range(*spans[4])) == sorted(leaf_of[[0, 1]])


@pytest.mark.parametrize("seed", range(3))
def test_trees_of_images_are_consistent(seed):
    rng = np.random.default_rng(seed)
    image = np.clip(
        np.kron(rng.integers(0, 256, (6, 8, 3)), np.ones((9, 7, 1))) + rng.normal(0, 12, (54, 56, 3)), 0, 255
    )
    constants = TreeConstants()
    tree = build_tree(boundary_cues(image.astype(np.uint8), constants), constants, image.shape[:2])
    nodes = len(tree.parents)
    assert tree.parents[-1] == nodes - 1
    assert (tree.parents[:-1] > np.arange(nodes - 1)).all()
    assert (tree.altitudes[tree.parents[:-1]] > tree.altitudes[:-1]).all()
    assert tree.altitudes.max() < 1
    assert np.array_equal(np.unique(tree.labels), np.arange(tree.leaves))
    for node in range(nodes):
        first, end = tree.spans[node]
        mask = (tree.labels >= first) & (tree.labels < end)
        rows, columns = np.nonzero(mask)
        assert mask.sum() == tree.areas[node]
        assert tree.boxes_xyxy[node].tolist() == [columns.min(), rows.min(), columns.max(), rows.max()]
        if node < tree.leaves:
            assert ndimage.label(mask)[1] == 1


def test_eigenvectors_part_two_halves_at_their_weak_link():
    """Two 4 x 4 blocks of like regions, held together by one column of strong borders."""
    graph = higra.get_4_adjacency_graph((4, 8))
    ends = np.stack(graph.edge_list(), 1).astype(np.int64)
    between = (ends[:, 0] % 8 == 3) & (ends[:, 1] % 8 == 4)
    strengths = np.where(between, 0.8, 0.05)
    regions = RegionGraph(
        np.arange(32).reshape(4, 8), ends, strengths, np.full(len(ends), 5.0), np.full(32, 25.0), np.ones((32, 2)), 1
    )
    changes = spectral_strengths(regions, TreeConstants(vectors=3))
    assert changes[between].min() > 3 * changes[~between].max()
    assert not spectral_strengths(regions, TreeConstants(vectors=0)).any()
    assert not spectral_strengths(regions, TreeConstants(vectors=31)).any()


def test_region_graphs_count_every_pixel_once():
    rng = np.random.default_rng(4)
    image = np.kron(rng.integers(0, 256, (4, 5, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    constants = TreeConstants()
    graph = region_graph(boundary_cues(image, constants), constants)
    assert graph.areas.sum() == 32 * 40
    assert np.allclose(graph.histograms[:, :16].sum(1), graph.areas)
    assert np.allclose(graph.histograms[:, 16:].sum(1), graph.areas)
    parted = (graph.labels[:, 1:] != graph.labels[:, :-1]).sum() + (graph.labels[1:] != graph.labels[:-1]).sum()
    assert graph.lengths.sum() == parted


def test_logits_by_hand():
    region = np.array([True, True, False, False])
    logits = leaf_logits(region, PARENTS, ALTITUDES)
    # the region ends at .5: level .25; inside d = 0, leaf 2 at .5, leaf 3 at .75
    probabilities = np.array([0.625, 0.625, 0.375, 0.25])
    assert np.allclose(1 / (1 + np.exp(-logits)), probabilities, atol=1e-6)
    assert (leaf_logits(np.zeros(4, bool), PARENTS, ALTITUDES) < 0).all()
    assert (leaf_logits(np.ones(4, bool), PARENTS, ALTITUDES) > 0).all()


def test_candidates_of_a_point_by_hand():
    regions, scores = points_regions(np.array([0]), NONE, *TREE, PRIOR)
    # candidates: leaf 0 (0 to .25), 0-1 (.25 to .5), 0-2 (.5 to .75), all; score (1 - start) * end * (1 - share)
    expected = [0.25 * 5 / 7, 0.75 * 0.5 * 4 / 7, 0.5 * 0.75 * 1 / 7, 0]
    assert regions.tolist() == [[True, False, False, False], [True, True, False, False], [True, True, True, False]]
    assert np.allclose(scores, expected[:3])


def test_excluded_leaves_end_the_path():
    regions, scores = points_regions(np.array([0]), np.array([2]), *TREE, PRIOR)
    assert not regions[:, 2:].any()
    assert regions.any(1).all()
    assert scores.max() == pytest.approx(0.75 * 0.5 * 4 / 7)


def test_boxes_by_hand():
    regions, scores = box_regions(np.array([0, 0, 2, 0]), NONE, NONE, ROW, *TREE, BOXES, 0.9, 0.95)
    assert regions[scores.argmax()].tolist() == [True, True, False, False]
    assert scores.max() == 1
    regions, scores = box_regions(np.array([2, 0, 5, 0]), NONE, NONE, ROW, *TREE, BOXES, 0.9, 0.95)
    assert regions[scores.argmax()].tolist() == [False, True, True, False]
    regions, scores = box_regions(np.array([2, 0, 5, 0]), NONE, np.array([1]), ROW, *TREE, BOXES, 0.9, 0.95)
    assert regions[scores.argmax()].tolist() == [False, False, True, False]
    assert scores.max() == pytest.approx(0.75)
    regions, _ = box_regions(np.array([4, 0, 4, 0]), NONE, np.array([2]), ROW, *TREE, BOXES, 0.9, 0.95)
    assert not regions.any()


def test_masks_are_rebuilt_by_hand():
    """At 100 times the areas a region costs 0, 5 and 25 pixels of the 500 (of 900 and 720) that are wanted."""
    areas = AREAS * 100
    regions, overlaps = mask_regions(np.array([200.0, 0, 300, 0]), PARENTS, areas)
    assert regions.tolist() == [[True, False, True, False]] * 3
    assert overlaps.tolist() == [1, 1, 1]
    # leaf 1 has 48 of its 100 pixels: one region of 548 - 52 - price beats two of 500 - 2 * price once the price is > 4
    regions, overlaps = mask_regions(np.array([200.0, 48, 300, 0]), PARENTS, areas)
    assert regions.tolist() == [[True, False, True, False], [True, True, True, False], [True, True, True, False]]
    assert np.allclose(overlaps, [500 / 548, 548 / 600, 548 / 600])
