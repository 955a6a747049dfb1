"""The few constants of the hierarchy model, chosen on BSDS500 train and val."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any

import numpy as np

from sambench.config.ranges import Range, raise_faults
from sambench.config.resolve import constructor_hints, convert
from sambench.errors import UsageError


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
        megapixels: A larger image is shrunk by the whole factor that brings it below, its regions are enlarged again:
            encoding takes some 320 bytes a pixel, and no scale above sees more in pixels that fine.
    """

    gradient_sigmas: Annotated[tuple[float, ...], Range(0, 100, above=True)] = (1.0, 2.0)
    gradient_contrast: Annotated[float, Range(0, 1000, above=True)] = 18.0
    colour_words: Annotated[int, Range(1, 256)] = 16
    colour_sigmas: Annotated[tuple[float, ...], Range(0, 100, above=True)] = (3.0,)
    colour_weight: Annotated[float, Range(0, 1000)] = 1.0
    texture_words: Annotated[int, Range(1, 256)] = 24
    texture_sigmas: Annotated[tuple[float, ...], Range(0, 100, above=True)] = (6.0,)
    texture_weight: Annotated[float, Range(0, 1000)] = 1.0
    histogram_floor: Annotated[float, Range(0, 1, above=True)] = 0.02
    vectors: Annotated[int, Range(0, 100)] = 12
    spectral_contrast: Annotated[float, Range(0, 1000, above=True)] = 0.15
    spectral_weight: Annotated[float, Range(0, 1000)] = 0.3
    colour_share: Annotated[float, Range(0, 1)] = 0.2
    texture_share: Annotated[float, Range(0, 1)] = 0.25
    trusted_area: Annotated[float, Range(0, 1e9)] = 100.0
    small_area: Annotated[float, Range(0, 1e9)] = 200.0
    small_power: Annotated[float, Range(0, 100)] = 0.25
    contrast: Annotated[float, Range(0, 1000, above=True)] = 0.8
    finest: Annotated[float, Range(0, 1)] = 0.15
    megapixels: Annotated[float, Range(0, 1e4, above=True)] = 16.0


@dataclass(frozen=True)
class AnswerConstants:
    """What `decode` depends on beside the tree.

    Attributes:
        growth: Factor of area within which two regions of a path count as one.
        distinct: Largest ratio of the areas of two of the three answers.
        small: Share of the image below which a region loses confidence: it is multiplied by
            sqrt(share / (share + small)).
        coverage: Share of a region that must lie inside a prompted box.
        centred: Power of how much a click is the middle of the region that it corrects (`correct.corrected_mask`).
        patch: What that must reach; below it, a disc around the click is corrected.
    """

    growth: Annotated[float, Range(0, 1e6, above=True)] = 1.2
    distinct: Annotated[float, Range(0, 1, above=True)] = 0.5
    small: Annotated[float, Range(0, 1)] = 0.0005
    coverage: Annotated[float, Range(0, 1, above=True)] = 0.9
    centred: Annotated[float, Range(0, 100)] = 0.5
    patch: Annotated[float, Range(0, 1)] = 0.3

    def prior(self) -> np.ndarray:
        """Return growth, distinct and small as the array that compiled code takes."""
        return np.array([self.growth, self.distinct, self.small])


def read_constants(given: Mapping[str, Any]) -> tuple[TreeConstants, AnswerConstants]:
    """Make both groups of constants from given values, defaults where nothing is given.

    Args:
        given: Values by name; a list where the default is a tuple.

    Raises:
        UsageError: A name belongs to neither group, or a value is no such number or out of range; all are named.
    """
    groups = {group: [entry.name for entry in fields(group)] for group in (TreeConstants, AnswerConstants)}
    hints = {name: hint for group in groups for name, hint in constructor_hints(group).items()}
    values, faults = {}, []
    for name, value in given.items():
        try:
            if name not in hints:
                known = ", ".join(sorted(hints))
                raise UsageError(f"unknown constant {name!r}", where=f"model.{name}", mend=f"known: {known}")
            values[name] = convert(value, hints[name], f"model.{name}")
        except UsageError as fault:
            faults.append(fault)
    raise_faults(faults)
    tree, answer = ({name: values[name] for name in names if name in values} for names in groups.values())
    return TreeConstants(**tree), AnswerConstants(**answer)
