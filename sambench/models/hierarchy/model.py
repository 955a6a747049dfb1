"""The embedded model: a training-free promptable segmenter over a hierarchy of regions."""

from __future__ import annotations

import hashlib
import json
import math
import weakref
from collections.abc import Sequence
from dataclasses import asdict
from threading import Lock
from typing import Any

import numpy as np
import torch
from PIL import Image

from sambench.errors import ModelError
from sambench.models.base import PromptableModel
from sambench.models.hierarchy.constants import AnswerConstants, TreeConstants, read_constants
from sambench.models.hierarchy.correct import corrected_mask, leaf_depths
from sambench.models.hierarchy.cues import boundary_cues
from sambench.models.hierarchy.fit import box_regions, leaf_pixels, mask_regions
from sambench.models.hierarchy.logits import leaf_logits, paint, sign_as
from sambench.models.hierarchy.paths import CANDIDATES, points_regions
from sambench.models.hierarchy.prompts import PixelPrompts, pixel_prompts
from sambench.models.hierarchy.tree import FIELDS, RegionTree, build_tree, tree_of
from sambench.types import Embedding, MaskFrame, Masks, Prompts

KEPT = 2
"""Rooms kept: one batch of answers is painted while the one before it is measured."""

VERSION = 1
"""Raised whenever this model computes another embedding from the same constants and image."""


class HierarchyModel(PromptableModel):
    """Training-free promptable segmenter over nested regions.

    `encode` measures boundaries (colour gradients, changes of colour and texture words, eigenvectors of the region
    graph), cuts the image into oriented watershed regions (Arbelaez et al. 2011, by higra) and merges them into a tree
    by the strength of the contours between them and the words inside them. `decode` looks regions up in the tree: a
    point answers three nested regions that persist over many altitudes, a box the regions inside that fit it, earlier
    mask logits the regions that rebuild the mask.

    Args:
        device: Where embeddings and answers are put ("auto" is the CPU); all work is done on the CPU.
        **constants: Fields of `hierarchy_constants.TreeConstants` and `hierarchy_constants.AnswerConstants`.

    Raises:
        UsageError: A constant is unknown or out of range.
    """

    name = "hierarchy"
    keyword_groups = (TreeConstants, AnswerConstants)
    libraries = ("numpy", "scipy", "numba", "scikit-image", "higra")

    def __init__(self, device: str = "cpu", **constants: float | Sequence[float]) -> None:
        self.device = torch.device("cpu" if device == "auto" else device)
        self.tree_constants, self.answer_constants = read_constants(constants)
        described: dict[str, Any] = {"model": self.name, "version": VERSION, **asdict(self.tree_constants)}
        self.fingerprint = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
        self.provenance = {
            "class": type(self).__name__,
            "training": "none",
            "version": VERSION,
            "sha256": self.fingerprint,
            "constants": {**asdict(self.tree_constants), **asdict(self.answer_constants)},
        }
        self._depths: tuple[Embedding, np.ndarray] | None = None
        self._canvases = Canvases()

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Build the tree of regions of each image.

        Args:
            images: (H, W, 3) uint8 RGB each.

        Returns:
            One embedding an image whose tensors are the fields of `hierarchy_tree.RegionTree`.

        Raises:
            ModelError: An image is not (H, W, 3) uint8 or has no pixels.
        """
        embeddings = []
        for image in images:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
                raise ModelError(f"an image must be (H, W, 3) uint8 RGB, got {image.shape} {image.dtype}")
            size = (image.shape[0], image.shape[1])
            factor = math.ceil(math.sqrt(size[0] * size[1] / (self.tree_constants.megapixels * 1e6)))
            seen = image if factor == 1 else np.asarray(Image.fromarray(image).reduce(factor))
            tree = build_tree(boundary_cues(seen, self.tree_constants), self.tree_constants, size, factor)
            tensors = {name: torch.from_numpy(getattr(tree, name)).to(self.device) for name in FIELDS}
            embeddings.append(Embedding(tensors, size))
        return embeddings

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer B prompts with regions of the tree.

        Args:
            embedding: From `encode` or from the cache.
            prompts: Points, boxes, earlier logits or any mix; in pixels of the original image. A point beyond the
                image counts as the nearest pixel, a box is cut at the image.
            multimask: True for three answers a prompt (for points alone nested, in order of area), False for one: that
                with the highest confidence; of several points, the first one's answer as the others correct it.

        Returns:
            B x 3 or B x 1 masks at the image's size.

        Raises:
            ModelError: The embedding is not this model's, or a prompt is empty or not finite.
        """
        tree = tree_of(embedding)
        parts = pixel_prompts(prompts, embedding.original_size)
        answers = CANDIDATES if multimask else 1
        tables = np.empty((len(prompts), answers, tree.leaves), np.float32)
        scores = np.empty((len(prompts), answers), np.float32)
        clicked = self._clicked(embedding, tree, parts, fold=not multimask)
        for index in range(len(prompts)):
            regions, confidence = self._answer(tree, parts, index, clicked.get(index))
            if not multimask:
                best = int(np.argmax(confidence))
                regions, confidence = regions[best : best + 1], confidence[best : best + 1]
            scores[index] = confidence
            for rank, region in enumerate(regions):
                tables[index, rank] = leaf_logits(region, tree.parents, tree.altitudes)
        logits = self._canvases.tensor((len(prompts), answers, *embedding.original_size))
        paint(tables.reshape(-1, tree.leaves), tree.labels, logits.numpy().reshape(-1, *embedding.original_size))
        for index, mask in clicked.items():
            sign_as(mask, logits[index, 0].numpy())
        frame = MaskFrame(embedding.original_size)
        return Masks(logits.to(self.device), torch.from_numpy(scores).to(self.device), frame)

    def _leaf_depths(self, embedding: Embedding, tree: RegionTree) -> np.ndarray:
        """Return what further clicks need to know of an image; kept, as it is asked about again and again."""
        if self._depths is None or self._depths[0] is not embedding:
            self._depths = embedding, leaf_depths(tree.labels, tree.leaves)
        return self._depths[1]

    def _clicked(
        self, embedding: Embedding, tree: RegionTree, parts: PixelPrompts, fold: bool
    ) -> dict[int, np.ndarray]:
        """Return the masks (H, W) bool that points correct, by their prompt's index.

        Args:
            embedding: Of the image.
            tree: In it.
            parts: B prompts.
            fold: Whether several points alone are clicks on the answer to the first one in the foreground.
        """
        if parts.points is None or parts.labels is None:
            return {}
        masks = {}
        shape = (tree.parents, tree.altitudes, tree.spans, tree.areas)
        prior = self.answer_constants.prior()
        for index in range(len(parts.points)):
            include, exclude = parts.leaves(index, tree.labels)
            if parts.masks is not None and parts.masks[index].any():
                box = parts.boxes[index] if parts.boxes is not None else None
                masks[index] = parts.masks[index] if box is None else _inside(parts.masks[index], box)
            elif fold and parts.boxes is None and len(include) and len(include) + len(exclude) > 1:
                regions, confidence = points_regions(include[:1], exclude[:0], *shape, prior)
                masks[index] = regions[np.argmax(confidence)][tree.labels]
        depths = self._leaf_depths(embedding, tree) if masks else np.empty(0)
        constants = self.answer_constants
        for index, mask in masks.items():
            points, labels = parts.points[index], parts.labels[index]
            masks[index] = corrected_mask(
                mask, points, labels, tree.labels, depths, *shape, prior, constants.centred, constants.patch
            )
        return masks

    def _answer(
        self, tree: RegionTree, parts: PixelPrompts, index: int, mask: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the leaves of three answers to one prompt (3, L) and their confidences (3,).

        Args:
            tree: Of the image.
            parts: The prompts.
            index: Which one.
            mask: (H, W) bool that its points have corrected, or None.
        """
        prior = self.answer_constants.prior()
        include, exclude = parts.leaves(index, tree.labels)
        shape = (tree.parents, tree.altitudes, tree.spans, tree.areas)
        box = parts.boxes[index] if parts.boxes is not None else None
        if mask is None and parts.masks is not None:
            mask = parts.masks[index] if box is None else _inside(parts.masks[index], box)
        if mask is not None and mask.any():
            return mask_regions(leaf_pixels(mask, tree.labels, tree.leaves), tree.parents, tree.areas)
        if box is not None:
            coverage, distinct = self.answer_constants.coverage, self.answer_constants.distinct
            return box_regions(box, include, exclude, tree.labels, *shape, tree.boxes_xyxy, coverage, distinct)
        if len(include):
            return points_regions(include, exclude, *shape, prior)
        if len(exclude):  # only told where it is not: all the rest
            regions, confidence = points_regions(exclude, include, *shape, prior)
            return ~regions[::-1], confidence[::-1]
        return np.zeros((CANDIDATES, tree.leaves), np.bool_), np.zeros(CANDIDATES, np.float32)


def _inside(mask: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return a (H, W) mask without what lies outside a box of inclusive pixels."""
    cut = np.zeros_like(mask)
    window = (slice(box[1], box[3] + 1), slice(box[0], box[2] + 1))
    cut[window] = mask[window]
    return cut


class Canvases:
    """Hands out tensors of undefined content; the room of one that nobody holds any more is given to the next.

    Asking the system for room each time takes longer than painting an answer.
    """

    def __init__(self) -> None:
        self._rooms: list[tuple[np.ndarray, weakref.ref[np.ndarray]]] = []
        self._lock = Lock()

    def tensor(self, shape: Sequence[int]) -> torch.Tensor:
        """Return a float32 tensor on the CPU that shares memory with none that is still held, nor with a view of one.

        Args:
            shape: Its shape.
        """
        count = math.prod(shape)
        with self._lock:
            held = [(room, given) for room, given in self._rooms if given() is not None]
            free = [room for room, given in self._rooms if given() is None and room.size >= count]
            room = free[0] if free else np.empty(count, np.float32)
            given = room[:count].reshape(shape)  # which the tensor keeps alive as long as its memory is used
            self._rooms = [*held, (room, weakref.ref(given))][-KEPT:]
        return torch.from_numpy(given)
