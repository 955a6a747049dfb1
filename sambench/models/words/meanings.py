"""What a phrase's words say of a region: its colour, its shape, whether the largest or the smallest is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (185, 55, 45),
    "orange": (230, 140, 40),
    "brown": (130, 90, 50),
    "wooden": (110, 80, 55),
    "yellow": (225, 200, 70),
    "golden": (205, 165, 60),
    "cream": (230, 210, 170),
    "green": (85, 140, 65),
    "blue": (65, 95, 160),
    "purple": (115, 65, 150),
    "pink": (215, 120, 160),
    "white": (235, 235, 230),
    "grey": (135, 138, 140),
    "black": (30, 30, 30),
}
"""Words of colour, as sRGB in the middle of what is called so."""

_SPELT = {"gray": "grey", "violet": "purple", "gold": "golden", "wood": "wooden", "beige": "cream", "dark": "black"}
_SIZES: dict[str, Literal["largest", "smallest"]] = {
    **dict.fromkeys(("largest", "biggest"), "largest"),
    **dict.fromkeys(("smallest", "tiniest"), "smallest"),
}
_SHAPES: dict[str, Literal["long", "round"]] = {
    **dict.fromkeys(("long", "thin", "narrow", "stick", "pole", "post", "wire", "rope"), "long"),
    **dict.fromkeys(("round", "circular", "ball", "ring", "pebble", "wheel", "plate", "coin"), "round"),
}


@dataclass(frozen=True)
class Meaning:
    """What was understood of a phrase.

    Attributes:
        colour: A key of `COLOURS`, or None.
        shape: "long", "round", or None.
        size: Whether one region alone is meant, or None.
    """

    colour: str | None = None
    shape: Literal["long", "round"] | None = None
    size: Literal["largest", "smallest"] | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing tells one region from another."""
        return self.colour is None and self.shape is None


def meaning_of(phrase: str) -> Meaning:
    """Read a phrase; its first word of each kind counts, plural or not, and all others say nothing."""
    words = [word.removesuffix("s") if word not in COLOURS else word for word in re.findall(r"[a-z]+", phrase.lower())]
    colours = [spelt for word in words if (spelt := _SPELT.get(word, word)) in COLOURS]
    shapes = [_SHAPES[word] for word in words if word in _SHAPES]
    sizes = [_SIZES[word] for word in words if word in _SIZES]
    return Meaning(*(next(iter(values), None) for values in (colours, shapes, sizes)))
