"""Figures of a report: those the tables have, as SVG data URIs with a text that says what they show."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sambench.drawing.figures.clicks import dataset_differences, miou_against_clicks
from sambench.drawing.figures.concepts import thresholds_and_presence
from sambench.drawing.figures.datasets import dataset_bars
from sambench.drawing.figures.latency import cost_curves
from sambench.drawing.figures.noise import iou_against_noise
from sambench.drawing.figures.precision_recall import precision_recall
from sambench.drawing.figures.recall import recall_curves
from sambench.errors import RunError
from sambench.runs.run import Run


class EmbeddedFigure(NamedTuple):
    """A figure ready for the page: its caption, what it shows in words, and its data URI."""

    title: str
    text: str
    uri: str


def task_figures(task: str, runs: Sequence[Run], scratch: Path) -> tuple[list[EmbeddedFigure], list[str]]:
    """Draw the figures of one task's runs.

    Args:
        task: The task's name.
        runs: Its finished runs.
        scratch: A folder for the files.

    Returns:
        The figures, and in sentences what could not be drawn and why.
    """
    drawers = {
        "concepts": (
            "Text prompts by lowest score, and how far presence can be believed",
            thresholds_and_presence,
        ),
        "edges": ("Precision against recall", precision_recall),
        "latency": ("What a mask costs where many are asked of one image", cost_curves),
        "noise": ("Mean and worst IoU against the strength of the noise", iou_against_noise),
        "points": ("Mean IoU against clicks", miou_against_clicks),
        "proposals": ("Recall against the number of proposals and against overlap", recall_curves),
    }
    figures, notes = [], []
    if task in drawers:
        title, draw = drawers[task]
        figures.append(EmbeddedFigure(title, f"{title}: {_titles(runs)}", svg_uri(draw(list(runs), scratch))))
    if task == "points":
        if bars := dataset_bars(list(runs), scratch):
            title = "Mean IoU at one click, by data set"
            figures.append(EmbeddedFigure(title, f"{title}: {_titles(runs)}", svg_uri(bars)))
        for index, run in enumerate(runs[1:]):
            title = f"Mean IoU of {run.folder.name} less that of {runs[0].folder.name}, by data set"
            try:
                paths = dataset_differences(run, runs[0], scratch / str(index))
            except RunError as error:
                notes.append(f"{title} is not drawn: {str(error).splitlines()[0]}")
            else:
                figures.append(EmbeddedFigure(title, title, svg_uri(paths)))
    return figures, notes


def _titles(runs: Sequence[Run]) -> str:
    return "; ".join(f"{run.label} on {run.record.data.name}" for run in runs)


def svg_uri(paths: Sequence[Path]) -> str:
    """Return the SVG file among a figure's files as a data URI."""
    (path,) = [path for path in paths if path.suffix == ".svg"]
    return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
