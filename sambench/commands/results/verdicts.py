"""Results of commands that hold runs, models or masks against each other, or against published numbers."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from sambench.commands.results.tables import TableTold
from sambench.gates.power import PowerPlan
from sambench.gates.result import GateResult
from sambench.gates.standings import CompareResult


class _OfGate(TypedDict):
    """What a gate found, metric by metric: its verdict, where pictures of images that changed are, and its fields."""

    verdict: str
    exit_code: int
    pictures: dict[str, list[str]]


GateResultTold = Annotated[_OfGate, GateResult]


class _OfComparison(TypedDict):
    """What a comparison of several runs found."""

    exit_code: int


CompareResultTold = Annotated[_OfComparison, CompareResult]

PowerResult = PowerPlan


class ParityResult(TypedDict):
    """Two models side by side: a table of errors, the verdict, and the gate of the task where it was asked for."""

    model_a: str
    model_b: str
    within: bool
    table: TableTold
    gate: GateResultTold | None
    files: list[str]


class ExplainResult(TypedDict):
    """Why masks are wrong: "parts" of the loss, "edges" or likely label errors ("labels"), line by line."""

    kind: str
    runs: list[str]
    verdicts: list[str]
    lines: list[dict[str, Any]]
    notes: list[str]
    files: list[str]


class EstimateTold(TypedDict):
    """A number with its 95 % interval."""

    value: float
    ci95: list[float]


class MasksResult(TypedDict):
    """Two sets of masks held against each other, or the file of a study."""

    a: str
    b: str | None
    figures: dict[str, EstimateTold]
    images: int
    masks: int
    notes: list[str]
    files: list[str]


class ReproducedFigure(TypedDict):
    """A published number and the one made here."""

    metric: str
    published: str
    value: float
    ci95: list[float] | None
    difference: float
    verdict: str


class ReproducedEntry(TypedDict):
    """An entry of the catalogue; nothing was run where an input is missing."""

    name: str
    title: str
    missing: dict[str, str]
    figures: list[ReproducedFigure]
    was_finished: bool
    error: str


class ReproduceResult(TypedDict):
    """Published numbers made again."""

    entries: list[ReproducedEntry]


class HandedInFile(TypedDict):
    """A file that was handed in: why it is refused, or who made it and what it is of."""

    file: str
    refused: str | None
    by: str | None
    metrics: int
    caption: str


class HandedInResult(TypedDict):
    """Whether files that were handed in are what was scored."""

    files: list[HandedInFile]


class ExportCheck(TypedDict):
    """An export's files of one precision, held against the original."""

    precision: str
    files: list[str]
    megabytes: float
    within: bool
    table: TableTold


class ExportResult(TypedDict):
    """A model in another form."""

    checks: list[ExportCheck]
