"""The 23 datasets of the single-point evaluation of Segment Anything (Kirillov et al. 2023, Table 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sambench.datasets.cards import MaskCard


@dataclass(frozen=True)
class CatalogEntry:
    """One row of Table 7.

    Attributes:
        name: Our name, as in `data=NAME` (and the file `configs/data/NAME.yaml`).
        abbreviation: The paper's name.
        title: Full name.
        domain: The paper's "image type".
        mask_type: "instance", "panoptic" or "semantic".
        source_split: The paper's words for the part that was used.
        images: Images the paper scored.
        masks: Masks the paper scored.
        count_rule: What makes our count equal to Table 7, or why it may differ.
    """

    name: str
    abbreviation: str
    title: str
    domain: str
    mask_type: str
    source_split: str
    images: int
    masks: int
    count_rule: str


_SAMPLED = (
    "the paper scored random images up to about 10k masks and published no list; here the first images by SHA-256 of "
    "(seed, dataset, image), so the counts are near and not equal"
)

_ROWS = (
    ("ppdls", "PPDLS", "Plant Phenotyping Datasets, leaf segmentation", "plants", "instance", "N/A", 182, 2347,
     "Ara2012 (120 images) and Tobacco (62); Ara2013-Canon would add 165"),
    ("bbbc038v1", "BBBC038v1", "Broad Bioimage Benchmark Collection 038 v1 (nuclei)", "microscopy", "instance",
     "Train", 227, 10506, _SAMPLED),
    ("doors", "DOORS", "Dataset fOr bOuldeRs Segmentation", "boulders", "instance", "DS1", 10000, 10000, _SAMPLED),
    ("timberseg", "TimberSeg", "TimberSeg 1.0", "logs", "instance", "N/A", 220, 2487,
     "every annotation of coco_annotation.json that covers a pixel"),
    ("ndd20", "NDD20", "Northumberland Dolphin Dataset 2020", "underwater", "instance", "N/A", 4402, 6100,
     "above (2201) and under water (2201); 6102 regions less those of under 3 points or without a pixel"),
    ("lvis_v05_masks", "LVIS", "LVIS v0.5 (Large Vocabulary Instance Segmentation)", "scenes", "instance",
     "Validation (v0.5)", 945, 9642, _SAMPLED),
    ("streets", "STREETS", "STREETS (suburban traffic cameras)", "traffic camera", "instance", "N/A", 819, 9854,
     _SAMPLED),
    ("zerowaste", "ZeroWaste-f", "ZeroWaste-f", "recycling", "instance", "Train", 2947, 6155,
     "2.09 masks an image fits one mask an image and class (masks=semantic); instances are about 5 an image"),
    ("ishape", "iShape", "iShape (irregular shapes)", "irregular shapes", "instance", "Validation", 754, 9742,
     _SAMPLED),
    ("ade20k", "ADE20K", "ADE20K, objects and parts", "scenes", "instance", "Validation", 302, 10128, _SAMPLED),
    ("ovis", "OVIS", "Occluded Video Instance Segmentation", "occlusions", "instance", "Train", 2044, 10011, _SAMPLED),
    ("hypersim", "Hypersim", "Hypersim", "simulation", "instance",
     "Evermotion archinteriors volumes 1-55 excluding 20, 25, 40, 49", 338, 9445, _SAMPLED),
    ("ndispark", "NDISPark", "Night and Day Instance Segmented Park", "parking lots", "instance", "Train", 111, 2577,
     "112 images less the one without a vehicle (69_.jpg)"),
    ("visor", "VISOR", "EPIC-KITCHENS VISOR", "egocentric", "instance", "Validation", 1864, 10141, _SAMPLED),
    ("plittersdorf", "Plittersdorf", "Plittersdorf (SOCRATES stereo camera trap)", "stereo images", "instance",
     "Train, validation, test", 187, 546, "the three files joined, images without an animal left out"),
    ("egohos", "EgoHOS", "Egocentric Hand-Object Segmentation", "egocentric", "instance",
     "Train (including only Ego4D and THU-READ)", 2940, 9961,
     "one mask an image and label value of the images named ego4d_* and thu_*"),
    ("ibd", "IBD", "InstanceBuilding, 2D", "drones", "instance", "Train (2D annotations)", 467, 11953,
     "467 images are 524 of the training list less a validation list of 57"),
    ("woodscape", "WoodScape", "WoodScape", "fisheye driving", "instance", "Set 1", 107, 10266, _SAMPLED),
    ("cityscapes", "Cityscapes", "Cityscapes, panoptic", "driving", "panoptic", "Validation", 293, 9973, _SAMPLED),
    ("pidray", "PIDray", "PIDray", "X-ray", "instance", "Test (hard)", 3733, 8892,
     "the hard test images of the first release (47,677 images); the later one has 9,746"),
    ("dram", "DRAM", "Diverse Realism in Art Movements", "paintings", "semantic", "Test", 718, 1179,
     "583 seen and 135 unseen images, one mask an image and foreground class"),
    ("trashcan", "TrashCan", "TrashCan, instance version", "underwater", "instance", "Train", 5936, 9540,
     "6065 images less the 129 without annotation"),
    ("gtea", "GTEA", "Georgia Tech Egocentric Activity, hands", "egocentric", "instance",
     "Train (segmenting hands task)", 652, 1208, "663 images less those without a hand, one mask a label value"),
)  # fmt: skip

CATALOG = {row[0]: CatalogEntry(*row) for row in _ROWS}
"""Name -> row of Table 7, in the paper's order of Fig. 9a."""

SUBSAMPLED_ABOVE, SUBSAMPLED_TO = 15_000, 10_000
"""Datasets with more masks than the first are sampled, image by image, until the second is reached (App. D.1)."""


def catalog_card(name: str, **facts: Any) -> MaskCard:
    """Make the card of one of the 23 from its row and the reader's own facts (`home`, `terms`, `layout`, ...)."""
    row = CATALOG[name]
    return MaskCard(
        name=name,
        title=row.title,
        domain=row.domain,
        expected_images=row.images,
        expected_masks=row.masks,
        count_rule=row.count_rule,
        **facts,
    )
