"""What `sambench masks` tells of two sets of masks: the table it prints, and the files it writes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sambench.explain.console import table_of
from sambench.explain.mask_pairs import PairFinding
from sambench.explain.mask_pairs_drawn import LEGEND, PANELS, draw_pairs
from sambench.explain.page import ends
from sambench.files.atomic import write_text
from sambench.files.csv_cells import csv_cell
from sambench.metrics.published import published_texts
from sambench.pages.report.page import environment
from sambench.pages.report.pictures import data_uri
from sambench.runs.summary import number
from sambench.tables.folding import plain_console, print_line

_PUBLISHED = {
    "pairs above .9": "automatic masks above 90 % IoU with the professionally corrected mask",
    "pairs above .75": "automatic masks above 75 % IoU with the professionally corrected mask",
    "mean IoU": "agreement between annotators",
}
"""Figure -> the published quantity it stands beside (`results/reference/mask_quality.csv`)."""

PUBLISHED_OF = (
    "the published figures are of SA-1B's automatic masks against the same ones as annotators corrected them, and of"
    " how far annotators agree; other pairs of sets do not answer to them"
)

_SHOWN = 20
"""Images that the page lists; `images.csv` has all."""


def print_pairs(finding: PairFinding) -> None:
    """Print how far two sets of masks agree, and what is unmatched."""
    console = plain_console()
    for name, title in zip("ab", finding.titles, strict=True):
        print_line(console, f"{name}: {title}")
    columns = ("figure", "value", "95 % interval", *(("SA-1B, published",) if finding.sa1b else ()))
    table = table_of(*columns)
    for line in _figures(finding):
        table.add(*line[: len(columns)])
    table.print(console)
    counted = table_of("masks", "all", "mean an image", "least", "most")
    for name in ("matched", "only_a", "only_b"):
        own = finding.images[name]
        counted.add(name.replace("_", " "), str(own.sum()), f"{own.mean():.1f}", str(own.min()), str(own.max()))
    counted.print(console)
    for note in (*finding.notes, *((PUBLISHED_OF,) if finding.sa1b else ())):
        print_line(console, f"note: {note}")


def write_pairs(finding: PairFinding, folder: Path, count: int) -> list[Path]:
    """Write `index.html`, `pairs.csv`, `images.csv`, `summary.csv` and `count` pictures of each group into a folder."""
    figures = [
        {"figure": name, "value": one.value, "low": one.ci95[0], "high": one.ci95[1]}
        for name, one in finding.figures.items()
    ]
    tables = {"pairs.csv": finding.pairs, "images.csv": finding.images, "summary.csv": pd.DataFrame(figures)}
    for name, table in tables.items():
        text = table.map(_cell).to_csv(index=False, lineterminator="\n", float_format="%.6g")
        write_text(folder / name, text)
    alone = (finding.images["only_a"] + finding.images["only_b"]).nlargest(_SHOWN, keep="first").index
    worst = finding.images.loc[alone].itertuples(index=False, name=None)
    drawn = draw_pairs(finding, count, folder / "pictures")
    pictures = [(one, data_uri(one.path)) for one in drawn]
    page = (
        environment()
        .get_template("masks.html")
        .render(
            finding=finding,
            figures=_figures(finding),
            worst=worst,
            published=PUBLISHED_OF,
            pictures=pictures,
            panels=", ".join(PANELS),
            legend=[(name, "#{:02x}{:02x}{:02x}".format(*colour)) for name, colour in LEGEND],
        )
    )
    write_text(folder / "index.html", page)
    return [*(folder / name for name in ("index.html", *tables)), *(one.path for one in drawn)]


def _figures(finding: PairFinding) -> list[tuple[str, str, str, str]]:
    """Return each figure, its value and interval, and the published numbers it stands beside."""
    known = published_texts("mask_quality").set_index("quantity")
    lines = []
    for name, one in finding.figures.items():
        published = ""
        if name in _PUBLISHED:
            low, high = known.loc[_PUBLISHED[name], ["low", "high"]]
            published = str(low) if low == high else f"{low} to {high} (between annotators)"
        lines.append((name, number(one.value), ends(one), published))
    return lines


def _cell(value: object) -> object:
    return csv_cell(value) if isinstance(value, str) else value
