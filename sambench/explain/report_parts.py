"""What a report says of why masks are wrong: each run's parts of the loss, its confidence, likely label errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sambench.errors import UsageError
from sambench.explain.confidence import FIGURES
from sambench.explain.labels_output import SHOWN
from sambench.explain.page import Finding, ends
from sambench.explain.summary import LOSS, Estimate
from sambench.metrics.anatomy.parts import PARTS
from sambench.pages.report.extras import Extra, table_part
from sambench.pages.report.figures import EmbeddedFigure
from sambench.runs.summary import number

_LABELS = {
    "sample_id": "image",
    "object": "object",
    "told": "what is said",
    "score": "score",
    "agreement": "models agree",
}
"""Column of `labels.parquet` -> its head on the page."""


def explained(findings: Sequence[tuple[str, Finding]], scratch: Path) -> Extra | None:
    """Tell where the loss of runs is, and how far their confidence can be believed.

    Args:
        findings: The letter of each run that could be explained, and what was found.
        scratch: A folder for figures' files.

    Returns:
        None without any.
    """
    if not findings:
        return None
    parts = {"part": [LOSS, *PARTS]}
    parts |= {label: [_mean(one, part) for part in (LOSS, *PARTS)] for label, one in findings}
    parts["what it is"] = ["what masks lack to an IoU of 1, the mean over objects", *PARTS.values()]
    tables = [table_part("Parts of the loss", pd.DataFrame(parts))]
    believed = [
        {"run": label, "estimate": name, **{figure: _estimate(own.figures[figure]) for figure in FIGURES}}
        for label, one in findings
        for name, own in one.confidence.items()
    ]
    if believed:
        notes = [f"{name}: {about}" for name, about in FIGURES.items()]
        tables.append(table_part("How far confidence can be believed", pd.DataFrame(believed), notes))
    figures = [
        EmbeddedFigure(
            f"{label}: mean IoU against {name}, and what masks lack to an IoU of 1 against the share that is kept",
            f"{label}: reliability of {name}; risk against coverage",
            own.drawn(scratch / label / str(index), name),
        )
        for label, one in findings
        for index, (name, own) in enumerate(one.confidence.items())
    ]
    lead = [f"{label}: {one.verdicts[0]}" for label, one in findings]
    return Extra("explained", "Why masks are wrong", lead, tables, figures)


def suspected(folder: Path) -> Extra:
    """Tell the likeliest label errors that `sambench explain find=labels out=FOLDER` found.

    Raises:
        UsageError: The folder holds none.
    """
    path, mend = folder / "labels.parquet", "give the folder of `sambench explain runs=[A,B] find=labels out=FOLDER`"
    try:
        frame = pd.read_parquet(path)[list(_LABELS)]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError("there are no likely label errors here", where=path, mend=mend) from error
    shown = frame.head(SHOWN).rename(columns=_LABELS)
    for name in ("score", "models agree"):
        shown[name] = shown[name].map(number)
    text = (
        f"The {len(shown)} likeliest of {len(frame)}: several models agree there with each other, not with the truth."
    )
    return Extra("labels", "Likely label errors", [text], [table_part("", shown.astype(str))], [])


def _mean(finding: Finding, part: str) -> str:
    return _estimate(finding.groups[0].means[part])


def _estimate(one: Estimate) -> str:
    return f"{number(one.value)} {ends(one)}"
