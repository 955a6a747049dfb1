"""Ratings in SQLite: every answer is on the disk before it is acknowledged, and none is ever overwritten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sambench.errors import SambenchError

QUESTIONS = ("valid", "clean", "matches")
"""The three questions (paper, appendix G): a valid object? a clean boundary? does it match the input?"""


@dataclass(frozen=True)
class Rating:
    """One answer: `rating` 1 to 10, the three questions, and the milliseconds it took."""

    job: str
    rating: int
    valid: bool
    clean: bool
    matches: bool
    ms: int


def checked_rating(content: Any) -> Rating:
    """Make what a page sent into a rating.

    Raises:
        SambenchError: It is none.
    """
    refusal = SambenchError("this is no rating", where="rating", mend="rate 1 to 10 and answer all three questions")
    if not isinstance(content, dict):
        raise refusal
    job, rating, ms = content.get("job"), content.get("rating"), content.get("ms")
    valid, clean, matches = (content.get(name) for name in QUESTIONS)
    if not isinstance(job, str) or not (isinstance(valid, bool) and isinstance(clean, bool)):
        raise refusal
    if not isinstance(rating, int) or not isinstance(ms, int) or not isinstance(matches, bool):
        raise refusal
    if isinstance(rating, bool) or isinstance(ms, bool) or not 1 <= rating <= 10 or not 0 <= ms < 2**53:
        raise refusal
    return Rating(job, rating, valid, clean, matches, ms)


class RatingStore:
    """The database of a study; a connection a call, so that threads and processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS answers (id INTEGER PRIMARY KEY, rater TEXT NOT NULL, job TEXT NOT NULL, "
                "rating INTEGER NOT NULL, valid INTEGER NOT NULL, clean INTEGER NOT NULL, matches INTEGER NOT NULL, "
                "ms INTEGER NOT NULL, utc TEXT NOT NULL)"
            )

    def add(self, rater: str, rating: Rating, again: bool = False) -> bool:
        """Keep an answer; returns False, and keeps nothing, where the job has one and this is no correction."""
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            known = database.execute("SELECT 1 FROM answers WHERE rater = ? AND job = ?", (rater, rating.job))
            if known.fetchone() and not again:
                database.execute("ROLLBACK")
                return False
            utc = datetime.now(UTC).isoformat(timespec="milliseconds")
            values = (rating.job, rating.rating, rating.valid, rating.clean, rating.matches, rating.ms)
            database.execute(
                "INSERT INTO answers (rater, job, rating, valid, clean, matches, ms, utc) VALUES (?,?,?,?,?,?,?,?)",
                (rater, *values, utc),
            )
            database.execute("COMMIT")
            return True

    def of(self, rater: str) -> dict[str, Rating]:
        """Return a rater's last answer of each job."""
        with self._open() as database:
            rows = database.execute(
                "SELECT job, rating, valid, clean, matches, ms FROM answers WHERE rater = ? ORDER BY id", (rater,)
            )
            return {row[0]: Rating(row[0], row[1], bool(row[2]), bool(row[3]), bool(row[4]), row[5]) for row in rows}

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            yield database
