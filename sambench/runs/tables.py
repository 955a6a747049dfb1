"""The paper's tables: published rows and measured ones side by side, in text, markdown, CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sambench.errors import UsageError
from sambench.runs.reference import published
from sambench.runs.store import Run, flatten
from sambench.runs.summary import interval, missing_note, number

if TYPE_CHECKING:
    import pandas as pd

    from sambench.types import Metric

FORMATS = {"md": "md", "csv": "csv", "latex": "tex"}
"""Format -> file ending."""


@dataclass(frozen=True)
class TableSpec:
    """What a table shows (`configs/table/NAME.yaml`).

    Attributes:
        name: The table's name.
        title: Its caption.
        task: The task whose runs fill it.
        published: The file of published rows in `results/reference`.
        columns: The published columns; a run's metric stands in the one its `reference` names.
        figure: The figure drawn beside it, or None.
    """

    name: str
    title: str
    task: str
    published: str
    columns: list[str]
    figure: str | None = None


def table_spec(name: str) -> TableSpec:
    """Read a table's description.

    Raises:
        UsageError: There is no such table.
    """
    import yaml

    folder = files("sambench.configs") / "table"
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))
        raise UsageError(
            f"there is no table {name!r}", where=f"sambench table {name}", mend=f"use one of {', '.join(known)}"
        )
    return TableSpec(name=name, **yaml.safe_load(path.read_text(encoding="utf-8")))


def build_table(spec: TableSpec, runs: Sequence[Run]) -> tuple[pd.DataFrame, list[str]]:
    """Put published and measured rows together.

    Args:
        spec: The table.
        runs: Finished runs of its task.

    Returns:
        The table as texts, and its footnotes: one for each run whose protocol or data is not the published row's.
    """
    import pandas as pd

    rows: list[dict[str, str]] = []
    notes: list[str] = []
    for _, row in published(spec.published).iterrows():
        told = {"method": f"{row['method']} ({row['year']})", **{c: number(row[c]) for c in spec.columns}}
        rows.append({**told, "source": f"{row['source']}, {row['location']}"})
    for run in runs:
        note = difference(run)
        mark = ""
        if note:
            notes.append(f"[{len(notes) + 1}] {note}")
            mark = f" [{len(notes)}]"
        measured = {metric.reference: metric for metric in run.metrics.values()}
        cells = {column: _cell(measured.get(f"{spec.published}/{column}")) for column in spec.columns}
        rows.append({"method": run.record["model"]["name"] + mark, **cells, "source": f"measured, {run.folder.name}"})
    return pd.DataFrame(rows, columns=["method", *spec.columns, "source"]), notes


def difference(run: Run) -> str:
    """Say how a run departs from the published protocol: generated data, left-out images, switches off the preset."""
    told = []
    data = run.record["data"]
    if data["card"]["generated"]:
        told.append(f"{data['card']['title']}: {data['card']['note']}; not comparable with the published rows")
    told.append(f"{data['name']} {data['split']}, {data['samples']} images")
    if missing := missing_note(run):
        told.append(missing.removeprefix("; "))
    changed = changed_switches(run)
    if changed:
        told.append("switches: " + ", ".join(f"{key}={value}" for key, value in changed.items()))
    return "; ".join(told)


def changed_switches(run: Run) -> dict[str, Any]:
    """Return the protocol switches of a run that are not the paper preset's, with their values."""
    import yaml

    task = run.record["identity"]["task"]["name"]
    path = files("sambench.configs") / "task" / task / "paper.yaml"
    if not path.is_file():
        return {}
    paper = flatten(yaml.safe_load(path.read_text(encoding="utf-8")))
    switches = flatten(run.record["switches"])
    return {key: value for key, value in switches.items() if key in paper and paper[key] != value}


def render(table: pd.DataFrame, notes: Sequence[str], title: str, form: str) -> str:
    """Write a table as "md", "csv" or "latex"; the same table gives the same bytes.

    Raises:
        UsageError: The format is unknown.
    """
    if form == "md":
        body = table.to_markdown(index=False, disable_numparse=True, colalign=_alignment(table))
        return "\n\n".join([title, body, *notes]) + "\n"
    if form == "csv":
        return table.to_csv(index=False, lineterminator="\n")
    if form == "latex":
        style = table.style.hide(axis="index").format(escape="latex")
        body = style.to_latex(hrules=True, column_format="l" + "r" * (table.shape[1] - 2) + "l")
        return f"% {title}\n{body}" + "".join(f"% {note}\n" for note in notes)
    raise UsageError(f"there is no format {form!r}", where="format", mend=f"use one of {', '.join(FORMATS)}")


def _alignment(table: pd.DataFrame) -> list[str]:
    return ["left", *["right"] * (table.shape[1] - 2), "left"]


def _cell(metric: Metric | None) -> str:
    return "" if metric is None else f"{number(metric.value)} {interval(metric)}".strip()
