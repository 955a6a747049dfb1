"""`model=colour_words`: regions of the embedded hierarchy picked by a phrase's words of colour, shape and size."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from skimage.color import rgb2lab

from sambench.errors import ModelError
from sambench.models.base import ConceptModel
from sambench.models.hierarchy.model import HierarchyModel
from sambench.models.hierarchy.tree import RegionTree, tree_of
from sambench.models.words.meanings import COLOURS, Meaning, meaning_of
from sambench.prompts.concepts import ConceptAnswer
from sambench.types import Embedding, MaskFrame

VERSION = 1
"""Raised whenever this model computes another embedding from the same image."""

_COLOURS = "leaf_colours"
_NAMES = list(COLOURS)
_TABLE = rgb2lab(np.array([list(COLOURS.values())], np.uint8))[0]
_SPREAD = 12.0
"""Distance in Lab by which a colour's share among the words falls to 1/e."""
_SMALLEST, _LARGEST = 40, 0.2
"""Regions are of so many pixels at least, and of that share of the image at most."""
_MOST = 20
"""Regions that one phrase is answered with, at most."""


class _Regions(NamedTuple):
    """Regions that an answer may be of: (K,) or (K, 3), and the (K,) nodes of the tree."""

    nodes: np.ndarray
    lab: np.ndarray
    areas: np.ndarray
    stands_out: np.ndarray
    roundness: np.ndarray
    length: np.ndarray


class ColourWords(ConceptModel):
    """A floor for text prompts that needs no download: it knows words of colour, and crudely of shape and size.

    A region of the tree that stands out for long is an answer as far as its mean colour is called by the phrase's word,
    rather than by another; things are unknown to it, so that "red leaf" finds whatever is red. A phrase without such a
    word is answered with nothing. Not a method to compare others with.

    Args:
        device: Where answers are put ("auto" is the CPU); all work is done on the CPU.
    """

    name = "colour_words"
    libraries = (*HierarchyModel.libraries,)

    def __init__(self, device: str = "cpu") -> None:
        self._hierarchy = HierarchyModel(device)
        self.fingerprint = hashlib.sha256(f"{self.name} {VERSION} {self._hierarchy.fingerprint}".encode()).hexdigest()
        self.provenance = {**self._hierarchy.provenance, "class": type(self).__name__, "sha256": self.fingerprint}
        self._regions: tuple[Embedding, RegionTree, _Regions] | None = None

    def encode(self, images: Sequence[np.ndarray]) -> list[Embedding]:
        """Build each image's tree of regions, with the mean Lab colour of every leaf."""
        embeddings = []
        for image, embedding in zip(images, self._hierarchy.encode(images), strict=True):
            labels = embedding.tensors["labels"].cpu().numpy().reshape(-1)
            lab = rgb2lab(image).reshape(-1, 3)
            counts = np.bincount(labels)
            sums = np.stack([np.bincount(labels, lab[:, channel]) for channel in range(3)], 1)
            colours = torch.from_numpy((sums / counts[:, None]).astype(np.float32)).to(self._hierarchy.device)
            embeddings.append(Embedding({**embedding.tensors, _COLOURS: colours}, embedding.original_size))
        return embeddings

    def concepts(self, embedding: Embedding, phrases: Sequence[str]) -> list[ConceptAnswer]:
        """Answer phrases with regions of the tree.

        Raises:
            ModelError: The embedding is another model's.
        """
        tree, regions = self._seen(embedding)
        return [self._answer(embedding, tree, regions, meaning_of(phrase)) for phrase in phrases]

    def _seen(self, embedding: Embedding) -> tuple[RegionTree, _Regions]:
        """Return an image's regions; kept, as it is asked about again and again."""
        if self._regions is None or self._regions[0] is not embedding:
            if _COLOURS not in embedding.tensors:
                raise ModelError("this embedding was not made by colour_words", mend="pass what its encode returned")
            tree = tree_of(embedding)
            colours = embedding.tensors[_COLOURS].cpu().float().numpy().astype(np.float64)
            self._regions = embedding, tree, _measured(tree, colours)
        return self._regions[1:]

    def _answer(self, embedding: Embedding, tree: RegionTree, regions: _Regions, meaning: Meaning) -> ConceptAnswer:
        fits = np.zeros(len(regions.nodes)) if meaning.empty else _fits(regions, meaning)
        chosen = _apart(tree, regions.nodes, fits)
        if meaning.size is not None and len(chosen):
            good = [one for one in chosen if fits[one] >= fits[chosen[0]] / 2]
            largest = meaning.size == "largest"
            chosen = sorted(good, key=lambda one: regions.areas[one], reverse=largest)[:1]
        size, device = embedding.original_size, self._hierarchy.device
        logits = torch.full((len(chosen), *size), -10.0)
        boxes = np.zeros((len(chosen), 4), np.float32)
        for index, one in enumerate(chosen):
            node = regions.nodes[one]
            first, last = tree.spans[node]
            logits[index][torch.from_numpy((tree.labels >= first) & (tree.labels < last))] = 10.0
            boxes[index] = tree.boxes_xyxy[node] + np.array([0, 0, 1, 1])
        scores = fits[chosen]
        return ConceptAnswer(
            torch.from_numpy(scores.astype(np.float32)).to(device),
            logits.to(device),
            torch.from_numpy(boxes).to(device),
            MaskFrame(size),
            torch.tensor(scores.max(initial=0.0), dtype=torch.float32, device=device),
        )


def _measured(tree: RegionTree, leaf_colours: np.ndarray) -> _Regions:
    """Measure the regions of a tree that are of a fitting size."""
    areas = tree.areas.astype(np.float64)
    weights = areas[: tree.leaves, None] * leaf_colours
    running = np.concatenate([np.zeros((1, 3)), np.cumsum(weights, 0)])
    lab = (running[tree.spans[:, 1]] - running[tree.spans[:, 0]]) / areas[:, None]
    sides = (tree.boxes_xyxy[:, 2:] - tree.boxes_xyxy[:, :2] + 1).astype(np.float64)
    longest = np.hypot(sides[:, 0], sides[:, 1])
    stands_out = tree.altitudes[tree.parents] - tree.altitudes
    filled = areas / (sides[:, 0] * sides[:, 1])
    roundness = np.exp(-(((np.log(sides[:, 0] / sides[:, 1])) / 0.4) ** 2) - ((filled - np.pi / 4) / 0.15) ** 2)
    nodes = np.flatnonzero((areas >= _SMALLEST) & (areas <= _LARGEST * tree.labels.size))
    parts = (lab, areas, stands_out, roundness, longest**2 / areas)
    return _Regions(nodes, *(part[nodes] for part in parts))


def _fits(regions: _Regions, meaning: Meaning) -> np.ndarray:
    """Return (K,) in [0, 1]: how well each region fits a phrase's words, times how much it stands out."""
    fits = np.sqrt(np.clip(regions.stands_out, 0, 1))
    if meaning.colour is not None:
        distances = np.linalg.norm(regions.lab[:, None] - _TABLE, axis=2)
        shares = np.exp(-(distances - distances.min(1, keepdims=True)) / _SPREAD)
        fits = fits * shares[:, _NAMES.index(meaning.colour)] / shares.sum(1)
    if meaning.shape == "round":
        fits = fits * regions.roundness
    elif meaning.shape == "long":
        fits = fits * np.clip((regions.length - 4) / 12, 0, 1)
    return fits


def _apart(tree: RegionTree, nodes: np.ndarray, fits: np.ndarray) -> list[int]:
    """Choose regions of which none lies in another, the best first."""
    taken, chosen = np.zeros(tree.leaves, bool), list[int]()
    for one in np.argsort(-fits, kind="stable"):
        first, last = tree.spans[nodes[one]]
        if len(chosen) == _MOST or fits[one] <= 0.05:
            break
        if not taken[first:last].any():
            taken[first:last] = True
            chosen.append(int(one))
    return chosen
