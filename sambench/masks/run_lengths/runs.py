"""Run-length codes of many masks, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sambench.masks.run_lengths.strings import strings_of_runs
from sambench.types import Size


@dataclass(frozen=True)
class RunLengths:
    """Uncompressed run-length codes of N masks, one after the other.

    Attributes:
        counts: (T,) int32 run lengths in column-major order; each mask's runs start with background (a 0 where its
            first pixel is foreground) and sum to H * W.
        lengths: (N,) int64, how many of the counts belong to each mask.
        size: (H, W) in pixels.
    """

    counts: np.ndarray
    lengths: np.ndarray
    size: Size

    @staticmethod
    def joined(parts: Sequence[RunLengths]) -> RunLengths:
        """Put the masks of several batches (at least one, all of one size) into one."""
        return RunLengths(
            np.concatenate([part.counts for part in parts]),
            np.concatenate([part.lengths for part in parts]),
            parts[0].size,
        )

    def compressed(self, chosen: np.ndarray) -> list[dict[str, Any]]:
        """Write the chosen masks as compressed COCO codes, {"size": [H, W], "counts": bytes}.

        Args:
            chosen: (K,) integer indices of masks.
        """
        height, width = self.size
        strings = strings_of_runs(self.counts, self.lengths, chosen)
        return [{"size": [height, width], "counts": string} for string in strings]
