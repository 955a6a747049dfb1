"""The few constants of the hierarchy model, chosen on BSDS500 train and val."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import numpy as np

from sambench.errors import UsageError

Constants = TypeVar("Constants")

POSITIVE = {"above": 0.0}
SHARE = {"above": 0.0, "top": 1.0}
NOT_NEGATIVE = {"least": 0.0}
SHARE_OR_NONE = {"least": 0.0, "top": 1.0}


@dataclass(frozen=True)
class TreeConstants:
    """What `encode` depends on.

    Attributes:
        gradient_sigmas: Scales of the Lab gradients, pixels.
        gradient_contrast: Lab units a pixel that count as strength 1.
        colour_words: Colours in the image's own vocabulary.
        colour_sigmas: Scales at which the local histogram of colour words is compared, pixels.
        colour_weight: Weight of that comparison's squared strength.
        texture_words: Textures in the image's own vocabulary.
        texture_sigmas: Scales at which the local histogram of texture words is compared, pixels.
        texture_weight: Weight of that comparison's squared strength.
        histogram_floor: Share of a word below which its histogram bin is not trusted.
        vectors: Eigenvectors of the region graph that are compared; 0 leaves this cue out.
        spectral_contrast: A border of strength s links its sides by exp(-s / spectral_contrast) a pixel pair.
        spectral_weight: Weight of the eigenvectors' change beside the mean boundary strength.
        colour_share: Part of two regions' difference that their colour histograms decide.
        texture_share: Part of two regions' difference that their texture histograms decide.
        trusted_area: Pixels at which the histograms of the smaller region are trusted by half.
        small_area: Pixels below which a region merges early.
        small_power: How much earlier: the difference is multiplied by (area / (area + small_area)) ** small_power.
        contrast: Regions that merge at the difference d have the altitude 1 - exp(-d / contrast).
        finest: Altitude up to which regions are not told apart.
    """

    gradient_sigmas: tuple[float, ...] = field(default=(1.0, 2.0), metadata=POSITIVE)
    gradient_contrast: float = field(default=18.0, metadata=POSITIVE)
    colour_words: int = field(default=16, metadata=POSITIVE)
    colour_sigmas: tuple[float, ...] = field(default=(3.0,), metadata=POSITIVE)
    colour_weight: float = field(default=1.0, metadata=NOT_NEGATIVE)
    texture_words: int = field(default=24, metadata=POSITIVE)
    texture_sigmas: tuple[float, ...] = field(default=(6.0,), metadata=POSITIVE)
    texture_weight: float = field(default=1.0, metadata=NOT_NEGATIVE)
    histogram_floor: float = field(default=0.02, metadata=POSITIVE)
    vectors: int = field(default=12, metadata=NOT_NEGATIVE)
    spectral_contrast: float = field(default=0.15, metadata=POSITIVE)
    spectral_weight: float = field(default=0.3, metadata=NOT_NEGATIVE)
    colour_share: float = field(default=0.2, metadata=SHARE_OR_NONE)
    texture_share: float = field(default=0.25, metadata=SHARE_OR_NONE)
    trusted_area: float = field(default=100.0, metadata=NOT_NEGATIVE)
    small_area: float = field(default=200.0, metadata=NOT_NEGATIVE)
    small_power: float = field(default=0.25, metadata=NOT_NEGATIVE)
    contrast: float = field(default=0.8, metadata=POSITIVE)
    finest: float = field(default=0.15, metadata=SHARE_OR_NONE)


@dataclass(frozen=True)
class AnswerConstants:
    """What `decode` depends on beside the tree.

    Attributes:
        growth: Factor of area within which two regions of a path count as one.
        distinct: Largest ratio of the areas of two of the three answers.
        small: Share of the image below which a region loses confidence: it is multiplied by
            sqrt(share / (share + small)).
        coverage: Share of a region that must lie inside a prompted box.
    """

    growth: float = field(default=1.2, metadata=POSITIVE)
    distinct: float = field(default=0.5, metadata=SHARE)
    small: float = field(default=0.0005, metadata=NOT_NEGATIVE)
    coverage: float = field(default=0.9, metadata=SHARE)

    def prior(self) -> np.ndarray:
        """Return growth, distinct and small as the array that compiled code takes."""
        return np.array([self.growth, self.distinct, self.small])


def read_constants(wanted: type[Constants], other: type, given: Mapping[str, Any]) -> Constants:
    """Make one group of constants from given values, which may belong to the other group too.

    Args:
        wanted: The group to make.
        other: The group whose names are left alone.
        given: Values by name; a list where the default is a tuple.

    Returns:
        The group, defaults where nothing is given.

    Raises:
        UsageError: A name belongs to neither group, or a value is no such number or out of range.
    """
    known = {entry.name: entry for entry in fields(wanted)}  # type: ignore[arg-type]
    elsewhere = {entry.name for entry in fields(other)}
    values = {}
    for name, value in given.items():
        if name in known:
            values[name] = _checked(name, value, known[name].default, known[name].metadata)
        elif name not in elsewhere:
            names = ", ".join(sorted({*known, *elsewhere}))
            raise UsageError(f"unknown constant {name!r}", where=f"model.{name}", mend=f"known: {names}")
    return wanted(**values)


def _checked(name: str, value: Any, default: Any, limits: Mapping[str, float]) -> Any:
    """Return a value of the default's type, or a tuple of floats where that is a tuple."""
    several = isinstance(default, tuple)
    try:
        numbers = tuple(float(number) for number in value) if several else (type(default)(value),)
    except (TypeError, ValueError) as error:
        kind = "a list of numbers" if several else "a number"
        raise UsageError(f"{name} must be {kind}, got {value!r}", where=f"model.{name}") from error
    for number in numbers:
        fits = number > limits["above"] if "above" in limits else number >= limits["least"]
        if not fits or number > limits.get("top", np.finfo(float).max):
            low = f"above {limits['above']:g}" if "above" in limits else f"at least {limits['least']:g}"
            high = f" and at most {limits['top']:g}" if "top" in limits else ""
            raise UsageError(f"{name} must be {low}{high}, got {number!r}", where=f"model.{name}")
    return numbers if several else numbers[0]
