"""What all figures are made with: a legend that leaves room for the figure, and equal files of equal figures."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sambench.files.atomic import atomic_path

NAMED = 12
"""Lines that a legend names; with more than that it would take the place of the figure."""


def drawing(font_size: int = 10) -> AbstractContextManager[None]:
    """Return what all figures are drawn under: equal figures are equal files, and no text is read as mathematics."""
    import matplotlib as mpl

    return mpl.rc_context({"svg.hashsalt": "sambench", "text.parse_math": False, "font.size": font_size})


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


def save_figure(figure: object, path: Path) -> Path:
    """Write a figure atomically, without the date that would make equal figures differ."""
    kind = path.suffix[1:]
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=150, metadata=metadata)  # type: ignore[attr-defined]
    return path
