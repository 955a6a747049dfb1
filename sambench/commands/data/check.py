"""`sambench data check`: every image and mask of a dataset is read, and what is wrong or left out is told."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tabulate import tabulate

from sambench.commands.grammar.output import JSON, json_of, show
from sambench.config.resolve import build
from sambench.datasets.base import Dataset
from sambench.datasets.checking import Checked, Finding, check_masks, check_samples, compare_counts
from sambench.datasets.concepts.counting import pair_lines
from sambench.datasets.concepts.pairs import ConceptDataset
from sambench.datasets.layout import DatasetAbsentError
from sambench.datasets.masks import MaskDataset
from sambench.datasets.sa23.sa23 import Sa23
from sambench.engine.building import open_dataset
from sambench.errors import DatasetError
from sambench.files.atomic import atomic_path
from sambench.files.csv_cells import csv_cell
from sambench.files.progress import progress
from sambench.files.safe_names import printable
from sambench.runs.summary import orientation_notes
from sambench.tables.folding import terminal_width

_SHOWN = 10
"""Findings of one kind that are printed."""


def check(name: str, settings: dict[str, Any], values: Mapping[str, Any]) -> int:
    """Check one dataset, or each that `sa23` finds.

    Args:
        name: The dataset's name.
        settings: Its constructor's arguments and `name`.
        values: The command's words: `out`, a CSV file for all findings; `task`, a task that the data are read for.

    Returns:
        1 where there are faults, else 0.

    Raises:
        DatasetAbsentError: The dataset is not there.
    """
    as_json, reports = values.get("format") == JSON, dict[str, list[str]]()
    try:
        parts, absent = _parts(name, {**settings, "limit": None}, values.get("task"))
        if not as_json and absent:
            show(absent)
        results = {}
        for part, data in parts.items():
            results[part], reports[part] = _check_one(part, data, settings.get("limit"))
            if not as_json:
                show("\n".join([*reports[part], *_findings(part, results[part]), ""]))
    except DatasetAbsentError:
        raise
    except DatasetError as error:
        results = {name: Checked(findings=[Finding(True, error.where or name, error.what)])}
        reports = {name: []}
        if not as_json:
            show("\n".join([*_findings(name, results[name]), ""]))
    if as_json:
        print(json_of({"datasets": [_checked_data(part, reports[part], result) for part, result in results.items()]}))
    if values["out"] is not None:
        _write_findings(Path(values["out"]), results)
    return 1 if any(result.faults for result in results.values()) else 0


def _checked_data(name: str, report: list[str], checked: Checked) -> dict[str, Any]:
    """Return what was found of one dataset as `CheckedData`."""
    counts = Counter(finding.fault for finding in checked.findings)
    findings = [
        {"kind": "fault" if one.fault else "note", "where": str(one.where), "what": one.what}
        for one in checked.findings
    ]
    return {"name": name, "faults": counts[True], "notes": counts[False], "told": report, "findings": findings}


def _parts(name: str, settings: dict[str, Any], task: str | None) -> tuple[Mapping[str, Dataset], str]:
    """Open what is checked: each dataset that `sa23` finds, each format of the generated scenes, or the one.

    Returns:
        Name -> dataset, and what was not found, in words.
    """
    if task is not None:
        return {name: open_dataset(settings, build("tasks", "task", {"name": task}), own_words=True)}, ""
    if settings.get("kind") == "auto":
        kinds = ("bsds", "coco", "lvis", "concepts")
        return {f"{name} {kind}": _built({**settings, "kind": kind}) for kind in kinds}, ""
    dataset = _built(settings)
    if not isinstance(dataset, Sa23):
        return {name: dataset}, ""
    return dataset.datasets, f"not found: {', '.join(dataset.missing)}" if dataset.missing else ""


def _built(settings: dict[str, Any]) -> Dataset:
    dataset: Dataset = build("datasets", "data", settings, own_words=True)
    return dataset


def _check_one(name: str, dataset: Dataset, limit: int | None) -> tuple[Checked, list[str]]:
    """Read all of a dataset; returns what was found, and in lines what is told of the whole."""
    keys = dataset.all_keys[:limit]
    bar = progress("auto", f"check {name}", len(keys))
    try:
        if isinstance(dataset, MaskDataset):
            checked = check_masks(dataset, limit, bar.advance)
        else:
            checked = check_samples(dataset, limit, bar.advance)
    finally:
        bar.close()
    if isinstance(dataset, MaskDataset):
        card = dataset.source.card
        lines = [f"{name}: {card.title}, split {dataset.split}, in {dataset.root}", f"one mask is {card.mask}"]
        read = f"original files this reader has been run on: {card.real_bytes}"
        lines += [*compare_counts(dataset, checked), *(f"known: {quirk}" for quirk in card.quirks), read]
    else:
        lines = [f"{name}: {len(keys)} samples read"]
    if isinstance(dataset, ConceptDataset):
        lines += pair_lines(dataset, keys)
    counts = {"turned": checked.turned, "ignored": checked.ignored, **checked.readings}
    return checked, [*lines, *(orientation_notes(counts) or ["no image has an EXIF orientation"])]


def _findings(name: str, checked: Checked) -> list[str]:
    """Return findings by kind in lines: how many, what, and the first of them."""
    kinds: dict[tuple[bool, str], list[Finding]] = {}
    for finding in checked.findings:
        kinds.setdefault((not finding.fault, finding.kind), []).append(finding)
    rows, width = list[list[str]](), terminal_width()
    for (note, _), alike in sorted(kinds.items(), key=lambda entry: entry[0]):
        for finding in alike[:_SHOWN]:
            rows.append(["note" if note else "FAULT", printable(str(finding.where)), printable(finding.what)])
        if len(alike) > _SHOWN:
            rows.append(["", f"and {len(alike) - _SHOWN} more like these", ""])
    counts = Counter(finding.fault for finding in checked.findings)
    lines = tabulate(rows, headers=["", "where", "what"], disable_numparse=True).splitlines() if rows else []
    if width is not None and max(map(len, lines), default=0) > width:  # a line a finding, which is broken at words
        lines = [" ".join(filter(None, [kind, where, f"- {what}" if what else ""])) for kind, where, what in rows]
    return [*lines, f"{name}: {counts[True]} faults, {counts[False]} notes"]


def _write_findings(path: Path, results: Mapping[str, Checked]) -> None:
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["dataset", "kind", "where", "what"])
        for name, checked in results.items():
            for finding in checked.findings:
                cells = [name, "fault" if finding.fault else "note", str(finding.where), finding.what]
                writer.writerow(map(csv_cell, cells))
