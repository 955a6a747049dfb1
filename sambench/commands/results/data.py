"""Results of commands about names, data, the cache, pictures, plans and ratings."""

from __future__ import annotations

from typing import Any, TypedDict


class Named(TypedDict):
    """A name, with a line about it."""

    name: str
    about: str


class NamesResult(TypedDict):
    """Names that words of the command line can take."""

    names: list[Named]


class ListedData(TypedDict):
    """A data set of masks; where it lies, or null."""

    name: str
    domain: str
    masks: int | None
    kind: str | None
    licence: str
    home: str
    found: str | None


class DataListResult(TypedDict):
    """Data sets of masks, and data of other tasks."""

    root: str | None
    datasets: list[ListedData]
    others: list[Named]


class FindingTold(TypedDict):
    """Something that is wrong with a file ("fault"), or left out by rule ("note")."""

    kind: str
    where: str
    what: str


class CheckedData(TypedDict):
    """What was found of one data set."""

    name: str
    faults: int
    notes: int
    told: list[str]
    findings: list[FindingTold]


class DataCheckResult(TypedDict):
    """What was found of data, each set or form by itself."""

    datasets: list[CheckedData]


class CacheResult(TypedDict):
    """The embedding cache."""

    place: str
    embeddings: int
    bytes: int
    oldest_days: float | None
    largest_bytes: int | None


class Trouble(TypedDict):
    """What is wrong with an embedding."""

    entry: str
    trouble: str


class VerifyResult(TypedDict):
    """What reading every embedding found."""

    checked: int
    damaged: int
    unsigned: int
    removed: int
    troubles: list[Trouble]


class PruneResult(TypedDict):
    """What was removed from the cache."""

    removed: int
    bytes: int


class Picture(TypedDict):
    """An image of a run's best, median or worst; its picture is null where nothing was predicted."""

    group: str
    sample: str
    quality: float
    file: str | None


class LookResult(TypedDict):
    """Pictures of a run."""

    pictures: list[Picture]
    clicks: str | None


class Projection(TypedDict):
    """What a run takes on so many devices."""

    devices: int
    scorers: int
    wall_seconds: float
    wall_ci95: list[float]
    bottleneck: str
    busy: dict[str, float]


class PlanResult(TypedDict):
    """What a run over all of the data would take."""

    run: str
    images: int
    pilot_images: int
    seconds_per_image: dict[str, float]
    start_seconds: float
    device_hours: float
    scorer_cpu_hours: float
    cache_bytes: float
    output_bytes: float
    row_memory_bytes: float
    projections: list[Projection]
    assumptions: list[str]


class BundleResult(TypedDict):
    """The page of runs as files: how many runs, images with pictures and comparisons it shows, and their size."""

    folder: str
    runs: int
    images: int
    comparisons: int
    files: int
    bytes: int
    notes: list[str]


class StudyResult(TypedDict):
    """A rating study that was dealt out."""

    folder: str
    jobs: int
    methods: list[str]
    data: str
    raters: dict[str, int]


class RatingsResult(TypedDict):
    """What ratings come to: means, paired differences, agreement, and who was rejected."""

    data: str
    means: dict[str, dict[str, Any]]
    questions: dict[str, dict[str, float]]
    differences: list[dict[str, Any]]
    alpha: dict[str, float]
    rejected: dict[str, str]
    progress: dict[str, tuple[int, int]]
