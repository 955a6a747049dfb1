"""A leaderboard as JSON: everything that its pages say, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sambench.files.version import __version__
from sambench.pages.leaderboard.boards import Board, PublishedTable, Row, Table
from sambench.redact import without_absolute_paths
from sambench.types import Metric

SCHEMA_VERSION = 1


def board_result(boards: Sequence[Board], left_out: Sequence[str], title: str, pages: Sequence[str]) -> dict[str, Any]:
    """Return a leaderboard as a JSON-like value; undefined numbers are NaN, which `write_json` makes null."""
    return {
        "schema_version": SCHEMA_VERSION,
        "title": title,
        "sambench": __version__,
        "pages": list(pages),
        "left_out": list(left_out),
        "tasks": [
            {
                "task": board.task,
                "tables": [_table(table) for table in board.tables],
                "published": [_published(one) for one in board.published],
            }
            for board in boards
        ],
    }


def _table(table: Table) -> dict[str, Any]:
    result = table.group.result
    return {
        "title": table.title,
        "ranked": result is not None,
        "not_ranked_because": table.group.unranked,
        "differ_in": table.group.allowed,
        "metrics": table.metrics,
        "notes": table.notes,
        "alpha": None if result is None else result.alpha,
        "runs": [_run(table, row) for row in table.rows],
    }


def _run(table: Table, row: Row) -> dict[str, Any]:
    record, entry = row.entry.run.record, row.entry
    return {
        "name": entry.label,
        "page": entry.page,
        "model_page": entry.model_page,
        "submission": None if entry.submission is None else asdict(entry.submission),
        "metrics": {name: _metric(table, row, name, metric) for name, metric in entry.run.metrics.items()},
        "costs": {
            "model_seconds_per_image": row.cost.seconds,
            "peak_bytes": row.cost.peak_bytes,
            "machine": row.cost.machine,
            "latency": {name: metric.value for name, metric in row.cost.latency.items()},
        },
        "departs_from_published": row.departs,
        "identity": without_absolute_paths(record.identity.stored),
        "code": without_absolute_paths(record.code.stored),
        "finished": record.finished,
        "sha256": {"run.json": entry.sha256, **entry.run.hashes},
    }


def _metric(table: Table, row: Row, name: str, metric: Metric) -> dict[str, Any]:
    standing = table.group.standing(row.entry, name)
    return {
        "value": metric.value,
        "ci95": metric.ci95,
        "n": metric.n,
        "support": metric.support,
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
        "rank": None if standing is None else standing.rank,
        "ranks_possible": None if standing is None else standing.ranks,
        "standing": None if standing is None else standing.told,
    }


def _published(one: PublishedTable) -> dict[str, Any]:
    return {"title": one.title, "rows": one.table.to_dict(orient="records"), "notes": one.notes}
