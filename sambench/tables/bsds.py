"""The Berkeley benchmark's result files of a stored run, for people whose plotting code reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sambench.errors import UsageError
from sambench.files.safe_names import safe_part
from sambench.metrics.boundary.scores import counts_of_rows, levels_of, summarize_counts
from sambench.metrics.regions.rows import regions_of_rows
from sambench.metrics.regions.scores import summarize_regions
from sambench.runs.run import Run
from sambench.tables import bsds_boundary, bsds_regions
from sambench.types import Row


def bsds_files(run: Run) -> dict[str, str]:
    """Return the content of every result file by name.

    Task edges gives `eval_bdry.txt`, `_thr` and `_img` and each image's `_ev1.txt`; task regions `eval_cover.txt`,
    `_th` and `_img`, `eval_RI_VOI.txt` and `_thr`, and each image's `_ev2.txt` to `_ev4.txt`. Images are numbered as
    the original numbers them: in the order of their files' names.

    Raises:
        UsageError: The run is of another task, or not finished.
    """
    task = run.record.task_name
    if task not in _WRITERS:
        raise UsageError(
            f"task {task} has no files in the benchmark's format",
            where=run.folder,
            mend=f"give a run of task {' or '.join(_WRITERS)}",
        )
    if not run.finished:
        raise UsageError(
            "the run is not finished", where=run.folder, mend="give the command that started it again to go on"
        )
    rows = run.rows()
    named = dict(zip(_file_names([row["sample_id"] for row in rows]), rows, strict=True))
    names = sorted(named, key=lambda name: f"{name}_ev")
    return _WRITERS[task](names, [named[name] for name in names])


def _file_names(ids: Sequence[str]) -> list[str]:
    """Name images by the last part of their ids, else by whole ids with "_" between parts, whichever tells them apart.

    Where neither does, the names of `safe_part` do, which no two ids share.
    """
    for names in ([one.rsplit("/", 1)[-1] for one in ids], [one.replace("/", "_") for one in ids]):
        if len(set(names)) == len(names):
            return [safe_part(name) for name in names]
    return [safe_part(one) for one in ids]


def _thresholds(rows: Sequence[Row], count: int) -> np.ndarray:
    """Return what the original calls thresholds: 1, 2, ... for stored segmentations."""
    segmentations = rows[0].get("levels") == "segs"
    return np.arange(1, count + 1, dtype=np.float64) if segmentations else levels_of(count)


def _edges(names: Sequence[str], rows: Sequence[Row]) -> dict[str, str]:
    counts = counts_of_rows(rows)
    thresholds = _thresholds(rows, counts.shape[1])
    scores = summarize_counts(counts, thresholds)
    return {
        "eval_bdry.txt": bsds_boundary.eval_bdry_text(scores),
        "eval_bdry_thr.txt": bsds_boundary.eval_bdry_thr_text(scores),
        "eval_bdry_img.txt": bsds_boundary.eval_bdry_img_text(scores),
        **{f"{n}_ev1.txt": bsds_boundary.ev1_text(one, thresholds) for n, one in zip(names, counts, strict=True)},
    }


def _regions(names: Sequence[str], rows: Sequence[Row]) -> dict[str, str]:
    images = [bsds_regions.rounded(one) for one in regions_of_rows(rows)]
    thresholds = _thresholds(rows, len(images[0].voi))
    scores = summarize_regions(images, thresholds)
    files = {
        "eval_cover.txt": bsds_regions.eval_cover_text(scores),
        "eval_cover_th.txt": bsds_regions.eval_cover_th_text(scores),
        "eval_cover_img.txt": bsds_regions.eval_cover_img_text(scores),
        "eval_RI_VOI.txt": bsds_regions.eval_ri_voi_text(scores),
        "eval_RI_VOI_thr.txt": bsds_regions.eval_ri_voi_thr_text(scores),
    }
    for name, one in zip(names, images, strict=True):
        files[f"{name}_ev2.txt"] = bsds_regions.ev2_text(one, thresholds)
        files[f"{name}_ev3.txt"] = bsds_regions.ev3_text(one)
        files[f"{name}_ev4.txt"] = bsds_regions.ev4_text(one, thresholds)
    return files


_WRITERS = {"edges": _edges, "regions": _regions}
