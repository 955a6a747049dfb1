"""Any data for text prompts in SA-Co's form, one file an annotator, so that models elsewhere can be asked the same."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sambench.datasets.concepts.pairs import ConceptDataset
from sambench.datasets.concepts.saco_writing import annotation_record, file_of, pair_record
from sambench.files.atomic import atomic_path


def export_pairs(
    dataset: ConceptDataset, path: Path, advance: Callable[[], None] = lambda: None
) -> list[tuple[Path, int, int]]:
    """Write the kept images' pairs; images' file names are relative to the dataset's root.

    Args:
        dataset: The data.
        path: The file of a single annotator; of several, "_a", "_b" and so on stand before its ending.
        advance: Called after each image.

    Returns:
        Each file with its numbers of pairs and masks.
    """
    files: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = []
    for key in dataset.keys:
        picture, size = dataset.picture(key), dataset.size(key)
        name = key if picture is None else Path(os.path.relpath(picture.path, dataset.root)).as_posix()
        for pair in dataset.load_truth(key).pairs:
            files += [([], []) for _ in pair.annotators[len(files) :]]
            for (pairs, drawn), own in zip(files, pair.annotators, strict=True):
                pairs.append(pair_record(pair.id, pair.phrase, name, size, pair.exhaustive))
                drawn += [annotation_record(len(drawn) + at, pair.id, one, "") for at, one in enumerate(own, 1)]
        advance()
    card = dataset.card
    info = {"description": f"{card.title}, split {dataset.split}; pairs written by sambench", "url": card.home}
    info |= {"license": card.terms, "note": card.note, "fingerprint": dataset.fingerprint}
    written = []
    for index, (pairs, drawn) in enumerate(files):
        target = path if len(files) == 1 else path.with_stem(f"{path.stem}_{chr(ord('a') + index)}")
        with atomic_path(target) as temporary, temporary.open("w", encoding="utf-8") as stream:
            json.dump(file_of(pairs, drawn, info), stream)
        written.append((target, len(pairs), len(drawn)))
    return written
