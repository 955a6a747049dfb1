"""Phrases about the generated scenes, and what three annotators drew for them, as SA-Co/Gold has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sambench.datasets.concepts.saco_writing import annotation_record, file_of, pair_record
from sambench.datasets.mini.annotate import shaken
from sambench.datasets.mini.instances import SMALLEST
from sambench.datasets.mini.scene import BACKGROUND, OBJECT, Layer, Scene
from sambench.masks import rle
from sambench.types import Annotation

Record = dict[str, Any]

ANNOTATORS = {"a": (0.0, SMALLEST), "b": (0.5, SMALLEST), "c": (0.8, 150)}
"""Name -> RMS of its hand's error along each axis in pixels, and visible pixels of the smallest thing that it draws."""

_FIRST_ID = 50_000_000
_KINDS = {
    "plant": ("leaf", "flower"),
    "long thin object": ("post", "wire"),
    "round object": ("pebble", "ring"),
    "building": ("house",),
    "window": ("window",),
    "door": ("door",),
}
"""Phrases of shape and kind, and of parts -> the things that they name."""

_ABSENT = ("bicycle", "cat", "blue leaf", "purple flower", "green ring", "wooden house", "person with a hat")
"""What no scene shows; half of it is a thing that some show, in a colour that it never has."""

_CLEARLY = 1.5
"""One thing is larger than another where it has so many times its pixels."""


class Phrase(NamedTuple):
    """A phrase and the layers of its scene that it names."""

    text: str
    layers: list[int]


def phrases_of(scene: Scene) -> list[Phrase]:
    """Return what is asked about a scene's own things, colours, shapes and sizes; some shapes name nothing there."""
    layers = [(index, layer) for index, layer in enumerate(scene.layers) if layer.depth != BACKGROUND]
    objects = [(index, layer) for index, layer in layers if layer.depth == OBJECT]
    by_text: dict[str, list[int]] = {}
    for index, layer in objects:
        by_text.setdefault(_thing(layer), []).append(index)
        if layer.name != _thing(layer):
            by_text.setdefault(layer.name, []).append(index)
    for text, things in _KINDS.items():
        by_text[text] = [index for index, layer in layers if _thing(layer) in things]
    for thing in ("pebble", "leaf", "house"):
        own = [index for index, layer in objects if _thing(layer) == thing and not layer.crowd]
        by_size = sorted(own, key=scene.pixels)
        sizes = [scene.pixels(index) for index in by_size]
        if len(sizes) > 1 and sizes[-1] > _CLEARLY * sizes[-2]:
            by_text[f"the largest {thing}"] = by_size[-1:]
        if len(sizes) > 1 and sizes[1] > _CLEARLY * sizes[0] > 0:
            by_text[f"the smallest {thing}"] = by_size[:1]
    present = [Phrase(text, own) for text, own in by_text.items() if own]
    absent = [Phrase(text, []) for text, own in by_text.items() if not own]
    return present + absent


def saco_jsons(scenes: Sequence[Scene], files: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Describe phrases as `gold_*_merged_{a,b,c}_release_test.json` do, heaps as groups.

    A pair is exhaustive where all that it names is large enough to be drawn, and, in every other scene, no heap.

    Args:
        scenes: The scenes.
        files: Each one's path, as "val2017/000000000139.jpg".

    Returns:
        The contents of a file, by annotator.
    """
    things = sorted({layer.name for scene in scenes for layer in scene.layers if layer.depth == OBJECT})
    by_annotator: dict[str, tuple[list[Record], list[Record]]] = {one: ([], []) for one in ANNOTATORS}
    for number, (scene, file) in enumerate(zip(scenes, files, strict=True)):
        asked = _with_absent(phrases_of(scene), things, number)
        whole = [_is_whole(scene, phrase, bool(number % 2)) for phrase in asked]
        for index, (annotator, (tremor, smallest)) in enumerate(ANNOTATORS.items()):
            rng = np.random.Generator(np.random.PCG64([number, 502 + index]))
            seen = replace(scene, top=shaken(scene.top, tremor, rng)) if tremor else scene
            pairs, drawn = by_annotator[annotator]
            of_layers = _drawn(seen, {index for phrase in asked for index in phrase.layers}, smallest)
            for phrase, exhaustive in zip(asked, whole, strict=True):
                pair_id = _FIRST_ID + len(pairs)
                height, width = scene.top.shape
                pairs.append(pair_record(pair_id, phrase.text, file, (height, width), exhaustive))
                for one in (of_layers[index] for index in phrase.layers if index in of_layers):
                    drawn.append(annotation_record(len(drawn) + 1, pair_id, one, "generated"))
    note = "generated scenes made by sambench in the form of SA-Co/Gold; no part of it"
    info = {"description": note, "version": "mini-v1"}
    return {annotator: file_of(pairs, drawn, info) for annotator, (pairs, drawn) in by_annotator.items()}


def _with_absent(asked: list[Phrase], things: Sequence[str], number: int) -> list[Phrase]:
    """Add phrases of things that other scenes show, or none does, until half name nothing."""
    texts = {phrase.text for phrase in asked}
    others = [*_ABSENT, *(name for name in things if name not in texts)]
    others = others[number % len(others) :] + others[: number % len(others)]
    wanted = sum(1 if phrase.layers else -1 for phrase in asked)
    return asked + [Phrase(text, []) for text in others[: max(0, wanted)]]


def _is_whole(scene: Scene, phrase: Phrase, refuse_heaps: bool) -> bool:
    """Tell whether all that a phrase names can be drawn."""
    sizes = [scene.pixels(index) for index in phrase.layers]
    heaps = refuse_heaps and any(scene.layers[index].crowd for index in phrase.layers)
    return not heaps and all(size == 0 or size >= SMALLEST for size in sizes)


def _drawn(seen: Scene, layers: Iterable[int], smallest: int) -> dict[int, Annotation]:
    """Return what one annotator drew, who sees a scene in a way of its own, by the layer that it shows."""
    annotations = {}
    for index in layers:
        mask = seen.visible(index)
        size = int(np.count_nonzero(mask))
        if size >= smallest:
            code = rle.encode_masks(mask[None])[0]
            annotations[index] = Annotation(index, 1, code, float(size), seen.layers[index].crowd)
    return annotations


def _thing(layer: Layer) -> str:
    return layer.name.split()[-1]
