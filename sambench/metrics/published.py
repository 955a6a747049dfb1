"""Published numbers, each with its source (`results/reference/*.csv`)."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pandas as pd

from sambench.config.spelling import choose

if TYPE_CHECKING:
    import pandas as pd

ABOUT = ("method", "year", "source", "location", "note")
"""Columns that are no metric."""


def published_names() -> list[str]:
    """Return the names of all published tables."""
    return sorted(
        item.name.removesuffix(".csv") for item in files("sambench.reference").iterdir() if item.name.endswith(".csv")
    )


def published(table: str) -> pd.DataFrame:
    """Read the published rows of one table.

    Args:
        table: "edges" and so on; a file of that name in `results/reference`.

    Returns:
        One row a published result; metric columns are float, NaN where the source has no value.

    Raises:
        UsageError: There is no such table.
    """
    return _read(table)


def published_texts(table: str) -> pd.DataFrame:
    """Read the published rows of one table as they are typed, so that they print to the digit; "" is no value.

    Raises:
        UsageError: There is no such table.
    """
    return _read(table, dtype=str).fillna("")


def _read(table: str, dtype: type | None = None) -> pd.DataFrame:
    path = files("sambench.reference") / f"{table}.csv"
    if not path.is_file():
        raise choose("published table", table, published_names(), "results/reference", "{} in its place")
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False, na_values=[""], dtype=dtype)
