"""Images and ground truth of a split, whose names stand in a text file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sambench.datasets.cards import MaskCard
from sambench.datasets.layout import IMAGE_ENDINGS, Fault, require_folder, tree
from sambench.datasets.reading import data_error


def listed_pairs(
    card: MaskCard, names: Path, images: Path, truths: Path, endings: Sequence[str] = IMAGE_ENDINGS
) -> tuple[dict[str, tuple[Path, Path]], list[Fault]]:
    """Find the image and the ground truth of every name of a list.

    Args:
        card: The dataset's card.
        names: A text file with a name a line; what follows it on the line is passed over.
        images: The folder of the images.
        truths: The folder of the ground truth.
        endings: Of the ground truth's files.

    Returns:
        Image and ground truth by name, in the order of the list, and a fault for each file that is missing.

    Raises:
        DatasetError: The list or a folder is not there, or the list cannot be read or holds no name.
    """
    try:
        listed = [line.split()[0] for line in names.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError as error:
        raise data_error(card, "the list of the split is missing", names) from error
    except (OSError, UnicodeDecodeError) as error:
        raise data_error(card, f"the list of the split cannot be read: {error}", names) from error
    if not listed:
        raise data_error(card, "the list of the split holds no name", names)
    trees = [tree(require_folder(folder, card), own) for folder, own in ((images, IMAGE_ENDINGS), (truths, endings))]
    faults = [
        Fault(f"{names.name}: {name}", f"listed {what} is not there")
        for what, own in (("image", trees[0]), ("ground truth", trees[1]))
        for name in listed
        if name not in own
    ]
    return {name: (trees[0][name], trees[1][name]) for name in listed if all(name in own for own in trees)}, faults
