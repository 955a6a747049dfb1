"""Figures of clicked masks: mIoU against clicks, differences by data set, and a gallery from worst to best."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sambench.datasets.base import Dataset
from sambench.drawing.figures.parts import add_legend, drawing, name_ticks, save_figure
from sambench.drawing.pictures.clicks import object_strip, stacked
from sambench.drawing.pictures.overlay import save_png
from sambench.errors import RunError
from sambench.masks.rle import areas
from sambench.metrics.bootstrap import mean_ci95
from sambench.metrics.published import published
from sambench.predictions.click_records import ClickFolder
from sambench.runs.run import Run
from sambench.tables.departures import departure, is_own
from sambench.tables.specs import table_spec
from sambench.types import Metric, Row

ENDINGS = ("png", "svg")


class IouDifference(NamedTuple):
    """Mean IoU of one run less another's on one data set, its 95 % interval, and the masks both have."""

    value: float
    ci95: tuple[float, float]
    masks: int


def miou_against_clicks(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Draw mean IoU after each number of clicks with its interval, and the oracle at one click as a star.

    Args:
        runs: Finished runs of the points task.
        folder: Where `miou_against_clicks.png` and `.svg` are written.

    Returns:
        The two files.
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(5.6, 4.2), layout="constrained")
        axes = figure.add_subplot(xlabel="clicks", ylabel="mean IoU", ylim=(0, 1))
        ticks: set[int] = set()
        for run in runs:
            curve = headline(run, "mIoU")
            means = np.array([metric.value for metric in curve.values()])
            ends = np.array([metric.ci95 or (np.nan, np.nan) for metric in curve.values()]).T
            label = f"{run.label}, {run.record.data.name}"
            bars = axes.errorbar(
                list(curve), means, np.abs(ends - means), marker="o", markersize=4, capsize=3, label=label
            )
            for count, metric in headline(run, "oracle").items():
                axes.plot(count, metric.value, "*", color=bars[0].get_color(), markersize=11)
            ticks |= set(curve)
        axes.grid(color="0.9")
        if runs:
            add_legend(axes, loc="lower right", fontsize=8, title="star: best of the candidates", title_fontsize=8)
        name_ticks(axes, sorted(ticks), list(map(str, sorted(ticks))))
        return [save_figure(figure, folder / f"miou_against_clicks.{ending}") for ending in ENDINGS]


def headline(run: Run, kind: str) -> dict[int, Metric]:
    """Return a run's metrics of a kind ("mIoU", "oracle") over all its data, by number of clicks."""
    by_clicks = {}
    for name, metric in run.metrics.items():
        if match := re.fullmatch(rf"{kind}@(\d+)( \(.*\))?", name):
            by_clicks[int(match[1])] = metric
    return dict(sorted(by_clicks.items()))


def dataset_differences(
    run: Run, baseline: Run | str, folder: Path, clicks: int = 1, published_beside: bool = True
) -> list[Path]:
    """Draw the difference in mean IoU data set by data set, largest gain first, as figure 9a of the paper.

    Args:
        run: A finished run of the points task.
        baseline: Another, compared mask by mask; or "TABLE/COLUMN" of published values by data set, a file of
            `results/reference` with a column `dataset`.
        folder: Where `dataset_differences.png` and `.svg` are written.
        clicks: After how many clicks.
        published_beside: Mark the paper's differences between SAM and RITM (figure 9a) where the run answers to them,
            on all of the paper's data and by its protocol.

    Returns:
        The two files.

    Raises:
        RunError: The two have no data set in common.
    """
    from matplotlib.figure import Figure

    by_dataset = differences(run, baseline, clicks)
    order = sorted(by_dataset, key=lambda name: by_dataset[name].value)
    values = np.array([by_dataset[name].value for name in order])
    ends = np.array([by_dataset[name].ci95 for name in order]).T
    labels = [f"{name}  {by_dataset[name].value:+.3f}" for name in order]
    against = baseline if isinstance(baseline, str) else baseline.label
    with drawing():
        figure = Figure(figsize=(6.4, 1.4 + 0.28 * len(order)), layout="constrained")
        axes = figure.add_subplot(xlabel=f"difference in mean IoU at {clicks} click{'s' * (clicks > 1)}")
        colours = ["tab:blue" if value >= 0 else "tab:orange" for value in values]
        axes.barh(labels, values, color=colours, xerr=np.abs(ends - values), ecolor="0.3", capsize=2)
        answers = published_beside and clicks == 1 and departure(run, table_spec("points_datasets")).comparable
        beside = published_column("points_fig9a/SAM - RITM") if answers else {}
        marked = {label: beside[name] for label, name in zip(labels, order, strict=True) if name in beside}
        if marked:
            axes.plot(list(marked.values()), list(marked), "D", color="k", markersize=4, fillstyle="none",
                      linestyle="none", label="SAM - RITM (paper, figure 9a)")  # fmt: skip
            add_legend(axes, loc="lower right", fontsize=8)
        axes.axvline(0, color="0.4", linewidth=0.8)
        axes.set_title(f"{run.label} - {against}", fontsize=10)
        return [save_figure(figure, folder / f"dataset_differences.{ending}") for ending in ENDINGS]


def differences(run: Run, baseline: Run | str, clicks: int = 1) -> dict[str, IouDifference]:
    """Compare two runs mask by mask, or a run with published means, data set by data set (`dataset_differences`)."""
    own = _by_object(run, clicks)
    by_dataset: dict[str, IouDifference] = {}
    if isinstance(baseline, str):
        if is_own(run):
            raise RunError(
                "no published number answers to one's own data", where=run.folder, mend="compare it with another run"
            )
        means = published_column(baseline)
        pairs = {key: (row["iou"], means[key[0]]) for key, row in own.items() if key[0] in means}
    else:
        other = _by_object(baseline, clicks)
        pairs = {key: (row["iou"], other[key]["iou"]) for key, row in own.items() if key in other}
    for name in dict.fromkeys(key[0] for key in pairs):
        gains = {key: a - b for key, (a, b) in pairs.items() if key[0] == name}
        images: dict[str, int] = {}
        image_indices = np.array([images.setdefault(sample, len(images)) for _, sample, _ in gains])
        values, counts = np.array(list(gains.values())), np.bincount(image_indices)
        interval = mean_ci95(np.bincount(image_indices, values) / counts, counts, bounds=(-1.0, 1.0))
        by_dataset[name] = IouDifference(float(values.mean()), interval, len(values))
    if not by_dataset:
        raise RunError(
            f"nothing to compare: no mask after {clicks} click(s) is in both",
            where=run.folder,
            mend="compare runs over the same data whose task.clicks hold that number",
        )
    return by_dataset


def published_column(reference: str) -> dict[str, float]:
    """Return data set -> published value of "TABLE/COLUMN"."""
    table, _, column = reference.partition("/")
    rows = published(table)
    if "dataset" not in rows or column not in rows:
        raise RunError(f"there is no column {column!r} by data set", where=f"results/reference/{table}.csv")
    return {name: float(value) for name, value in zip(rows["dataset"], rows[column], strict=True)}


def gallery(
    run: Run, dataset: Dataset, folder: Path, clicks: int | None = None, each: int = 3, predictions: Path | None = None
) -> Path | None:
    """Draw the worst, the middle and the best masks of a run with their clicks and candidates.

    Args:
        run: A finished run of the points task.
        dataset: The data it was run on.
        folder: Where `gallery.png` is written.
        clicks: After how many clicks masks are ranked by IoU; equal ones by image and object. None takes the fewest.
        each: How many of each kind.
        predictions: Where the masks are, None for the run's own.

    Returns:
        The file, None where no object was clicked on.
    """
    fewest = min((row["clicks"] for row in run.rows()), default=1) if clicks is None else clicks
    clicked = [row for row in _by_object(run, fewest).values() if _is_clicked(row, dataset)]
    ranked = sorted(clicked, key=lambda row: (row["iou"], row["sample_id"], row["object"]))
    if not ranked:
        return None
    each = min(each, len(ranked))
    middle = (len(ranked) - each) // 2
    kinds = {"worst": ranked[:each], "median": ranked[middle : middle + each], "best": ranked[len(ranked) - each :]}
    stored, counts = run.predictions if predictions is None else predictions, run.record.switches["clicks"]

    def strip(row: Row, kind: str) -> np.ndarray:
        return _strip(ClickFolder(stored, dataset.keys, counts, lambda _: [row["object"]]), dataset, row, kind)

    strips = [strip(row, kind) for kind, rows in kinds.items() for row in rows]
    return save_png(stacked(strips), folder / "gallery.png")


def _is_clicked(row: Row, dataset: Dataset) -> bool:
    """Tell an object that was clicked on from one that has no pixel, whose row is all zeros (`task.no_pixels=zero`)."""
    if row["iou"] or row["predicted_iou"]:
        return True
    annotations = dataset.load(row["sample_id"]).target.annotations
    return bool(areas([one.rle for one in annotations if str(one.id) == row["object"]]).any())


def _strip(reader: ClickFolder, dataset: Dataset, row: Row, kind: str) -> np.ndarray:
    """Draw the object of a row."""
    sample = dataset.load(row["sample_id"])
    clicked = reader.read(sample).clicked
    own = next(one for one in sample.target.annotations if str(one.id) == row["object"])
    if clicked is None:
        raise RunError("the mask of a row is not stored", where=reader.folder, mend="run it again")
    return object_strip(sample.image, own, clicked, 0, f"{kind}: {row['iou']:.2f}, object {row['object']}")


def _by_object(run: Run, clicks: int) -> dict[tuple[str, str, str], Row]:
    """Return a run's rows after a number of clicks by data set, image and object."""
    return {(row["dataset"], row["sample_id"], row["object"]): row for row in run.rows() if row["clicks"] == clicks}
