"""What each table shows (`configs/table/NAME.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import Any

from sambench.config import registry
from sambench.config.spelling import check_keys, choose
from sambench.errors import UsageError
from sambench.files.yaml_files import read_yaml
from sambench.metrics.published import published
from sambench.runs.run import Run

ARTICLE = (
    "points",
    "ambiguity",
    "edges",
    "proposals",
    "instances",
    "human",
    "data_stages",
    "data_volume",
    "encoder",
)
"""The article's tables in its order; `sambench table all` begins with them."""


@dataclass(frozen=True)
class Answer:
    """A published row that measured ones are compared with.

    Attributes:
        method: The row's name there.
        source: Its source.
        preset: The task's preset that follows its protocol.
        label: How the line of differences calls it; None is "METHOD (SOURCE)".
        variant: The model's variant it is about, such as vit_b; None for any.
        switches: Switches off the preset that it is about.
    """

    method: str
    source: str
    preset: str = "paper"
    label: str | None = None
    variant: str | None = None
    switches: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How the line of differences calls the row."""
        return self.label or f"{self.method} ({self.source})"

    def is_about(self, run: Run) -> bool:
        """Tell whether the run's model and switches are those that the row is about."""
        chosen = run.record.switches
        same = all(chosen.get(key) == value for key, value in self.switches.items())
        return same and self.variant in (None, run.record.model.variant)


@dataclass(frozen=True)
class Expected:
    """A row one would expect to be measured.

    Attributes:
        row: Its name.
        run: What follows `sambench run task=TASK` to fill it, as `data=D model=M ...`; or else
        command: A whole command whose results have a table of their own in this one's place.
    """

    row: str
    run: str = ""
    command: str = ""

    def words(self) -> dict[str, str]:
        """Return the command's `key=value` words."""
        return dict(word.split("=", 1) for word in self.run.split())


@dataclass(frozen=True)
class TableSpec:
    """What a table shows.

    Attributes:
        name: The table's name.
        title: Its caption.
        published: The file of published rows in `results/reference`; empty where nothing is published, and the table
            shows runs on any data, one's own included, by `own` and `metrics`, or else by all that they have.
        columns: The published columns; a run's metric stands in the one its `reference` names.
        task: The task whose runs fill it, or None where only published numbers exist.
        data: Data set -> split, number of images (`samples`), their list (`keys_sha256`, as in a run's identity) and
            settings of the published rows; runs on other data are marked.
        answers: The rows that measured ones are compared with (`TableSpec.answer`).
        unlike: Switch -> value that no published row has, such as boxes=gt; runs with it are marked, not compared.
        neutral: Switches that change no number of the table, such as which clicks are reported.
        metrics: Data set -> column -> metric, for numbers that name no published column themselves.
        own: Column -> metric, for runs on data that no published column is about; columns of its own are shown where a
            run fills them.
        expected: Rows one would expect; each without a run tells its command.
        switches: Switches that have a column of their own, in a table without published rows.
        ceiling: Task -> column -> metric of runs that say how far a model can come: how annotators agree.
        rows: "method", or "dataset" for a table with a row a data set and a column a run.
        figure: The figure drawn beside it, or None.
    """

    name: str
    title: str
    published: str = ""
    columns: list[str] = field(default_factory=list)
    task: str | None = None
    data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    unlike: Mapping[str, Any] = field(default_factory=dict)
    neutral: tuple[str, ...] = ()
    metrics: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    expected: tuple[Expected, ...] = ()
    switches: tuple[str, ...] = ()
    ceiling: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rows: str = "method"
    figure: str | None = None

    def answer(self, run: Run) -> Answer | None:
        """Return the published row that a run answers to: of those about it, the one of its preset, else the first."""
        about = [one for one in self.answers if one.is_about(run)]
        return next((one for one in about if one.preset == preset_of(run)), next(iter(about), None))


def table_names() -> list[str]:
    """Return the names of the tables that have a description."""
    return sorted(registry.options("table"))


def all_tables() -> list[str]:
    """Return the names of all tables, the article's first."""
    return [*ARTICLE, *(name for name in table_names() if name not in ARTICLE)]


def table_spec(name: str) -> TableSpec:
    """Read a table's description.

    Raises:
        UsageError: There is no such table.
    """
    if registry.config_file("table", name) is None:
        known = dict.fromkeys(["all", *table_names(), *registry.options("ablation")])
        raise choose(
            "table", name, known, f"sambench table {name}", "sambench table {}; `sambench ls tables` explains each"
        )
    content = read_config("table", name)
    where = f"table/{name}.yaml"
    check_keys(content, [item.name for item in fields(TableSpec) if item.name != "name"], where)
    for key, made in (("answers", Answer), ("expected", Expected)):
        for one in content.get(key) or ():
            check_keys(one, [item.name for item in fields(made)], f"{where}, {key}")
    try:
        content["answers"] = tuple(Answer(**one) for one in content.get("answers", ()))
        if content.get("rows") == "dataset":
            counts = {row["dataset"]: int(row["images"]) for _, row in published(content["published"]).iterrows()}
            counts["sa23"] = sum(counts.values())
            content["data"] = {name: {"samples": count} for name, count in counts.items()}
        content |= {key: tuple(content.get(key, ())) for key in ("neutral", "switches")}
        content["expected"] = tuple(Expected(**one) for one in content.get("expected", ()))
        spec = TableSpec(name=name, **content)
    except (TypeError, KeyError) as error:
        raise UsageError(
            f"the table cannot be read: {error}", where=where, mend="docs/tables.md lists its keys"
        ) from error
    if not spec.published:
        needing = [key for key in ("columns", "answers") if content.get(key)] + ["rows"] * (spec.rows == "dataset")
        if needing or spec.task is None:
            what = f"a table without published rows has no {needing[0]}" if needing else "the table names no task"
            mend = "name the file of published rows, or " + (
                "take it out" if needing else "the task whose runs it shows"
            )
            raise UsageError(what, where=f"{where}, {needing[0] if needing else 'task'}", mend=mend)
        return spec
    columns = list(published(spec.published).columns)
    for key, named in (("columns", spec.columns), *((f"ceiling, {task}", own) for task, own in spec.ceiling.items())):
        for column in named:
            if column not in columns:
                raise choose("published column", column, columns, f"{where}, {key}", "{} in its place")
    return spec


def check_metrics(spec: TableSpec, runs: Sequence[Run]) -> None:
    """Refuse a metric of a table's `metrics` or `own` that none of its runs has, nor a table of the project's names.

    Raises:
        UsageError: There is such a metric; the nearest of the runs' is named.
    """
    there = {re.sub(r" \(.*\)$", "", name) for run in runs for name in run.metrics}
    for name in _metrics(spec) if runs else ():
        if name not in there | _usual():
            raise choose("metric", name, sorted(there), f"table/{spec.name}.yaml", "{} in its place")


@cache
def _usual() -> frozenset[str]:
    """Return the metrics that the project's own tables name."""
    described = (item.name for item in (files("sambench.configs") / "table").iterdir())
    specs = (table_spec(name.removesuffix(".yaml")) for name in described if name.endswith(".yaml"))
    return frozenset(name for spec in specs for name in _metrics(spec))


def _metrics(spec: TableSpec) -> set[str]:
    return {name for columns in spec.metrics.values() for name in columns.values()} | {*spec.own.values()}


def specs_of_task(task: str) -> list[TableSpec]:
    """Return the tables with a row a method that runs of a task fill, the article's first."""
    specs = [table_spec(name) for name in all_tables()]
    return [spec for spec in specs if spec.task == task and spec.rows == "method"]


def first_of_task(spec: TableSpec) -> bool:
    """Tell whether a table is the one that shows runs of its task on data without published rows."""
    return next((one.name for one in specs_of_task(spec.task or "")), None) == spec.name


def preset_of(run: Run) -> str:
    """Return the preset a run's switches started from."""
    return run.record.config.task.preset or "paper"


def read_config(group: str, name: str) -> dict[str, Any]:
    """Read `GROUP/NAME.yaml` of the project, a plug-in or a `--config-dir` folder; empty where there is none.

    Raises:
        UsageError: It cannot be read, or is there several times.
    """
    path = registry.config_file(group, name)
    if path is None:
        return {}
    try:
        return dict(read_yaml(path, group) or {})
    except (TypeError, ValueError) as error:
        raise UsageError(f"the {group} cannot be read: {error}", where=path, mend="mend its YAML") from error
