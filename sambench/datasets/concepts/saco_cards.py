"""What SA-Co/Gold and SA-Co/Silver are: their cards, subsets, and the counts that were published of them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from sambench.datasets.cards import MaskCard


class Subset(NamedTuple):
    """One subset as it was published.

    Attributes:
        file: Its file's name, where {} stands for the annotator.
        images: Names its images' folder may have.
        pairs: Pairs that SAM 3's README counts in it; 0 where they are not known.
        masks: Masks that it counts.
    """

    file: str
    images: tuple[str, ...]
    pairs: int = 0
    masks: int = 0


_METACLIP = ("metaclip-images", "metaclip_images", "metaclip", "MetaCLIP")
_SA1B = ("sa1b-images", "sa1b_images", "sa1b", "SA-1B")

GOLD_SUBSETS = {
    name: Subset(f"gold_{name}_merged_{{}}_release_test.json", _SA1B if name == "sa1b" else _METACLIP, pairs, masks)
    for name, pairs, masks in (
        ("metaclip", 33393, 20144),
        ("sa1b", 13258, 30306),
        ("attributes", 9245, 3663),
        ("crowded", 20687, 50417),
        ("wiki_common", 65502, 6448),
        ("fg_food", 13951, 9825),
        ("fg_sports_equipment", 12166, 5075),
    )
}
SILVER_SUBSETS = {
    name: Subset(f"silver_{file or name + '_merged'}_test.json", (name, *others), pairs, masks)
    for name, file, others, pairs, masks in (
        ("bdd100k", "", ("BDD100k",), 5546, 13210),
        ("droid", "", ("DROID",), 9445, 11098),
        ("ego4d", "", ("Ego4D",), 12608, 24049),
        ("food_rec", "", (), 20985, 28347),
        ("geode", "", ("GeoDE",), 14850, 7570),
        ("inaturalist", "", (), 1439051, 48899),
        ("nga_art", "", ("nga",), 22294, 18991),
        ("sav", "", ("SA-V",), 18337, 39683),
        ("yt1b", "", (), 7816, 12221),
        ("fathomnet", "fathomnet", (), 287193, 14174),
    )
}

_TERMS = "the terms of its form (licence: other); images under those of their sources"
_QUIRKS = (
    "an image stands in the file once for each phrase it is asked about",
    "a phrase without objects is a pair without annotation",
    "groups (iscrowd) stand for objects that could not be told apart",
)

_INNER = ("", "annotations", "gt-annotations")

GOLD = MaskCard(
    name="saco_gold",
    title="SA-Co/Gold (Segment Anything with Concepts)",
    home="https://huggingface.co/datasets/facebook/SACo-Gold",
    terms=_TERMS,
    layout="""
gold_{metaclip,sa1b,attributes,crowded,wiki_common,fg_food,fg_sports_equipment}_merged_{a,b,c}_release_test.json
                                   (or below annotations/)
metaclip-images/ANY/NAME.jpg       (all subsets but sa1b; or data.images=FOLDER with both)
sa1b-images/NAME.jpg
""",
    splits=("test",),
    paper="Carion et al., SAM 3: Segment Anything with Concepts, 2025",
    domain="phrases",
    mask="an object that one of three annotators drew for a phrase",
    quirks=_QUIRKS,
    folders=tuple(f"{parent}{inner}" for parent in ("", "SACo-Gold/", "saco-gold/") for inner in _INNER),
    markers=("gold_*_merged_*_test.json",),
)

SILVER = replace(
    GOLD,
    name="saco_silver",
    title="SA-Co/Silver (Segment Anything with Concepts)",
    home="https://huggingface.co/datasets/facebook/SACo-Silver",
    layout="""
silver_{bdd100k,droid,ego4d,food_rec,geode,inaturalist,nga_art,sav,yt1b}_merged_test.json   (or below annotations/)
silver_fathomnet_test.json
{bdd100k,droid,ego4d,food_rec,geode,inaturalist,nga,sav,yt1b,fathomnet}/ANY/NAME.jpg    (or data.images=FOLDER)
""",
    mask="an object that one annotator drew for a phrase",
    folders=tuple(f"{parent}{inner}" for parent in ("", "SACo-Silver/", "saco-silver/") for inner in _INNER),
    markers=("silver_*_test.json",),
)

ANNOTATORS = ("a", "b", "c")
"""SA-Co/Gold's annotators, in the order in which the first of equals is taken."""
