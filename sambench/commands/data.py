"""`sambench data`: what data there is, whether it is whole, how it looks, and any of it as COCO JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from sambench.commands.data_pages import HELP
from sambench.commands.words import checked, parse
from sambench.config import registry
from sambench.config.ranges import SHARED, Range, raise_faults
from sambench.config.resolve import build, group_faults
from sambench.config.spelling import nearest
from sambench.errors import DatasetError, UsageError
from sambench.files.paths import data_root
from sambench.storage.places import local_only

if TYPE_CHECKING:
    from sambench.datasets.base import Dataset
    from sambench.datasets.instances import InstanceDataset
    from sambench.datasets.masks import MaskDataset
    from sambench.types import Sample

_TAKES: dict[str, Any] = {
    "out": str | None,
    "task": str | None,
    "count": Annotated[int, Range(1, 1000)],
    "seed": Annotated[int, SHARED["seed"]],
}


def main(words: list[str]) -> int:
    """Run `list`, `check`, `show` or `export`."""
    if not words:
        print(HELP)
        return 2
    if words[0] == "list":
        return _list(parse(words[1:], {"root": None}, "data list")["root"])
    from sambench.commands.data_check import check

    actions: dict[str, tuple[Any, dict[str, Any]]] = {
        "check": (check, {"out": None, "task": None}),
        "show": (_show, {"out": None, "count": 12, "seed": 0}),
        "export": (_export, {"out": None}),
    }
    if words[0] not in actions or len(words) < 2 or "=" in words[1]:
        near = nearest(words[0], [*actions, "list"])
        what = f"sambench data has no {words[0]!r}" if words[0] not in actions else f"{words[0]} needs a dataset's name"
        mend = "use sambench data list, or check, show or export with a name, as in sambench data check gtea"
        if near and words[0] not in actions:
            mend = f"use sambench data {' '.join([near[0], *words[1:]])}"
        raise UsageError(what, where=f"sambench data {' '.join(words)}", mend=mend)
    action, own = actions[words[0]]
    name = words[1]
    settings = _settings(name)
    values = parse(words[2:], {**settings, **own}, f"data {words[0]} {name}")
    chosen = {key: value for key, value in values.items() if key in settings}
    raise_faults(group_faults("datasets", "data", chosen, own_words=True))
    values |= checked(values, {key: hint for key, hint in _TAKES.items() if key in own})
    code: int = action(name, chosen, values)
    return code


def _list(root: Any) -> int:
    """Print a line for each dataset of masks."""
    from tabulate import tabulate

    from sambench.datasets.cards import MaskCard
    from sambench.datasets.sa23.catalog import CATALOG

    place = local_only(root, "root") if root is not None else data_root()
    rows = []
    for name in [*CATALOG, *(name for name in registry.targets("datasets") if name not in CATALOG)]:
        card = getattr(registry.resolve("datasets", name, own_words=True), "card", None)
        if not isinstance(card, MaskCard) or not card.markers:
            continue
        row = CATALOG.get(name)
        masks = "" if row is None else f"{row.masks:,} {row.mask_type}"
        rows.append([name, card.domain, masks, card.terms, card.home, _found(place, card)])
    print(tabulate(rows, headers=["name", "domain", "masks (Table 7)", "licence", "home page", "found"]))
    others = {name: line for name, line in registry.options("data").items() if name not in {row[0] for row in rows}}
    print("\nfor other tasks too, and one's own:")
    print("\n".join(f"{name:{max(map(len, others))}}  {line}" for name, line in others.items()))
    told = f"looked in {place}" if place is not None else "nowhere to look: give root=FOLDER, or set SAMBENCH_DATA"
    print(f"\n{told}; what one mask is, and the layout: sambench data check NAME")
    return 0


def _found(place: Path | None, card: Any) -> str:
    from sambench.datasets.layout import DatasetAbsentError, find_folder

    if place is None:
        return "?"
    try:
        return str(find_folder(place, card).relative_to(place))
    except DatasetAbsentError:
        return "no"


def _settings(name: str) -> dict[str, Any]:
    """Return the keys of a dataset's YAML file with their values.

    Raises:
        UsageError: There is no such choice; near ones are named.
    """
    from sambench.api import compose

    choices = registry.options("data")
    if name not in choices:
        near = nearest(name, choices, count=3)
        mend = f"did you mean {' or '.join(near)}?" if near else "`sambench ls data` lists them"
        raise UsageError(f"there is no data {name!r}", where=f"sambench data ... {name}", mend=mend)
    settings: dict[str, Any] = compose(["task=points", f"data={name}"])["data"]
    return settings


def _open_masks(name: str, settings: Mapping[str, Any]) -> MaskDataset | InstanceDataset:
    """Open data whose ground truth is masks; BSDS500's are its segments, the generated scenes' those of COCO's format.

    Raises:
        UsageError: The ground truth is of another kind.
    """
    from sambench.datasets.instances import InstanceDataset
    from sambench.datasets.masks import MaskDataset

    if name == "bsds500":
        shared = ("root", "split", "limit", "ids", "exif", "max_pixels")
        settings = {"name": "bsds500_segments", **{key: settings[key] for key in shared if key in settings}}
    dataset = _open(settings)
    if not isinstance(dataset, MaskDataset | InstanceDataset):
        mend = "name data of masks, as `sambench ls data` lists them for points, proposals or instances"
        raise UsageError(f"{name} is no single dataset of masks", where=f"sambench data ... {name}", mend=mend)
    return dataset


def _open(settings: Mapping[str, Any]) -> Dataset:
    if settings.get("kind") == "auto":
        settings = {**settings, "kind": "coco"}
    dataset: Dataset = build("datasets", "data", settings, own_words=True)
    return dataset


def _show(name: str, settings: dict[str, Any], values: Mapping[str, Any]) -> int:
    """Draw a sheet of images, in the sampling order of a seed."""
    from sambench.datasets.masks import MaskDataset
    from sambench.datasets.sa23.sa23 import Sa23
    from sambench.datasets.sampling import sampling_order
    from sambench.pictures.contact_sheet import contact_sheet
    from sambench.pictures.overlay import save_png
    from sambench.types import BoundaryTruth

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
        if isinstance(sample.target, BoundaryTruth) or sample.target.annotations:
            samples.append(sample)
    if not samples:
        raise DatasetError(f"{name} has no image with a mask", where=dataset.root)
    print(save_png(contact_sheet(samples), Path(values["out"] or f"{name}.png")))
    return 0


def _export(name: str, settings: dict[str, Any], values: Mapping[str, Any]) -> int:
    """Write a dataset as COCO JSON."""
    from sambench.datasets.coco_export import export_coco, turned_note
    from sambench.progress import progress

    dataset = _open_masks(name, settings)
    path = Path(values["out"] or f"{name}.json")
    bar = progress("auto", f"export {name}", len(dataset.keys))
    try:
        images, masks = export_coco(dataset, path, bar.advance)
    finally:
        bar.close()
    for line in filter(None, [*getattr(dataset, "report", []), turned_note(dataset)]):
        print(line)
    print(f"{path}: {images} images, {masks} masks; file names are relative to {dataset.root}")
    return 0
