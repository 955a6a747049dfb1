"""Sweeps of one choice: their descriptions (`configs/ablation/NAME.yaml`), and tables of what was run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from sambench.config import registry
from sambench.config.spelling import check_keys, choose
from sambench.errors import RunError, UsageError
from sambench.files.json_text import JsonError, parse_json
from sambench.files.safe_names import safe_part
from sambench.files.storage.locations import Location, join, read_bytes
from sambench.files.yaml_files import read_yaml
from sambench.metrics.published import published
from sambench.runs.open import load_run
from sambench.runs.run import Run
from sambench.runs.summary import cell, number
from sambench.tables.departures import is_own

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Ablation:
    """A sweep of one choice (`configs/ablation/NAME.yaml`).

    Attributes:
        name: Its name.
        title: Caption of its table.
        task: The task.
        members: Label -> overrides of the member's run.
        reference: Label of the member the others are compared with.
        metrics: The metrics shown.
        base: Overrides of every member.
        x: What the labels are, where they are numbers on an axis.
        curves: Draw a curve a member over `metrics` (numbers of clicks), instead of one over the members.
        checkpoints: Whether the user gives a checkpoint for each member.
        published: File of published rows in `results/reference`, with the metrics as columns, or None.
    """

    name: str
    title: str
    task: str
    members: dict[str, list[str]]
    reference: str
    metrics: list[str]
    base: list[str] = field(default_factory=list)
    x: str | None = None
    curves: bool = False
    checkpoints: bool = False
    published: str | None = None


@dataclass(frozen=True)
class Member:
    """One member of a sweep, as it came out.

    Attributes:
        label: Its label.
        command: The command that makes it.
        folder: Its run folder, empty where it failed.
        error: Why it failed, empty where it did not.
        differences: Metric -> (difference to the reference member, low, high), over the same images.
    """

    label: str
    command: str
    folder: str = ""
    error: str = ""
    differences: Mapping[str, Sequence[float]] = field(default_factory=dict)


_TEXT, _FLAG = {"type": "string"}, {"type": "boolean"}
_TEXT_OR_NOTHING = {"type": ["string", "null"]}
_TEXTS = {"type": "array", "items": _TEXT}
_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("title", "task", "reference"), _TEXT),
        **dict.fromkeys(("metrics", "base"), _TEXTS),
        **dict.fromkeys(("x", "published"), _TEXT_OR_NOTHING),
        **dict.fromkeys(("curves", "checkpoints"), _FLAG),
        "members": {"type": "object", "additionalProperties": _TEXTS, "minProperties": 1},
    },
    "required": ["title", "task", "members", "reference", "metrics"],
    "additionalProperties": False,
}
"""Form of a description, as JSON Schema."""


def ablation_names() -> dict[str, str]:
    """Return name -> first line of every sweep's description, sorted by name."""
    return dict(sorted(registry.options("ablation").items()))


def load_ablation(name: str) -> Ablation:
    """Read a sweep's description by name, or from a YAML file.

    Raises:
        UsageError: There is no such sweep, or its file lacks something.
    """
    own = name.endswith((".yaml", ".yml"))
    path = Path(name) if own else registry.config_file("ablation", name)
    if path is None or not path.is_file():
        raise choose("ablation", name, ablation_names(), f"sambench ablate {name}", "sambench ablate {}")
    read: dict[str, Any] = read_yaml(path, "ablation", name, "see docs/ablations.md")
    if isinstance(read, dict):
        check_keys(read, _FORM["properties"], name)
    fault = best_match(Draft202012Validator(_FORM).iter_errors(read))
    if fault is not None:
        key = ".".join(map(str, fault.absolute_path)) or "the file"
        raise UsageError(
            f"{key} is not as a sweep has it: {fault.message[:200]}",
            where=name,
            mend="see docs/ablations.md",
        )
    ablation = Ablation(name=Path(name).stem if own else name, **read)
    if ablation.reference not in ablation.members:
        raise choose("member", ablation.reference, ablation.members, f"{name}, reference", "reference: {}")
    return ablation


def check_metrics(ablation: Ablation, run: Run) -> None:
    """Refuse a metric that a member's run lacks, unless it is published beside it or a sweep of the project shows it.

    Raises:
        UsageError: There is such a metric; the nearest of the run's is named.
    """
    shown = set() if ablation.published is None else set(published(ablation.published).columns)
    described = (item.name for item in (files("sambench.configs") / "ablation").iterdir())
    for one in (load_ablation(name.removesuffix(".yaml")) for name in described if name.endswith(".yaml")):
        shown |= set(one.metrics) if one.task == ablation.task else set()
    for name in ablation.metrics:
        if name not in run.metrics and not {name, name.replace("@", " @")} & shown:
            raise choose("metric", name, run.metrics, f"{ablation.name}, metrics", "{} in its place")


def read_members(name: str, results: Location) -> list[Member]:
    """Return what `sambench ablate NAME` has run, in its order; nothing where it has not been run.

    Raises:
        RunError: The file that lists the runs is damaged.
    """
    path = members_path(name, results)
    content = read_bytes(path)
    try:
        return [] if content is None else [Member(**member) for member in parse_json(content)]
    except (JsonError, TypeError) as error:
        mend = "remove it and run the sweep again: runs that are there are not made anew"
        raise RunError(f"the list of the sweep's runs cannot be read: {error}", where=path, mend=mend) from error


def members_path(name: str, results: Location) -> Location:
    """Return the file that lists a sweep's runs."""
    return join(results, "ablation", f"{safe_part(name)}.json")


def build_ablation_table(name: str, results: Location) -> tuple[pd.DataFrame, list[str], str]:
    """Put published rows, measured members and their differences to the reference together.

    Args:
        name: The sweep.
        results: Where run folders go; `sambench ablate` lists its members below it.

    Returns:
        The table as texts, its footnotes and its title.
    """
    ablation = load_ablation(name)
    columns = list(ablation.metrics)
    rows: list[dict[str, str]] = []
    notes: list[str] = []
    members = read_members(ablation.name, results)
    if ablation.published is not None and not any(is_own(run) for run in member_runs(name, results).values()):
        for _, row in published(ablation.published).iterrows():
            cells = {column: number(row.get(column.replace("@", " @"))) for column in columns}
            rows.append({"member": row["method"], **cells, "source": f"{row['source']}, {row['location']}"})
    if not members:
        rows.append({"member": "", **dict.fromkeys(columns, ""), "source": f"sambench ablate {name}"})
    for member in members:
        rows += _member_rows(member, columns, notes)
    data = {_data(load_run(member.folder)) for member in members if member.folder}
    notes += [f"measured on {text}; not comparable with rows of other data" for text in sorted(data)]
    if any(member.differences for member in members):
        notes.append(f"differences are to {ablation.reference!r} over the same images, with paired bootstrap intervals")
    return pd.DataFrame(rows, columns=["member", *columns, "source"]).fillna(""), notes, ablation.title


def member_runs(name: str, results: Location) -> dict[str, Run]:
    """Return label -> run of the members that are finished."""
    by_label = {member.label: load_run(member.folder) for member in read_members(name, results) if member.folder}
    return {label: run for label, run in by_label.items() if run.finished}


def _member_rows(member: Member, columns: Sequence[str], notes: list[str]) -> list[dict[str, str]]:
    """Return a member's row, and below it the one of its differences."""
    if not member.folder:
        notes.append(f"[{len([note for note in notes if note.startswith('[')]) + 1}] failed: {member.error}")
        mark = notes[-1].partition("]")[0] + "]"
        return [{"member": f"{member.label} {mark}", **dict.fromkeys(columns, ""), "source": member.command}]
    run = load_run(member.folder)
    metrics = {column: run.metrics.get(column) for column in columns}
    cells = {column: cell(metric) for column, metric in metrics.items()}
    rows = [{"member": member.label, **cells, "source": f"measured, {run.record.model.name}"}]
    if member.differences:
        differences = {column: _signed(member.differences.get(column)) for column in columns}
        rows.append({"member": "  difference", **differences, "source": ""})
    return rows


def _signed(difference: Sequence[float] | None) -> str:
    """Write a difference, and its interval where enough images carry the metric for one."""
    parts = ["" if one is None or one != one else f"{one:+.3f}".replace("0.", ".", 1) for one in difference or ()]
    return f"{parts[0]} [{parts[1]}, {parts[2]}]" if parts and all(parts) else "".join(parts[:1])


def _data(run: Run) -> str:
    data = run.record.data
    return f"{data.card.title} {data.split}, {data.samples} images, with {run.record.model.name}"
