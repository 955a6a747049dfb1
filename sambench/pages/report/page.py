"""The page of a report: one HTML file that asks for nothing beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from sambench.pages.report import parts
from sambench.pages.report.extras import Extra
from sambench.pages.report.figures import task_figures
from sambench.pages.report.pictures import Shown
from sambench.runs.run import Run, with_distinct_names
from sambench.runs.summary import caption, label, number
from sambench.tables.build import build_own_table, build_table
from sambench.tables.departures import is_own
from sambench.tables.render import render
from sambench.tables.specs import first_of_task, table_names, table_spec

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class ReportedRun:
    """A run on the page: the letter it is called by, its caption, and its images."""

    label: str
    run: Run
    caption: str
    gallery: Sequence[Shown]


def build_page(
    runs: Sequence[Run],
    galleries: Sequence[Sequence[Shown]],
    notes: Sequence[str],
    scratch: Path,
    extras: Sequence[Extra] = (),
) -> str:
    """Write the page.

    Args:
        runs: Finished runs, in the order in which they are shown.
        galleries: The images of each, as `sambench.pages.report.pictures.embed` left them.
        notes: Sentences on what is left out.
        scratch: A folder for the figures' files.
        extras: Sections beside those of tasks.

    Returns:
        HTML; the same runs and pictures give the same text.
    """
    entries = [
        ReportedRun(label(index), run, caption(run), [one for one in gallery if one.thumbnail])
        for index, (run, gallery) in enumerate(zip(with_distinct_names(runs), galleries, strict=True))
    ]
    grouped: dict[str, list[ReportedRun]] = {}
    for entry in entries:
        grouped.setdefault(entry.run.record.task_name, []).append(entry)
    all_notes, sections = list(notes), []
    for task, own in grouped.items():
        section, more = _section(task, own, scratch / task)
        sections.append(section)
        all_notes += more
    return (
        environment()
        .get_template("report.html")
        .render(entries=entries, sections=sections, notes=all_notes, extras=extras)
    )


def _section(task: str, entries: Sequence[ReportedRun], scratch: Path) -> tuple[dict[str, Any], list[str]]:
    """Gather what the page says of one task."""
    runs = [entry.run for entry in entries]
    figures, notes = task_figures(task, runs, scratch)
    metrics = parts.metric_lines(runs, [entry.label for entry in entries])
    section = {"task": task, "entries": entries, "metrics": metrics, "figures": figures, "tables": _tables(task, runs)}
    return section, notes


def _tables(task: str, runs: Sequence[Run]) -> list[Mapping[str, Any]]:
    """Make the tables that one of the runs stands in."""
    tables: list[Mapping[str, Any]] = []
    for name in table_names():
        spec = table_spec(name)
        if spec.task != task:
            continue
        table, notes = build_table(spec, runs)
        names = {run.folder.name for run in runs}
        measured = table["source"].isin([f"measured, {one}" for one in names]).any()
        if measured or (spec.rows == "dataset" and any(note.split("] ")[-1].split(";")[0] in names for note in notes)):
            markup = Markup(render(table, [], spec.title, "html"))  # it escapes cells
            tables.append({"title": spec.title, "html": markup, "notes": footnotes(notes)})
        own = [run for run in runs if is_own(run)]
        if own and spec.published and first_of_task(spec):
            table, notes, title = build_own_table(spec, own)
            tables.append({"title": title, "html": Markup(render(table, [], title, "html")), "notes": footnotes(notes)})
    return tables


def footnotes(notes: Sequence[str]) -> list[tuple[str | None, ...]]:
    """Split footnotes into (number, text)."""
    matches = [re.fullmatch(r"(?:\[(\d+)\] )?(.*)", note, re.DOTALL) for note in notes]
    return [match.groups() for match in matches if match]


def _policy(script: str) -> Markup:
    """Return a Content-Security-Policy that lets the page's own script run, known by its hash, and nothing else."""
    own = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    sources = ["default-src 'none'", "img-src data:", "style-src 'unsafe-inline'", f"script-src 'sha256-{own}'"]
    return Markup("; ".join([*sources, "base-uri 'none'", "form-action 'none'"]))


def environment(package: str = "sambench.pages.report", script: str = "report.js") -> Any:
    """Make the environment of the templates of pages, which escapes every text.

    Args:
        package: Whose `templates` folder is looked into before the report's own.
        script: The template that the pages run, and nothing else.
    """
    folders = [files(name) / "templates" for name in dict.fromkeys((package, "sambench.pages.report"))]

    def source(name: str) -> str:
        path = next((folder / name for folder in folders if (folder / name).is_file()), folders[-1] / name)
        return path.read_text(encoding="utf-8")

    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    code = source(script)
    made.globals.update(style=Markup(source("report.css")), script=Markup(code), policy=_policy(code), parts=parts)
    made.filters.update(number=number, coded=parts.coded)
    return made
