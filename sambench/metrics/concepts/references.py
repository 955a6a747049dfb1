"""Which published number stands beside a figure of text prompts: SA-Co's subsets, and the means over all of a set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

GOLD = ("metaclip", "sa1b", "crowded", "fg_food", "fg_sports_equipment", "attributes", "wiki_common")
SILVER = ("bdd100k", "droid", "ego4d", "food_rec", "geode", "inaturalist", "nga_art", "sav", "yt1b", "fathomnet")

FIGURES = ("cgF1", "IL_MCC", "pmF1")
"""What was published of each."""


def published_columns(subsets: Iterable[str], iou_type: Literal["segm", "bbox"]) -> dict[str, str]:
    """Return figure of a run -> column of `results/reference/concepts.csv`, as "concepts/COLUMN".

    Args:
        subsets: Those that the run is of, in any order; of one its figures have no name before them, of several each
            subset's have its own, as "metaclip cgF1", and those without are means.
        iou_type: Masks or boxes.

    Returns:
        Nothing for other data; means only of all subsets of Gold or Silver.
    """
    names, kind = set(subsets), "box " if iou_type == "bbox" else ""
    known = [name for name in (*GOLD, *SILVER) if name in names]
    columns = {f"{name} {one}": f"concepts/{name} {kind}{one}" for name in known for one in FIGURES}
    if len(names) == 1:
        return {key.partition(" ")[2]: column for key, column in columns.items()}
    whole = next((name for name, own in (("Gold", GOLD), ("Silver", SILVER)) if names == set(own)), None)
    means = {} if whole is None else {one: f"concepts/{whole} {kind}{one}" for one in FIGURES}
    return means | columns
