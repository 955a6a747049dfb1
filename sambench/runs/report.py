"""Runs on one page: tables, figures, metrics, times, provenance and galleries in one HTML file without requests."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sambench.runs.figures import precision_recall
from sambench.runs.points_figures import miou_against_clicks
from sambench.runs.recall_figure import recall_curves
from sambench.runs.report_figures import dataset_bars
from sambench.runs.store import Run
from sambench.runs.summary import interval, number
from sambench.runs.table_render import render
from sambench.runs.table_specs import table_names, table_spec
from sambench.runs.tables import build_table
from sambench.types import Metric
from sambench.version import __version__

Draw = Callable[[Sequence[Run], Path], list[Path]]

FIGURES: dict[str, list[tuple[Draw, str]]] = {
    "edges": [(precision_recall, "Boundary precision against recall; dots: each run's best threshold (ODS)")],
    "points": [
        (miou_against_clicks, "Mean IoU against clicks; stars: the best of the candidates"),
        (dataset_bars, "Mean IoU at one click, data set by data set"),
    ],
    "proposals": [(recall_curves, "Recall against the number of proposals, and against the overlap a match needs")],
}
COLOURS = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1")
KEPT = ("identity", "model", "data", "code", "environment", "sessions", "finished", "cache", "counts")
WIDTH = 960
"""Pixels that pictures are made narrower than."""


@dataclass(frozen=True)
class Picture:
    """One image of a gallery.

    Attributes:
        path: Its file.
        told: What is said of it: the sample and its score.
    """

    path: Path
    told: str


Galleries = Mapping[Path, Mapping[str, Sequence[Picture]]]
"""Run folder -> title -> pictures."""


def build_report(
    runs: Sequence[Run], galleries: Galleries, title: str, max_mb: float, notes: Sequence[str] = ()
) -> str:
    """Put finished runs on one page.

    Args:
        runs: The runs, in the order shown.
        galleries: Their pictures.
        title: The page's title.
        max_mb: Pictures are left out, the last ones first, so that the page stays below this; the page says so.
        notes: Whatever else is to be said at its top.

    Returns:
        The HTML; the same runs and pictures give the same bytes.
    """
    from jinja2 import Environment

    budget = _Budget(int(max_mb * 1e6))
    shown = [_run(run, galleries.get(run.folder, {}), budget) for run in runs]
    told = [*notes]
    if budget.left_out:
        told.append(f"{budget.left_out} pictures were left out to stay below {max_mb:g} MB (max_mb= changes that).")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("sambench.runs").joinpath("report.html.j2").read_text(encoding="utf-8"))
    return template.render(title=title, version=__version__, runs=shown, tasks=_tasks(runs), notes=told)


def _tasks(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return table and figures of each task that has runs."""
    from markupsafe import Markup

    told = []
    for task in dict.fromkeys(run.record["identity"]["task"]["name"] for run in runs):
        own = [run for run in runs if run.record["identity"]["task"]["name"] == task]
        table, title = "", task
        if task in table_names():
            spec = table_spec(task)
            title = spec.title
            table = render(*build_table(spec, own), spec.title, "html")
        figures = []
        with TemporaryDirectory() as folder:
            for draw, caption in FIGURES.get(task, []):
                drawn = [path for path in draw(own, Path(folder)) if path.suffix == ".svg"]
                figures += [
                    {"source": _data_uri(path.read_bytes(), "image/svg+xml"), "caption": caption} for path in drawn
                ]
        told.append({"name": task, "title": title, "table": Markup(table), "figures": figures})  # render escapes cells
    return told


def _run(run: Run, galleries: Mapping[str, Sequence[Picture]], budget: _Budget) -> dict[str, Any]:
    record = run.record
    timings = dict(record.get("timings", {}))
    wall = timings.pop("wall", {}).get("seconds")
    total = sum(stage["seconds"] for stage in timings.values()) or 1
    stages = [
        {
            "name": name,
            "seconds": f"{t['seconds']:.1f}",
            "percent": f"{100 * t['seconds'] / total:.2f}",
            "colour": colour,
        }
        for (name, t), colour in zip(timings.items(), COLOURS, strict=False)
    ]
    data = record["data"]
    groups = []
    for title, pictures in galleries.items():
        sources = [(picture.told, budget.source(picture.path)) for picture in pictures]
        kept = [{"told": told, "source": source} for told, source in sources if source]
        if kept:
            groups.append({"title": title, "pictures": kept})
    return {
        "title": f"{record['identity']['task']['name']}: {record['model']['name']} ({run.folder.name})",
        "data": f"{data['card']['title']} {data['split']}, {data['samples']} images",
        "metrics": [_metric(name, metric) for name, metric in run.metrics.items()],
        "stages": stages,
        "wall": "" if wall is None else f"{wall:.1f}",
        "galleries": groups,
        "provenance": json.dumps({key: record[key] for key in KEPT if key in record}, indent=2, ensure_ascii=False),
    }


def _metric(name: str, metric: Metric) -> dict[str, Any]:
    """Return a metric's texts, and where its value and interval lie on a scale from 0 to 1 in per cent."""
    low, high = metric.ci95 or (float("nan"), float("nan"))
    fits = 0 <= low <= high <= 1
    return {
        "name": name,
        "value": number(metric.value),
        "interval": interval(metric),
        "n": metric.n,
        "at": round(100 * metric.value, 2) if fits else 0,
        "low": round(100 * low, 2) if fits else None,
        "high": round(100 * high, 2) if fits else None,
    }


class _Budget:
    """Turns pictures into data URIs while there is room."""

    def __init__(self, size: int) -> None:
        self.room = size
        self.left_out = 0

    def source(self, path: Path) -> str:
        """Return a picture as a JPEG data URI, or nothing where it does not fit any more."""
        from PIL import Image

        with Image.open(path) as image:
            picture = image.convert("RGB")
        if picture.width > WIDTH:
            picture = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)))
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=82)
        uri = _data_uri(file.getvalue(), "image/jpeg")
        if len(uri) > self.room:
            self.left_out += 1
            return ""
        self.room -= len(uri)
        return uri


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
