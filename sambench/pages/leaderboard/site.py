"""The pages of a leaderboard: one file each, which ask for nothing but each other."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from sambench.drawing.figures.pareto import pareto_front
from sambench.files.atomic import file_sha256, write_json, write_text
from sambench.files.json_text import JsonError, parse_json
from sambench.files.safe_names import inside
from sambench.pages.leaderboard.board_data import board_result
from sambench.pages.leaderboard.boards import Board, PublishedTable, Table, board_of
from sambench.pages.leaderboard.costs import pareto_of
from sambench.pages.leaderboard.entries import Entry
from sambench.pages.leaderboard.groups import check_patterns, group_runs
from sambench.pages.leaderboard.heat import heat_map
from sambench.pages.report.figures import svg_uri
from sambench.pages.report.gallery import stored_pictures
from sambench.pages.report.page import environment, footnotes
from sambench.pages.report.pictures import embed
from sambench.runs.summary import caption, interval
from sambench.tables.departures import published_beside
from sambench.tables.render import render
from sambench.types import COSTS, Metric

INDEX, DATA = "index.html", "leaderboard.json"
PICTURES = 4
"""Pictures on a run's page."""

PICTURE_BYTES = 4e6
"""Characters that the pictures of a page may take."""

HIGHEST_PAGES = ("runs/", "models/")
"""Folders of a site whose pages another site of the same folder may have left."""


@dataclass(frozen=True)
class Settings:
    """What a site is asked to be: its title, the switches that may differ, and the resampling."""

    title: str = "Leaderboard"
    compare: Sequence[str] = ()
    replicates: int = 2000
    seed: int = 0


def build_site(entries: Sequence[Entry], left_out: Sequence[str], out: Path, settings: Settings) -> list[Board]:
    """Write a site.

    Args:
        entries: Its runs.
        left_out: Sentences on what could not be used.
        out: The folder; pages of an earlier site there that are no page of this one are removed.
        settings: What it is asked to be.

    Returns:
        The boards, a task each.

    Raises:
        UsageError: A pattern of `compare` fits no run.
    """
    check_patterns(entries, settings.compare)
    tasks = dict.fromkeys(entry.task for entry in entries)
    boards = []
    for task in tasks:
        own = [entry for entry in entries if entry.task == task]
        groups = group_runs(own, settings.compare, settings.replicates, settings.seed)
        boards.append(board_of(task, groups, entries))
    pages = environment("sambench.pages.leaderboard", "leaderboard.js")
    common = {"site_title": settings.title}
    written = {INDEX: pages.get_template("board.html").render(**common, **_index(boards, left_out))}
    for entry in entries:
        written[entry.page] = pages.get_template("run.html").render(**common, **_run(entry, boards))
    for page in dict.fromkeys(entry.model_page for entry in entries):
        same = [entry for entry in entries if entry.model_page == page]
        written[page] = pages.get_template("model.html").render(**common, **_model(same, boards))
    _remove_earlier(out, set(written))
    for name, text in written.items():
        write_text(inside(out, name), text)
    write_json(inside(out, DATA), board_result(boards, left_out, settings.title, sorted(written)))
    return boards


def _remove_earlier(out: Path, kept: set[str]) -> None:
    """Remove the pages that an earlier site says it wrote into the same folder and this one does not write."""
    try:
        content = parse_json((out / DATA).read_bytes())
        pages = [str(one) for one in content["pages"]]
    except (OSError, JsonError, KeyError, TypeError):
        return
    for page in pages:
        if page not in kept and page.startswith(HIGHEST_PAGES) and page.endswith(".html") and page.count("/") == 1:
            inside(out, page).unlink(missing_ok=True)


def _index(boards: Sequence[Board], left_out: Sequence[str]) -> dict[str, Any]:
    """Gather what the first page shows."""
    sections = [
        {
            "board": board,
            "ranked": [(table, _pareto(table)) for table in board.tables if table.group.result is not None],
            "alone": [table for table in board.tables if table.group.result is None],
            "published": [_published(one) for one in board.published],
            "heat": heat_map(board),
        }
        for board in boards
    ]
    runs = sum(len(table.rows) for board in boards for table in board.tables)
    return {"sections": sections, "left_out": left_out, "runs": runs}


def _pareto(table: Table) -> dict[str, Any] | None:
    """Draw a table's runs by cost and first metric; None where fewer than two have a cost."""
    if not table.metrics:
        return None
    rows, metric = table.rows, table.metrics[0]
    points, axis, notes = pareto_of([row.entry for row in rows], [row.cost for row in rows], metric)
    if len(points) < 2:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        uri = svg_uri(pareto_front(points, (axis, metric), Path(scratch)))
    front = [one.model for one in points if one.standing == "on"]
    return {"uri": uri, "text": f"{metric} against {axis}. On the front: {'; '.join(front)}.", "notes": notes}


def _published(one: PublishedTable) -> dict[str, Any]:
    markup = Markup(render(one.table, [], one.title, "html"))  # it escapes cells
    return {"title": one.title, "html": markup, "notes": footnotes(one.notes)}


def _places(entry: Entry, boards: Sequence[Board]) -> tuple[Table, Any]:
    """Return the table and the row that a run stands in."""
    return next((table, row) for board in boards for table in board.tables for row in table.rows if row.entry is entry)


def _run(entry: Entry, boards: Sequence[Board]) -> dict[str, Any]:
    """Gather what a run's page shows."""
    table, row = _places(entry, boards)
    pictures = stored_pictures(entry.run)[:PICTURES]
    embed([pictures], PICTURE_BYTES)
    rows = entry.run.folder / "rows.parquet"
    hashes = {"run.json": entry.sha256, **entry.run.hashes}
    if "rows.parquet" not in hashes and rows.is_file():
        hashes["rows.parquet"] = file_sha256(rows)
    if entry.submission:
        hashes[entry.submission.name] = entry.submission.sha256
    return {
        "entry": entry,
        "row": row,
        "table": table,
        "caption": caption(entry.run),
        "beside": published_beside(entry.run),
        "standings": {name: table.group.standing(entry, name) for name in entry.run.metrics},
        "pictures": [one for one in pictures if one.thumbnail],
        "hashes": hashes,
        "is_number": is_number,
        "interval": interval,
        "cost_units": COSTS,
    }


def is_number(metric: Metric) -> bool:
    """Tell whether a metric has a value."""
    return metric.value == metric.value


def _model(entries: Sequence[Entry], boards: Sequence[Board]) -> dict[str, Any]:
    """Gather what a model's page shows."""
    listed = [(entry, *_places(entry, boards)) for entry in entries]
    return {"entries": listed, "first": entries[0], "model": entries[0].run.record}
