"""The tables of a `run.json` about the course of the run: times, workers, sessions, code and machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sambench.runs.sections import Section


@dataclass(frozen=True, eq=False, repr=False)
class StageTime(Section):
    """What a stage took: seconds, its share of all stages, seconds an image, and percentiles of the images' seconds."""

    seconds: float
    share: float
    per_image: float
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None


@dataclass(frozen=True, eq=False, repr=False)
class CacheUse(Section):
    """What the embedding cache did, in embeddings; what they were made with; whether entries are signed."""

    hits: int
    misses: int
    corrupt: int
    evicted: int
    failed: int
    unsigned: int
    environment: Mapping[str, str]
    signed: bool


@dataclass(frozen=True, eq=False, repr=False)
class RecordedWorker(Section):
    """What a worker process did."""

    name: str
    images: int
    idle_share: float
    restarts: int


@dataclass(frozen=True, eq=False, repr=False)
class RunSession(Section):
    """When the run was begun or gone on with (UTC), and how many images were done by then."""

    started: str
    resumed: int


@dataclass(frozen=True, eq=False, repr=False)
class RecordedCode(Section):
    """sambench's version and, of a checkout, the commit and whether files differed from it."""

    version: Any = None
    commit: Any = None
    dirty: Any = None


@dataclass(frozen=True, eq=False, repr=False)
class MergedPart(Section):
    """What is kept of a part of a merged run."""

    code: RecordedCode | None = None


@dataclass(frozen=True, eq=False, repr=False)
class MergedParts(Section):
    """What a merged run was made of: its parts, how many samples were in several and how many in none."""

    parts: tuple[MergedPart, ...]
    in_several_parts: int
    in_no_part: int


@dataclass(frozen=True, eq=False, repr=False)
class RecordedEnvironment(Section):
    """The machine and the versions of libraries that numbers depend on.

    Attributes:
        packages: Distribution -> version.
        platform: The system's name, its version and processor.
        device: What the model computed on.
    """

    packages: Mapping[str, Any]
    platform: str | None = None
    device: str | None = None
