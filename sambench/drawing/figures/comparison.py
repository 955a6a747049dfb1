"""The figure of a comparison: how far each run is from the best, metric by metric."""

from __future__ import annotations

from pathlib import Path

from sambench.drawing.figures.parts import drawing, save_figure
from sambench.gates.standings import BEHIND, BEST, CompareResult, Standing

COLUMNS = 3
_COLOURS = {BEST: "#1b5e20", BEHIND: "#b71c1c"}
_OPEN = "#455a64"


def draw_standings(result: CompareResult, folder: Path) -> list[Path]:
    """Draw each run's difference to the best one of each metric with its simultaneous interval.

    A bar that leaves out zero is a run that is behind the best. Runs without an interval have a hollow mark.

    Args:
        result: Of comparable runs.
        folder: Where `compare.png` and `.svg` are written.

    Returns:
        The two files.
    """
    from matplotlib.figure import Figure

    metrics = result.metrics
    across = 2 if len(metrics) in (2, 4) else min(COLUMNS, len(metrics))
    down = -(-len(metrics) // across)
    size = (3.4 * across + 0.6, (0.9 + 0.32 * len(result.runs)) * down + 0.6)
    with drawing(9):
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(down, across, squeeze=False)
        for axes in panels.flat[len(metrics) :]:
            axes.set_axis_off()
        for axes, metric in zip(panels.flat, metrics, strict=False):
            ranked = [one for one in result.ranking if one.metric == metric]
            for height, one in enumerate(ranked):
                _draw(axes, result, ranked[0], one, height)
            axes.axvline(0, color="0.7", linewidth=0.8, zorder=0)
            axes.set_yticks(range(len(ranked)), [f"{one.run}  {one.value:.3f}" for one in ranked])
            axes.set(ylim=(len(ranked) - 0.5, -0.5))
            axes.locator_params(axis="x", nbins=4)
            axes.set_title(metric, fontsize=10)
            axes.spines[["top", "right"]].set_visible(False)
        figure.supxlabel(f"difference to the best, simultaneous {100 * (1 - result.alpha):g} % intervals", fontsize=9)
        return [save_figure(figure, folder / f"compare.{ending}") for ending in ("png", "svg")]


def _draw(axes: object, result: CompareResult, best: Standing, one: Standing, height: int) -> None:
    """Draw one run's mark and its interval against the best run."""
    difference = one.value - best.value
    colour = _COLOURS.get(one.told, _OPEN)
    ends = next(
        (
            pair.interval if pair.first == one.run else (-pair.interval[1], -pair.interval[0])
            for pair in result.pairs
            if pair.metric == one.metric and {pair.first, pair.second} == {one.run, best.run}
        ),
        (0.0, 0.0),
    )
    known = ends[0] == ends[0]
    if known and one is not best:
        axes.plot(ends, (height, height), color=colour, linewidth=2)  # type: ignore[attr-defined]
    face = colour if known else "white"
    axes.plot(difference, height, "o", color=colour, markerfacecolor=face, markersize=6)  # type: ignore[attr-defined]
