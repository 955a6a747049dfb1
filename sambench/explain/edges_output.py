"""What `sambench explain` tells of a run of edges: the table it prints, and the files it writes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sambench.drawing.pictures.overlay import draw_matches, save_png
from sambench.explain.console import table_of
from sambench.explain.edges import EdgeErrors, EdgeGroup, worst_edges
from sambench.explain.page import change_lines, ends
from sambench.files.atomic import write_text
from sambench.metrics.paired import Comparison
from sambench.pages.report.page import environment
from sambench.pages.report.pictures import data_uri
from sambench.runs.run import Run
from sambench.runs.summary import caption, number
from sambench.tables.folding import plain_console, print_line

MEANT = "recall is of all annotators' pixels of a kind, precision of the predicted ones"


@dataclass(frozen=True)
class EdgeFinding:
    """Everything that is printed of a run of edges.

    Attributes:
        errors: Its pixels.
        against: The run it is held against, or None.
        groups: All pixels first, then those of each kind.
        changes: Figure -> both values and their difference; nothing without another run.
    """

    errors: EdgeErrors
    against: Run | None
    groups: Sequence[EdgeGroup]
    changes: Mapping[str, Comparison]


def print_edges(finding: EdgeFinding) -> None:
    """Print misses and false alarms by kind of pixel, and what changed."""
    console = plain_console()
    print_line(console, caption(finding.errors.run))
    table = table_of("pixels by", "misses", "recall", "false", "precision")
    for one in finding.groups:
        name = "all" if one.by == "all" else f"{one.by}: {one.name}"
        figures = [f"{number(figure.value)} {ends(figure)}" for figure in (one.recall, one.precision)]
        table.add(name, str(one.misses), figures[0], str(one.false_alarms), figures[1])
    table.print(console)
    if finding.changes:
        moved = table_of("what changed", "against", "this run", "difference", "interval (all together 95 %)")
        for line in change_lines(finding.changes):
            moved.add(line["name"], line["before"], line["after"], line["difference"], line["ends"])
        moved.print(console)
    for note in (f"at {finding.errors.threshold[1]}, the best for all images", MEANT, *finding.errors.notes):
        print_line(console, f"note: {note}")


def edge_table(finding: EdgeFinding) -> pd.DataFrame:
    """Return a line a group: misses, false alarms, recall and precision with both ends of their intervals."""
    lines = []
    for one in finding.groups:
        line = {"by": one.by, "group": one.name, "misses": one.misses, "false_alarms": one.false_alarms}
        for name, figure in (("recall", one.recall), ("precision", one.precision)):
            line |= {name: figure.value, f"{name}_low": figure.ci95[0], f"{name}_high": figure.ci95[1]}
        lines.append(line)
    return pd.DataFrame(lines)


def write_edges(finding: EdgeFinding, folder: Path, count: int) -> list[Path]:
    """Write `index.html` and `groups.csv` into a folder; the page shows the `count` images of the lowest F."""
    text = edge_table(finding).to_csv(index=False, lineterminator="\n", float_format="%.6g")
    write_text(folder / "groups.csv", text)
    write_text(folder / "index.html", _page(finding, count))
    return [folder / "index.html", folder / "groups.csv"]


def _page(finding: EdgeFinding, count: int) -> str:
    pictures: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for key in worst_edges(finding.errors, count):
            sample, predicted = finding.errors.maps(key)
            if not sample.has_pixels:
                continue
            task = finding.errors.task
            drawn = draw_matches(sample.image, predicted, sample.target.boundaries, 0.5, task.max_dist, False)
            pictures.append((sample.id, data_uri(save_png(drawn, Path(scratch) / f"{len(pictures)}.png"))))
    return (
        environment()
        .get_template("explain_edges.html")
        .render(
            finding=finding,
            caption=caption(finding.errors.run),
            changes=change_lines(finding.changes),
            ends=ends,
            meant=MEANT,
            pictures=pictures,
        )
    )
