"""Sections of a report beside those of tasks: what was found elsewhere, as sentences, tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from sambench.pages.report.figures import EmbeddedFigure
from sambench.tables.render import render


class TablePart(NamedTuple):
    """A table ready for the page: its title, its HTML, and sentences below it."""

    title: str
    html: Markup
    notes: Sequence[str]


@dataclass(frozen=True)
class Extra:
    """A section.

    Attributes:
        key: What the page's address calls it.
        title: Its heading.
        lead: Sentences above its tables.
        tables: Its tables.
        figures: Its figures.
    """

    key: str
    title: str
    lead: Sequence[str]
    tables: Sequence[TablePart]
    figures: Sequence[EmbeddedFigure]


def table_part(title: str, table: pd.DataFrame, notes: Sequence[str] = ()) -> TablePart:
    """Write a table of texts for the page; its cells are escaped."""
    return TablePart(title, Markup(render(table, [], title, "html")), notes)
