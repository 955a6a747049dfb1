"""Which images of a large dataset are scored: a rule that anyone can repeat with nothing shipped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sambench.datasets.sa23.catalog import SUBSAMPLED_ABOVE, SUBSAMPLED_TO


@dataclass(frozen=True)
class Subset:
    """The images that were taken.

    Attributes:
        keys: Sample ids, in the dataset's order.
        masks: Masks in them.
        sampled: False where the dataset is small enough to be taken whole.
    """

    keys: list[str]
    masks: int
    sampled: bool

    @property
    def list_sha256(self) -> str:
        """SHA-256 of the list: equal in two places exactly where the same images were taken."""
        return hashlib.sha256("\n".join(self.keys).encode()).hexdigest()


def sampling_order(keys: Sequence[str], dataset: str, seed: int) -> list[str]:
    """Order sample ids by the SHA-256 (hex) of "SEED/DATASET/KEY" in UTF-8: random, and the same everywhere."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{seed}/{dataset}/{key}".encode()).hexdigest())


def take_subset(
    keys: Sequence[str],
    count: Callable[[str], int],
    *,
    dataset: str,
    seed: int = 0,
    above: int = SUBSAMPLED_ABOVE,
    target: int = SUBSAMPLED_TO,
) -> Subset:
    """Take whole images until a target of masks is reached, where there are more masks than a limit (App. D.1).

    Args:
        keys: All sample ids, in the dataset's order.
        count: Gives an image's number of masks; asked in sampling order and only as far as needed. Images without
            masks are never taken.
        dataset: The dataset's name, part of the order.
        seed: Another seed gives another list.
        above: A dataset with at most so many masks is taken whole.
        target: Images are taken until their masks are at least so many.

    Returns:
        The images taken.
    """
    taken: list[str] = []
    total, reached = 0, None
    for key in sampling_order(keys, dataset, seed):
        masks = count(key)
        if masks == 0:
            continue
        taken.append(key)
        total += masks
        if reached is None and total >= target:
            reached = len(taken), total
        if total > above and reached is not None:
            break
    sampled = total > above
    kept = set(taken[: reached[0]] if sampled and reached else taken)
    return Subset([key for key in keys if key in kept], reached[1] if sampled and reached else total, sampled)
