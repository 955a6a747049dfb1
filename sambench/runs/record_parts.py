"""The tables of a `run.json`, each as it is read (`sambench.runs.record.migrated`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sambench.runs.sections import Section, Table, form_of
from sambench.types import Metric


@dataclass(frozen=True, eq=False, repr=False)
class RecordedTask(Section):
    """The task with every protocol switch, which are in `stored` beside its name."""

    name: str


@dataclass(frozen=True, eq=False, repr=False)
class IdentityModel(Section):
    """The model as it tells runs apart.

    Attributes:
        name: Its name.
        fingerprint: SHA-256 (hex) of its weights' bytes, preprocessing, dtype and code version.
        settings: Those that can change an answer.
        decoder_fingerprint: SHA-256 (hex) of a decoder that is not the encoder's own; None where there is none.
    """

    name: str
    fingerprint: str
    settings: Mapping[str, Any]
    decoder_fingerprint: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class IdentityData(Section):
    """The data as they tell runs apart.

    Attributes:
        name: The data set's name.
        split: Its split.
        fingerprint: SHA-256 (hex) of its annotations.
        samples: How many samples were chosen.
        keys_sha256: SHA-256 (hex) of their ids.
    """

    name: str
    split: str
    fingerprint: str
    samples: int
    keys_sha256: str


@dataclass(frozen=True, eq=False, repr=False)
class RunIdentity(Section):
    """What makes two runs the same."""

    version: str
    task: RecordedTask
    model: IdentityModel
    data: IdentityData
    seed: int
    device: str
    embedding_dtype: str
    predictions: Mapping[str, str] = field(default_factory=dict)

    @property
    def nms(self) -> str:
        """How edge maps made elsewhere were thinned before they were scored: "toolbox" or "none"."""
        return self.predictions.get("nms", "none")


@dataclass(frozen=True, eq=False, repr=False)
class RecordedGroup(Section):
    """A group of the configuration; its settings are in `stored`."""

    name: str
    preset: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class DataSettings(Section):
    """The data's group of the configuration; its settings are in `stored`."""

    name: str
    root: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class RecordedPlace(Section):
    """Where the run's folder was to be made, and what people call it."""

    dir: str | None = None
    results: str = "results"
    name: str | None = None
    tags: tuple[str, ...] = ()
    notes: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class RecordedPredictions(Section):
    """Predictions made elsewhere: their place, how edge maps are thinned, and which files are a sample's."""

    path: str | None = None
    nms: str = "none"
    names: str | None = None


_OLDER_PREDICTIONS = {
    "anyOf": [{"anyOf": [{"type": "string"}, {"type": "null"}]}, form_of(RecordedPredictions)],
}
"""Form of `config.predictions`, which once was the path alone (`sambench.runs.record`)."""


@dataclass(frozen=True, eq=False, repr=False)
class RecordedConfig(Section):
    """The resolved configuration; what only the run itself needed is in `stored` alone."""

    task: RecordedGroup
    data: DataSettings
    model: RecordedGroup
    seed: int
    predictions: RecordedPredictions = field(metadata={"form": _OLDER_PREDICTIONS})
    limit: int | None = None
    run: RecordedPlace = field(default_factory=lambda: RecordedPlace.read(Table()))


@dataclass(frozen=True, eq=False, repr=False)
class RecordedMetric(Section):
    """A metric as JSON has it, where null stands for what is undefined (`sambench.types.Metric`)."""

    REQUIRED = ("value", "ci95", "n")

    value: float | None
    ci95: tuple[float | None, float | None] | None
    n: int
    higher_is_better: bool = True
    unit: str = "fraction"
    reference: str | None = None
    note: str = ""
    support: int | None = None
    strata: Mapping[str, int] = field(default_factory=dict)

    @property
    def metric(self) -> Metric:
        """The metric, with NaN for what is undefined."""
        ends = None if self.ci95 is None else (_number(self.ci95[0]), _number(self.ci95[1]))
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return Metric(**{**values, "value": _number(self.value), "ci95": ends})


@dataclass(frozen=True, eq=False, repr=False)
class RecordedCard(Section):
    """What the data set said of itself (`sambench.datasets.base.DatasetCard`)."""

    name: str
    title: str
    home: str
    layout: str
    note: str
    generated: bool
    terms: str | None = None
    own: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class RecordedData(IdentityData):
    """The data as they were found.

    Attributes:
        root: Where they lay.
        card: What they said of themselves.
        orientations: How many images were turned by their EXIF orientation or not; None where no image was read.
        readings: How many images were not read as they are stored, by kind.
        truths: Sample id -> digest of its ground truth, or one for all.
    """

    root: str
    card: RecordedCard
    orientations: Mapping[str, int] | None = None
    readings: Mapping[str, int] = field(default_factory=dict)
    truths: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class RecordedModel(Section):
    """The model as it described itself, or what stands in its place for predictions made elsewhere.

    Attributes:
        name: Its name.
        fingerprint: As in the identity.
        variant: Which of its family's, as "vit_b".
        missing: Samples without a prediction.
        missing_means: What became of them: "left out" or "empty".
        notes: What a reader of the numbers must know.
    """

    name: str
    fingerprint: str
    missing_means: str
    variant: Any = None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class RecordedShard(Section):
    """Which part of the data was run: the `index`-th of `count`, of a whole of `samples` ids with a SHA-256 (hex)."""

    index: int
    count: int
    samples: int
    keys_sha256: str


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
