"""Call the loops of a first run once on next to nothing, so that their machine code is there when the run needs it."""

from __future__ import annotations

import sys

import numpy as np

from sambench.engine.ahead import Loops, compiled_mark
from sambench.masks.edge_nms import suppress_toolbox
from sambench.masks.edge_strength import mask_edges
from sambench.masks.nms import survivors
from sambench.metrics.boundary.counts import boundary_counts
from sambench.models.hierarchy.constants import AnswerConstants, TreeConstants
from sambench.models.hierarchy.cues import boundary_cues
from sambench.models.hierarchy.logits import leaf_logits, paint
from sambench.models.hierarchy.paths import points_regions
from sambench.models.hierarchy.tree import build_tree

SIDE = 16
"""Pixels a side of what is rehearsed on."""


def rehearse(loops: Loops) -> None:
    """Call loops, those that a run needs last first: it compiles from the other end, and they meet.

    Args:
        loops: "edges", what makes a map of edges and scores it, or "hierarchy", the embedded model.
    """
    {"edges": _edges, "hierarchy": _hierarchy}[loops]()


def _edges() -> None:
    strength = np.zeros((SIDE, SIDE), np.float32)
    strength[4:9, 4] = 1
    boundary_counts(strength, [strength > 0], np.array([0.5]))
    suppress_toolbox(strength, np.zeros((SIDE, SIDE)))
    survivors(np.zeros((4, 1), np.float32), 0.5)
    mask_edges(strength[None])


def _hierarchy() -> None:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[4:9, 4:9] = 255
    tree_constants, answers = TreeConstants(), AnswerConstants()
    tree = build_tree(boundary_cues(image, tree_constants), tree_constants, (SIDE, SIDE))
    leaf, no_leaf = np.zeros(1, np.int64), np.zeros(0, np.int64)
    regions, _ = points_regions(leaf, no_leaf, tree.parents, tree.altitudes, tree.spans, tree.areas, answers.prior())
    tables = np.stack([leaf_logits(region, tree.parents, tree.altitudes) for region in regions])
    paint(tables, tree.labels, np.empty((len(tables), SIDE, SIDE), np.float32))


def main(chosen: list[str]) -> None:
    """Rehearse what was chosen, and leave a mark that it is compiled."""
    for loops in chosen:
        rehearse(loops)
    mark = compiled_mark(chosen)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


if __name__ == "__main__":
    main(sys.argv[1:])
