"""The embedded model: a training-free promptable segmenter over a hierarchy of regions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from sambench.errors import ModelError, UsageError
from sambench.models.base import PromptableModel
from sambench.models.hierarchy_cues import CueConstants, boundary_tensor
from sambench.models.hierarchy_fit import box_regions, leaf_pixels, mask_regions
from sambench.models.hierarchy_logits import leaf_logits, paint
from sambench.models.hierarchy_paths import CANDIDATES, points_regions
from sambench.models.hierarchy_prompts import PixelPrompts, pixel_prompts
from sambench.models.hierarchy_tree import FIELDS, RegionTree, build_tree
from sambench.types import Embedding, MaskFrame, Masks, Prompts

VERSION = 1
"""Raised whenever this model computes another embedding from the same constants and image."""

SHARES = {"finest", "softness", "distinct", "coverage"}
MAY_BE_ZERO = {"finest", "softness", "small", "colour_weight", "texture_weight"}


class HierarchyModel(PromptableModel):
    """Training-free promptable segmenter over nested regions (oriented watershed and average linkage).

    `encode` measures boundaries (colour gradients, changes of colour and texture words) and merges watershed regions
    into a tree by the mean strength of the contours between them (OWT-UCM, Arbelaez et al. 2011, by higra). `decode`
    looks regions up in the tree: a point answers three nested regions that persist over many altitudes, a box the
    regions inside that fit it, earlier mask logits the regions that rebuild the mask.

    Args:
        contrast: Mean contour strength s becomes the altitude 1 - exp(-s / contrast).
        finest: Altitude up to which regions are not told apart.
        softness: How much contours inside an answer lower its probabilities, 0 to 1.
        growth: Factor of area within which two regions of a path count as one when persistence is measured.
        distinct: Largest ratio of the areas of two of the three answers, 0 to 1.
        small: Share of the image's area at which the confidence's prior on size has risen to one half.
        coverage: Share of a region that must lie inside a prompted box, 0 to 1.
        device: Where answers are put; all work is done on the CPU.
        **cues: The boundary cues' constants, `hierarchy_cues.CueConstants`.

    Raises:
        UsageError: A constant is unknown or out of range.
    """

    name = "hierarchy"

    def __init__(
        self,
        contrast: float = 0.8,
        finest: float = 0.1,
        softness: float = 0.0,
        growth: float = 1.25,
        distinct: float = 0.8,
        small: float = 0.01,
        coverage: float = 0.9,
        device: str = "cpu",
        **cues: float | Sequence[float],
    ) -> None:
        self.cues = _cue_constants(cues)
        self.contrast, self.finest = contrast, finest
        self.softness, self.coverage = softness, coverage
        self.prior = np.array([growth, distinct, small], np.float64)
        self.device = torch.device(device)
        constants = {"contrast": contrast, "finest": finest, **asdict(self.cues)}
        described = json.dumps({"model": self.name, "version": VERSION, **constants}, sort_keys=True)
        self.fingerprint = hashlib.sha256(described.encode()).hexdigest()
        decoding = {"softness": softness, "growth": growth, "distinct": distinct, "small": small, "coverage": coverage}
        _check_ranges({**constants, **decoding})
        self.provenance = {
            "class": "HierarchyModel",
            "training": "none",
            "version": VERSION,
            "constants": {**constants, **decoding},
            "sha256": self.fingerprint,
        }

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
            tree = build_tree(boundary_tensor(image, self.cues), self.contrast, self.finest)
            tensors = {name: torch.from_numpy(getattr(tree, name)).to(self.device) for name in FIELDS}
            embeddings.append(Embedding(tensors, (image.shape[0], image.shape[1])))
        return embeddings

    def decode(self, embedding: Embedding, prompts: Prompts, multimask: bool) -> Masks:
        """Answer B prompts with regions of the tree.

        Args:
            embedding: From `encode` or from the cache.
            prompts: Points, boxes, earlier logits or any mix; in pixels of the original image. A point beyond the
                image counts as the nearest pixel, a box is cut at the image.
            multimask: True for three answers a prompt (for one point nested, in order of area), False for the one
                with the highest confidence.

        Returns:
            B x 3 or B x 1 masks at the image's size.

        Raises:
            ModelError: The embedding is not this model's, or a prompt is empty or not finite.
        """
        tree = _tree(embedding)
        parts = pixel_prompts(prompts, embedding.original_size)
        answers = CANDIDATES if multimask else 1
        tables = np.empty((len(prompts), answers, tree.leaves), np.float32)
        scores = np.empty((len(prompts), answers), np.float32)
        for index in range(len(prompts)):
            regions, confidence, seeds = self._answer(tree, parts, index)
            if not multimask:
                best = int(np.argmax(confidence))
                regions, confidence = regions[best : best + 1], confidence[best : best + 1]
            scores[index] = confidence
            for rank, region in enumerate(regions):
                tables[index, rank] = leaf_logits(region, seeds, tree.parents, tree.altitudes, self.softness)
        logits = torch.empty((len(prompts), answers, *embedding.original_size))
        paint(tables.reshape(-1, tree.leaves), tree.labels, logits.numpy().reshape(-1, *embedding.original_size))
        frame = MaskFrame(embedding.original_size)
        return Masks(logits.to(self.device), torch.from_numpy(scores).to(self.device), frame)

    def _answer(self, tree: RegionTree, parts: PixelPrompts, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the leaves of three answers to one prompt (3, L), their confidences (3,) and pointed leaves (L,)."""
        include, exclude = parts.leaves(index, tree.labels)
        seeds = np.zeros(tree.leaves, np.bool_)
        shape = (tree.parents, tree.altitudes, tree.spans, tree.areas)
        box = parts.boxes[index] if parts.boxes is not None else None
        if parts.masks is not None:
            mask = parts.masks[index] if box is None else _inside(parts.masks[index], box)
            if mask.any():
                pixels = leaf_pixels(mask, tree.labels, tree.leaves)
                return *mask_regions(pixels, include, exclude, *shape, self.prior), seeds
        if box is not None:
            distinct = self.prior[1]
            found = box_regions(box, include, exclude, tree.labels, *shape, tree.boxes_xyxy, self.coverage, distinct)
            return *found, seeds
        if len(include):
            seeds[include] = True
            return *points_regions(include, exclude, *shape, self.prior), seeds
        if len(exclude):  # only told where it is not: all the rest
            regions, confidence = points_regions(exclude, include, *shape, self.prior)
            return ~regions[::-1], confidence[::-1], seeds
        return np.zeros((CANDIDATES, tree.leaves), np.bool_), np.zeros(CANDIDATES, np.float32), seeds


def _inside(mask: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return a (H, W) mask without what lies outside a box of inclusive pixels."""
    cut = np.zeros_like(mask)
    window = (slice(box[1], box[3] + 1), slice(box[0], box[2] + 1))
    cut[window] = mask[window]
    return cut


def _tree(embedding: Embedding) -> RegionTree:
    """Return the arrays of an embedding, on the CPU."""
    missing = [name for name in FIELDS if name not in embedding.tensors]
    if missing or tuple(embedding.tensors["labels"].shape) != tuple(embedding.original_size):
        raise ModelError(
            "this embedding was not made by the hierarchy model",
            where=f"tensors: {', '.join(sorted(embedding.tensors))}",
            mend="pass what HierarchyModel.encode returned",
        )
    return RegionTree(**{name: embedding.tensors[name].cpu().numpy() for name in FIELDS})


def _cue_constants(given: dict[str, float | Sequence[float]]) -> CueConstants:
    """Return the cues' constants with some replaced; sequences become tuples of floats."""
    known = asdict(CueConstants())
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"unknown constant {name!r}", where=f"model.{name}", mend=f"known: {', '.join(known)}")
        several = isinstance(known[name], tuple)
        if several != isinstance(value, Sequence):
            kind = "a list of numbers" if several else "a number"
            raise UsageError(f"{name} must be {kind}, got {value!r}", where=f"model.{name}")
        known[name] = tuple(map(float, value)) if isinstance(value, Sequence) else type(known[name])(value)
    return CueConstants(**known)


def _check_ranges(constants: dict[str, Any]) -> None:
    """Refuse a constant that is not a positive number, or a share above 1."""
    for name, value in constants.items():
        for number in value if isinstance(value, tuple) else (value,):
            zero_allowed, top = name in MAY_BE_ZERO, 1.0 if name in SHARES else np.inf
            if not (0 < number <= top or (zero_allowed and number == 0)):
                low = "at least 0" if zero_allowed else "above 0"
                high = " and at most 1" if name in SHARES else ""
                raise UsageError(f"{name} must be {low}{high}, got {number!r}", where=f"model.{name}")
