"""A rating study as a folder: its jobs, each rater's order, the key that says who made which mask, and the pictures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sambench.errors import SambenchError
from sambench.files.atomic import write_json
from sambench.files.json_files import read_json_file

STUDY, KEY, RATERS, DATABASE = "study.json", "key.json", "raters.json", "ratings.sqlite"
TRUTH, CHECK = "ground truth", "check"
"""Methods of the key that are no run."""


@dataclass(frozen=True)
class Job:
    """What the key says of a job.

    Attributes:
        method: The run's label, `TRUTH` or `CHECK`.
        sample: Id of the image.
        item: Id of the object.
        low, high: The ratings that pass; 1 and 10 for all but checks.
    """

    method: str
    sample: str
    item: str
    low: int = 1
    high: int = 10


@dataclass(frozen=True)
class Study:
    """A study as planned.

    Attributes:
        folder: Where it lies.
        name: Its id, which ratings saved to files carry.
        data: Title of the data set.
        methods: What is compared, the ground truth last.
        orders: Rater -> ids of the jobs in the rater's own order.
        tokens: Rater -> the secret that lets the rater in.
        key: Job's id -> what it is.
        max_failed: Share of failed checks above which a rater is rejected.
    """

    folder: Path
    name: str
    data: str
    methods: list[str]
    orders: dict[str, list[str]]
    tokens: dict[str, str]
    key: dict[str, Job]
    max_failed: float

    def picture(self, job: str, view: int) -> Path:
        """Return the file of a view, 1 to 5, of a job of the key.

        Raises:
            KeyError: There is no such job.
        """
        if job not in self.key:
            raise KeyError(job)
        return self.folder / "images" / f"{job}-{view}.webp"


def write_study(study: Study) -> None:
    """Write everything but the pictures; the tokens are readable to the user alone."""
    plan = {
        "name": study.name,
        "data": study.data,
        "methods": study.methods,
        "orders": study.orders,
        "max_failed": study.max_failed,
    }
    raters = study.folder / RATERS
    raters.touch(0o600)
    write_json(raters, study.tokens)
    raters.chmod(0o600)
    write_json(study.folder / KEY, {name: asdict(job) for name, job in study.key.items()})
    write_json(study.folder / STUDY, plan)


def read_study(folder: Path) -> Study:
    """Read a planned study.

    Raises:
        SambenchError: There is none, or a file of it is damaged.
    """
    try:
        plan: dict[str, Any] = read_json_file(folder / STUDY)
        key = {name: Job(**job) for name, job in read_json_file(folder / KEY).items()}
        return Study(folder=folder, tokens=read_json_file(folder / RATERS), key=key, **plan)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SambenchError(
            f"no rating study can be read: {error}", where=folder, mend="`sambench rate plan out=FOLDER` makes one"
        ) from error
