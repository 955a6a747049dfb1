"""What `sambench data` makes of a dataset: a sheet of its images, or its masks as COCO JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sambench.commands.grammar.output import tell
from sambench.config.resolve import build
from sambench.datasets.base import Dataset
from sambench.datasets.coco_export import export_coco, turned_note
from sambench.datasets.concepts.export import export_pairs
from sambench.datasets.concepts.pairs import ConceptDataset
from sambench.datasets.instances import InstanceDataset
from sambench.datasets.masks import MaskDataset
from sambench.datasets.sa23.sa23 import Sa23
from sambench.datasets.sampling import sampling_order
from sambench.drawing.pictures.contact_sheet import contact_sheet
from sambench.drawing.pictures.overlay import save_png
from sambench.errors import DatasetError, UsageError
from sambench.files.progress import progress
from sambench.prompts.concepts import ConceptTruth
from sambench.types import BoundaryTruth, Sample


def _open_exported(name: str, settings: Mapping[str, Any]) -> MaskDataset | InstanceDataset | ConceptDataset:
    """Open data of masks, or of phrases; BSDS500's are its segments, the generated scenes' those of COCO's format.

    Raises:
        UsageError: The ground truth is of another kind.
    """
    if name == "bsds500":
        shared = ("root", "split", "limit", "ids", "exif", "max_pixels")
        settings = {"name": "bsds500_segments", **{key: settings[key] for key in shared if key in settings}}
    dataset = _open(settings)
    if not isinstance(dataset, MaskDataset | InstanceDataset | ConceptDataset):
        mend = "name data of masks, as `sambench ls data` lists them for points, proposals or instances"
        raise UsageError(f"{name} is no single dataset of masks", where=f"sambench data ... {name}", mend=mend)
    return dataset


def _open(settings: Mapping[str, Any]) -> Dataset:
    if settings.get("kind") == "auto":
        settings = {**settings, "kind": "coco"}
    dataset: Dataset = build("datasets", "data", settings, own_words=True)
    return dataset


def show(name: str, settings: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """Draw a sheet of images, in the sampling order of a seed."""
    dataset = _open(settings)
    if isinstance(dataset, Sa23):
        raise UsageError("sa23 is several datasets", where="sambench data show sa23", mend="name one of them")
    samples: list[Sample] = []
    for key in sampling_order(dataset.keys, name, values["seed"]):
        if len(samples) == values["count"]:
            break
        if isinstance(dataset, MaskDataset) and not dataset.count(key):
            continue
        sample = dataset.load(key)
        if isinstance(sample.target, BoundaryTruth | ConceptTruth) or sample.target.annotations:
            samples.append(sample)
    if not samples:
        raise DatasetError(f"{name} has no image with a mask", where=dataset.root)
    path = save_png(contact_sheet(samples), Path(values["out"] or f"{name}.png"))
    tell(values["format"], {"files": [str(path)], "notes": []}, str(path))
    return 0


def export(name: str, settings: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """Write a dataset as COCO JSON, or its phrases in SA-Co's form."""
    dataset = _open_exported(name, settings)
    path = Path(values["out"] or f"{name}.json")
    bar = progress("auto", f"export {name}", len(dataset.keys))
    try:
        if isinstance(dataset, ConceptDataset):
            written = export_pairs(dataset, path, bar.advance)
            lines = [f"{file}: {pairs} pairs of images and phrases, {masks} masks" for file, pairs, masks in written]
            files = [str(file) for file, _, _ in written]
        else:
            images, masks = export_coco(dataset, path, bar.advance)
            report = filter(None, [*getattr(dataset, "report", []), turned_note(dataset)])
            lines, files = [*report, f"{path}: {images} images, {masks} masks"], [str(path)]
    finally:
        bar.close()
    lines[-1] += f"; file names are relative to {dataset.root}"
    tell(values["format"], {"files": files, "notes": lines}, "\n".join(lines))
    return 0
