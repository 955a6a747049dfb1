"""The card of a dataset whose ground truth is masks of objects."""

from __future__ import annotations

from dataclasses import dataclass

from sambench.datasets.base import DatasetCard


@dataclass(frozen=True)
class MaskCard(DatasetCard):
    """A dataset card with what single-point evaluation needs to know.

    Attributes:
        paper: Where the dataset was published.
        domain: Kind of images.
        mask: What one mask is.
        quirks: What surprises in these files, one sentence each.
        expected_images: Images in the evaluation that `expected_by` names, or None.
        expected_masks: Masks in it, or None.
        expected_by: Who scored as many images and masks, and where they say so.
        count_rule: What makes our count equal to theirs, or why it may differ.
        folders: Names the archive's folders have, in which the dataset is looked for below a root.
        markers: Files or folders, any of which tells that it is there; "*" stands for any part of a name.
        real_bytes: Which original files the reader has been run on; "none" where it was written from descriptions.
    """

    paper: str = ""
    domain: str = ""
    mask: str = ""
    quirks: tuple[str, ...] = ()
    expected_images: int | None = None
    expected_masks: int | None = None
    expected_by: tuple[str, str] = ("the paper", "Table 7")
    count_rule: str = ""
    folders: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    real_bytes: str = "none"
