"""What `sambench explain` prints and writes of a run's objects."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from sambench.explain.confidence import FIGURES, Confidence
from sambench.explain.detections import DetectionKinds
from sambench.explain.objects import Objects
from sambench.explain.page import Finding, build_page, change_lines, ends
from sambench.explain.pictures import worst_examples
from sambench.explain.summary import LOSS
from sambench.files.atomic import atomic_path, write_text
from sambench.files.csv_cells import csv_cell
from sambench.metrics.anatomy.parts import PARTS
from sambench.runs.summary import caption, number
from sambench.tables.folding import Columns, plain_console, print_line


def print_finding(finding: Finding) -> None:
    """Print the parts of the loss, the kinds of objects, what changed and what can be said of it."""
    console = plain_console()
    print_line(console, caption(finding.run))
    _parts(finding).print(console)
    _groups(finding).print(console)
    if finding.detections is not None:
        _detections(finding.detections).print(console)
    for name, one in finding.confidence.items():
        _confidence(name, one).print(console)
    if finding.change is not None:
        _changes(finding).print(console)
    for line in (*finding.verdicts, *(f"note: {note}" for note in finding.notes)):
        print_line(console, line)


def _parts(finding: Finding) -> Columns:
    whole = finding.groups[0]
    table = table_of("part of 1 - IoU", "mean", "95 % interval", "share", "objects of this kind")
    loss = whole.means[LOSS]
    for part in (LOSS, *PARTS):
        mean = whole.means[part]
        share = f"{100 * mean.value / loss.value:.0f} %" if loss.value else ""
        kind = str(whole.objects) if part == LOSS else str(finding.kinds.get(part, 0))
        table.add(part, number(mean.value), ends(mean), share, kind)
    for kind in (name for name in finding.kinds if name not in PARTS):
        table.add(f"({kind})", "", "", "", str(finding.kinds[kind]))
    return table


def _groups(finding: Finding) -> Columns:
    table = table_of("objects by", "", "number", "loss", "95 % interval", "largest part", naming=2)
    by = ""
    for group in finding.groups[1:]:
        largest = max(PARTS, key=lambda part: group.means[part].value)
        text = f"{largest} {number(group.means[largest].value)}"
        loss = group.means[LOSS]
        first = "" if group.by == by else group.by
        table.add(first, group.name, str(group.objects), number(loss.value), ends(loss), text)
        by = group.by
    return table


def _detections(kinds: DetectionKinds) -> Columns:
    table = table_of("wrong detections (TIDE)", "number", "AP50 it costs", "95 % interval")
    table.add("AP50", str(kinds.detections), number(kinds.ap50.value), ends(kinds.ap50))
    for kind, cost in kinds.costs.items():
        table.add(kind, str(kinds.counts[kind]), number(cost.value), ends(cost))
    return table


def _confidence(estimate: str, confidence: Confidence) -> Columns:
    table = table_of(f"{estimate} against IoU", "", "95 % interval", "what it is")
    for name, about in FIGURES.items():
        table.add(name, number(confidence.figures[name].value), ends(confidence.figures[name]), about)
    return table


def _changes(finding: Finding) -> Columns:
    table = table_of("what changed", "against", "this run", "difference", "interval (all together 95 %)")
    for line in change_lines(finding.change.parts) if finding.change else []:
        table.add(line["name"], line["before"], line["after"], line["difference"], line["ends"])
    return table


def table_of(first: str, *others: str, naming: int = 1) -> Columns:
    """Start a table whose first columns hold names and the others, but for those of words, numbers."""
    sides = ["left" if name in ("", "largest part") else "right" for name in others]
    return Columns((first, *others), ("left", *sides), naming)


def group_table(finding: Finding) -> pd.DataFrame:
    """Return a line a group: its objects, images, and each part's mean with both ends of its interval."""
    lines = []
    for group in finding.groups:
        line = {"by": group.by, "group": group.name, "objects": group.objects, "images": group.images}
        for part, mean in group.means.items():
            line |= {part: mean.value, f"{part}_low": mean.ci95[0], f"{part}_high": mean.ci95[1]}
        lines.append(line)
    return pd.DataFrame(lines)


def write_finding(objects: Objects, finding: Finding, folder: Path, count: int) -> list[Path]:
    """Write `objects.parquet`, `objects.csv`, `groups.csv` and `index.html` into a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        page = build_page(finding, worst_examples(objects, count, Path(scratch)), Path(scratch))
    texts = objects.frame.select_dtypes(exclude="number").columns
    plain = objects.frame.assign(**{name: objects.frame[name].map(_cell) for name in texts})
    tables = {"objects.csv": plain, "groups.csv": group_table(finding)}
    for name, table in tables.items():
        write_text(folder / name, table.to_csv(index=False, lineterminator="\n", float_format="%.6g"))
    write_text(folder / "index.html", page)
    with atomic_path(folder / "objects.parquet") as temporary:
        objects.frame.to_parquet(temporary, index=False)
    return [folder / name for name in ("index.html", "objects.parquet", *tables)]


def _cell(value: Any) -> Any:
    return csv_cell(value) if isinstance(value, str) else value
