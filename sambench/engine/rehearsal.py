"""Call the loops of a first run once on next to nothing, so that their machine code is there when the run needs it."""

from __future__ import annotations

import gc
import sys

import numpy as np

from sambench.engine.ahead import compiled_mark
from sambench.masks.edges.nms import suppress_toolbox
from sambench.masks.edges.strength import mask_edges
from sambench.masks.nms import survivors
from sambench.metrics.boundary.counts import boundary_counts, match_maps
from sambench.models.hierarchy.constants import AnswerConstants, TreeConstants
from sambench.models.hierarchy.cues import boundary_cues
from sambench.models.hierarchy.logits import leaf_logits, paint
from sambench.models.hierarchy.merge import RegionGraph, merge_regions
from sambench.models.hierarchy.paths import points_regions
from sambench.models.hierarchy.tree import canonical_tree, measure_nodes

SIDE = 16
"""Pixels a side of what is rehearsed on."""


def rehearse(loops: str) -> None:
    """Call loops, those that a run needs last first: it compiles from the other end, and they meet.

    Args:
        loops: "edges", what makes a map of edges and scores it, or "hierarchy", the embedded model.
    """
    {"edges": _edges, "hierarchy": _hierarchy}[loops]()


def _edges() -> None:
    strength = np.zeros((SIDE, SIDE), np.float32)
    strength[4:9, 4] = 1
    match_maps(strength > 0, strength > 0)
    boundary_counts(strength, [strength > 0], np.array([0.5]))
    suppress_toolbox(strength, np.zeros((SIDE, SIDE)))
    survivors(np.zeros((4, 1), np.float32), 0.5)
    mask_edges(strength[None])


def _hierarchy() -> None:
    """Go through `build_tree` and an answer backwards, on a tree of two leaves."""
    parents, altitudes = np.array([2, 2, 2], np.int32), np.array([0, 0, 0.5], np.float32)
    spans, areas = np.array([[0, 1], [1, 2], [0, 2]], np.int32), np.array([1, 1, 2], np.int32)
    labels, leaf, no_leaf = np.array([[0, 1]], np.int32), np.zeros(1, np.int64), np.zeros(0, np.int64)
    paint(np.zeros((1, 2), np.float32), labels, np.empty((1, 1, 2), np.float32))
    leaf_logits(np.array([True, False]), parents, altitudes)
    points_regions(leaf, no_leaf, parents, altitudes, spans, areas, AnswerConstants().prior())
    measure_nodes(labels, parents)
    constants = TreeConstants()
    canonical_tree(parents.astype(np.int64), altitudes, constants.finest)
    ones, ends = np.ones(1), np.array([[0, 1]])
    merge_regions(RegionGraph(labels.astype(np.int64), ends, ones, ones, np.ones(2), np.ones((2, 2)), 1), constants)
    boundary_cues(np.zeros((SIDE, SIDE, 3), np.uint8), constants)


def main(chosen: list[str]) -> None:
    """Rehearse what was chosen, and leave a mark that it is compiled."""
    for loops in chosen:
        rehearse(loops)
    mark = compiled_mark(chosen)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


if __name__ == "__main__":
    gc.disable()  # looking through what compiling makes would take an eighth of its time; the process ends soon
    main(sys.argv[1:])
