"""What all figures are made with: a legend that leaves room for the figure, and equal files of equal figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import Any

from sambench.files.atomic import atomic_path

RUN_COLOURS = (
    *("#1f77b4", "#d9700a", "#2a8a2a", "#c02728", "#8559b0"),
    *("#80503f", "#c04f9e", "#6b6f74", "#85851a", "#1593a5"),
)
"""Of the first run, the second and so on: those of the dots on a report (`report.css`)."""

_APART = 4.0
"""Pixels between the names of ticks."""

NAMED = 12
"""Lines that a legend names; with more than that it would take the place of the figure."""


def drawing(font_size: int = 10) -> AbstractContextManager[None]:
    """Return what all figures are drawn under: equal figures are equal files, and no text is read as mathematics."""
    import matplotlib as mpl
    from matplotlib.rcsetup import cycler

    return mpl.rc_context(
        {
            "svg.hashsalt": "sambench",
            "text.parse_math": False,
            "font.size": font_size,
            "axes.prop_cycle": cycler(color=list(RUN_COLOURS)),
        }
    )


def add_legend(axes: Any, **layout: Any) -> None:
    """Add a legend to a matplotlib `Axes`; of many lines it names the first and says how many more there are."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) > NAMED:
        (more,) = axes.plot([], [], linestyle="none")
        handles = [*handles[:NAMED], more]
        labels = [*labels[:NAMED], f"and {len(labels) - NAMED} more"]
    axes.legend(handles, labels, **layout)


def plain_ticks(*axes: Any) -> None:
    """Write the ticks of logarithmic axes (`Axes.xaxis`, `.yaxis`) as numbers: text is never read as mathematics."""
    for axis in axes:
        axis.set_major_formatter("{x:g}")


def name_ticks(axes: Any, positions: Sequence[float], names: Sequence[str]) -> None:
    """Name positions of the x axis of a matplotlib `Axes`, slanted where names would run into each other.

    Args:
        axes: Drawn already: the room that names have is measured.
        positions: Where ticks stand, ascending.
        names: One a tick.
    """
    axes.set_xticks(positions, names)
    axes.figure.draw_without_rendering()
    boxes = [one.get_window_extent() for one in axes.get_xticklabels()]
    if all(right.x0 - left.x1 >= _APART for left, right in pairwise(boxes)):
        return
    room = min(right.x0 + right.x1 - left.x0 - left.x1 for left, right in pairwise(boxes)) / 2
    height = max(box.height for box in boxes) + _APART
    angle = next((one for one in (30, 60) if room * math.sin(math.radians(one)) >= height), 90)
    for one in axes.get_xticklabels():
        one.set(rotation=angle, rotation_mode="anchor", horizontalalignment="right", verticalalignment="center")


def save_figure(figure: object, path: Path) -> Path:
    """Write a figure atomically, without the date that would make equal figures differ."""
    kind = path.suffix[1:]
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=150, metadata=metadata)  # type: ignore[attr-defined]
    return path
