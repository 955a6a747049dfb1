"""What `sambench explain find=labels` tells: the table it prints, and the files it writes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import binary_dilation, binary_erosion

from sambench.drawing.pictures.overlay import save_png
from sambench.explain.consensus import majority
from sambench.explain.console import table_of
from sambench.explain.label_kinds import KINDS
from sambench.explain.labels import Labels
from sambench.explain.pictures import RIGHT, TRUTH, beside, tinted, view_of
from sambench.explain.suspects import Suspect
from sambench.files.atomic import atomic_path, write_text
from sambench.files.csv_cells import csv_cell
from sambench.pages.report.page import environment
from sambench.pages.report.pictures import data_uri
from sambench.runs.summary import caption, number
from sambench.tables.folding import plain_console, print_line
from sambench.types import Sample

SHOWN = 20
"""Lines that are printed."""

LEGEND = (("truth", TRUTH), ("what most models mark", RIGHT))


@dataclass(frozen=True)
class Drawn:
    """A suspect's picture.

    Attributes:
        line: The suspect's line of the table.
        panels: What its panels show, from the left.
        uri: The picture.
    """

    line: pd.Series
    panels: str
    uri: str


def print_labels(labels: Labels) -> None:
    """Print the likeliest label errors, how many there are of each kind, and what the runs cannot tell."""
    console = plain_console()
    for run in labels.runs:
        print_line(console, caption(run))
    table = table_of("image, object", "", "score", "models agree", "IoU with truth")
    for one in labels.frame.head(SHOWN).to_dict("records"):
        figures = (number(one[name]) for name in ("score", "agreement", "iou"))
        table.add(f"{one['sample_id']} {one['object']}", one["told"], *figures)
    if len(labels.frame):
        table.print(console)
    print_line(console, verdict(labels))
    for note in labels.notes:
        print_line(console, f"note: {note}")


def verdict(labels: Labels) -> str:
    """Say how many suspects there are, of which kinds."""
    where = f"{labels.objects} objects in {labels.images} images"
    counts = labels.frame["kind"].value_counts()
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if kind in counts)
    if not kinds:
        return f"On none of {where} do the models agree more with each other than with the truth."
    return f"Suspected: {len(labels.frame)} of {where} ({kinds}), the likeliest first."


def write_labels(labels: Labels, folder: Path, count: int) -> list[Path]:
    """Write `index.html` with pictures of the `count` likeliest, `labels.parquet` and `labels.csv` into a folder."""
    texts = labels.frame.select_dtypes(exclude="number").columns
    plain = labels.frame.assign(**{name: labels.frame[name].map(csv_cell) for name in texts})
    with tempfile.TemporaryDirectory() as scratch:
        page = _page(labels, draw_suspects(labels, count, Path(scratch)))
    write_text(folder / "index.html", page)
    write_text(folder / "labels.csv", plain.to_csv(index=False, lineterminator="\n", float_format="%.6g"))
    with atomic_path(folder / "labels.parquet") as temporary:
        labels.frame.to_parquet(temporary, index=False)
    return [folder / name for name in ("index.html", "labels.parquet", "labels.csv")]


def draw_suspects(labels: Labels, count: int, scratch: Path) -> list[Drawn]:
    """Draw the `count` likeliest suspects; `scratch` is a folder for pictures."""
    indices = labels.frame.groupby("sample_id").cumcount()
    looked: dict[str, tuple[Sample, list[Suspect]]] = {}
    drawings: list[Drawn] = []
    for (_, line), index in zip(labels.frame.head(count).iterrows(), indices, strict=False):
        key = line["sample_id"]
        if key not in looked:
            looked[key] = labels.look(key)
        sample, suspects = looked[key]
        picture, panels = draw_suspect(sample, suspects[index])
        uri = data_uri(save_png(picture, scratch / f"{len(drawings)}.png"))
        drawings.append(Drawn(line, ", ".join(panels), uri))
    return drawings


def draw_suspect(sample: Sample, suspect: Suspect) -> tuple[np.ndarray, list[str]]:
    """Draw one suspect in panels beside each other: the image, both outlines, and the truth alone.

    Returns:
        (H, W, 3) uint8 RGB, and what each panel shows.
    """
    window = suspect.window
    image = sample.image if sample.has_pixels else np.full((*sample.size, 3), 128, np.uint8)
    height, width = window.masks.shape[1:]
    truth, marked = np.zeros((2, *sample.size), bool)
    region = slice(window.top, window.top + height), slice(window.left, window.left + width)
    truth[region], marked[region] = window.masks[0], majority(window.masks[1:])
    view = view_of(truth | marked)
    outlines = [(_outline(marked, view), RIGHT), (_outline(truth, view), TRUTH)]
    panels = {
        "the image": image[view],
        "both outlines": tinted(image, outlines)[view],
        "the truth": tinted(image, [(truth, TRUTH)])[view],
        "what most models mark": tinted(image, [(marked, RIGHT)])[view],
    }
    return beside(list(panels.values())), list(panels)


def _outline(mask: np.ndarray, view: tuple[slice, slice]) -> np.ndarray:
    """Return a mask's boundary, the thicker the larger the part of the image that is shown."""
    longest = max(side.stop - side.start for side in view)
    return binary_dilation(mask) & ~binary_erosion(mask, iterations=max(1, longest // 160))


def _page(labels: Labels, drawn: Sequence[Drawn]) -> str:
    return (
        environment()
        .get_template("explain_labels.html")
        .render(
            labels=labels,
            captions=[caption(run) for run in labels.runs],
            verdict=verdict(labels),
            kinds=[(kind, about, int((labels.frame["kind"] == kind).sum())) for kind, about in KINDS.items()],
            drawn=drawn,
            legend=[(name, "#{:02x}{:02x}{:02x}".format(*colour)) for name, colour in LEGEND],
        )
    )
