"""How many pairs data for text prompts have, subset by subset, beside the numbers that were published."""

from __future__ import annotations

from collections.abc import Sequence

from sambench.datasets.concepts.pairs import ConceptDataset
from sambench.datasets.concepts.saco_cards import GOLD, GOLD_SUBSETS, SILVER, SILVER_SUBSETS

_PUBLISHED = {GOLD.name: GOLD_SUBSETS, SILVER.name: SILVER_SUBSETS}


def pair_lines(dataset: ConceptDataset, keys: Sequence[str]) -> list[str]:
    """Count the pairs of images, without drawing them.

    Args:
        dataset: The data.
        keys: The images; where these are all, SA-Co's numbers are held against those of SAM 3's README.

    Returns:
        Lines to print: of each subset the pairs, those that count, those of them without objects, and the objects of
        each annotator.
    """
    dataset_of = getattr(dataset, "dataset_of", lambda _: "")
    by_subset: dict[str, list[str]] = {}
    for key in keys:
        by_subset.setdefault(dataset_of(key), []).append(key)
    published = _PUBLISHED.get(dataset.card.name, {}) if len(keys) == len(dataset.all_keys) else {}
    lines = []
    for subset, own in by_subset.items():
        counts = [count for key in own for count in dataset.pair_counts(key)]
        asked = [count for count in counts if count.exhaustive]
        negative = sum(not any(count.objects) for count in asked)
        objects = [sum(one) for one in zip(*(count.objects for count in counts), strict=True)]
        summary = f"{len(counts)} pairs, {len(asked)} of them exhaustive, of these {negative} without an object"
        summary += f"; masks by annotator: {' and '.join(map(str, objects))}"
        if subset in published:
            summary += f"; published: {published[subset].pairs} pairs, {published[subset].masks} masks"
        lines.append(f"{subset}: {summary}" if subset else summary)
    return lines
