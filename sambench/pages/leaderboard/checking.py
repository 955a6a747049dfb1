"""Whether a submission's metrics follow from its rows: they are made again and held against what it says."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image

from sambench.engine.resummary import metrics_of_rows
from sambench.errors import RunError, SambenchError, listing
from sambench.files.version import __version__
from sambench.pages.leaderboard.submission import Submission, open_submission
from sambench.runs.run import Run
from sambench.runs.seals import keys_sha256
from sambench.types import Metric

ALIKE = 1e-9
"""How far a value or an end of an interval may lie from what this machine makes of the same rows."""

OF_OBJECTS = ("points", "noise")
"""Tasks with a row an object, not an image."""

_EDITED = "hand in the run as it was scored: sambench leaderboard submit RUN by=NAME"


def check_submission(path: Path, scratch: Path) -> tuple[Submission, Run]:
    """Check hashes, rows, metrics and pictures of a file that was handed in.

    Args:
        path: The file.
        scratch: A folder of this process, to unpack it in.

    Raises:
        SambenchError: Something in it was changed, does not follow from its rows or cannot be read.
    """
    submission, run = open_submission(path, scratch)
    if not run.finished:
        raise RunError("the run that was handed in is not finished", where=path, mend="finish it and hand it in again")
    check_rows(run, path)
    check_metrics(run, path)
    check_pictures(run, path)
    return submission, run


def check_rows(run: Run, where: Path) -> None:
    """Refuse rows that are not of the samples that the run says it scored.

    A task with a row an object has none of an image without objects: there as many rows are asked for as were written.

    Raises:
        RunError: Samples were left out or added.
    """
    rows = run.rows()
    ids = list(dict.fromkeys(row["sample_id"] for row in rows))
    missing, identity = list(run.record.model.missing), run.record.identity.data
    left_out = bool(missing) and run.record.model.missing_means == "left out"
    scored = identity.samples - len(missing) if left_out else identity.samples
    if run.record.task_name in OF_OBJECTS and len(ids) < scored and len(rows) == run.record.counts.get("rows"):
        return
    if len(ids) != scored or (not left_out and keys_sha256(ids) != identity.keys_sha256):
        what = f"the rows are of {len(ids)} samples that are not those the run says it scored ({identity.samples})"
        raise RunError(what, where=where, mend=_EDITED)


def check_metrics(run: Run, where: Path) -> None:
    """Make a run's metrics again from its rows and hold them against those that it says.

    Raises:
        RunError: One differs, is missing or was added; the first is named with both values.
    """
    stated = run.metrics
    try:
        remade = metrics_of_rows(run, run.rows(), whole=not any(", in part" in name for name in stated))
    except SambenchError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError) as error:
        what = f"no metrics can be made of the rows: {type(error).__name__}: {error}"
        raise RunError(what, where=where, mend=_EDITED) from error
    if remade.keys() != stated.keys():
        odd = sorted(remade.keys() ^ stated.keys())
        what = f"the metrics are not those that the rows give: {listing(odd)}"
        raise RunError(what, where=where, mend=_EDITED)
    for name in stated:
        if fault := difference(stated[name], remade[name]):
            version = run.record.code.version
            other = f"; it was scored by sambench {version}, this is {__version__}" if version != __version__ else ""
            raise RunError(f"{name} does not follow from the rows: {fault}{other}", where=where, mend=_EDITED)


def difference(stated: Metric, remade: Metric) -> str:
    """Say how a metric differs from what the rows give; nothing where it does not."""
    if not _same(stated.value, remade.value):
        return f"{stated.value:.6g} is told, {remade.value:.6g} is found"
    if (stated.ci95 is None) != (remade.ci95 is None) or not all(
        _same(*ends) for ends in zip(stated.ci95 or (), remade.ci95 or (), strict=True)
    ):
        return f"the interval {_ends(stated)} is told, {_ends(remade)} is found"
    for key in ("n", "support", "higher_is_better", "unit", "reference", "note"):
        if getattr(stated, key) != getattr(remade, key):
            return f"{key} {getattr(stated, key)!r} is told, {getattr(remade, key)!r} is found"
    return ""


def _same(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=ALIKE, abs_tol=ALIKE)


def _ends(metric: Metric) -> str:
    return "none" if metric.ci95 is None else "[{:.6g}, {:.6g}]".format(*metric.ci95)


def check_pictures(run: Run, where: Path) -> None:
    """Refuse pictures that cannot be read as PNG.

    Raises:
        RunError: There is one.
    """
    for path in sorted((run.folder / "pictures").rglob("*.png")):
        try:
            with Image.open(path, formats=["PNG"]) as image:
                image.load()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise RunError(f"pictures/{path.name} cannot be read: {error}", where=where, mend=_EDITED) from error
