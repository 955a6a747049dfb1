"""Whether two runs may be compared: the same protocol, data and samples, as a list of differences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from sambench.datasets.reading import ALIKE
from sambench.errors import listing
from sambench.runs.seals import flatten

ABSENT = "(absent)"
NOTED = (
    *("model.name", "model.fingerprint", "model.decoder_fingerprint", "model.settings"),
    *("device", "embedding_dtype", "version", "seed"),
)
"""Parts of an identity that a comparison is about, or that it tells."""

UNSAID = {"predictions.nms": "none", "task.nan": "error"}
"""What an identity means that does not say it."""

SAMPLES = ("data.samples", "data.keys_sha256")
"""Parts of an identity that say which samples of the data were scored."""

COMMON = "samples=common compares the samples both have"
UNTOLD = (
    "score both again: a run of an earlier sambench does not tell image by image which ground truth it was scored with,"
    " which samples=common needs"
)


@dataclass(frozen=True)
class Difference:
    """One thing in which two runs differ.

    Attributes:
        key: Its dotted name, as in "task.nms_iou".
        baseline: The baseline's value.
        candidate: The candidate's value.
        mend: What lets the comparison go on, empty where it goes on anyway.
        sides: What the two values are of.
    """

    key: str
    baseline: Any
    candidate: Any
    mend: str = ""
    sides: tuple[str, str] = ("the baseline", "the candidate")

    def __str__(self) -> str:
        before, after = self.sides
        return f"{self.key}: {self.baseline} in {before}, {self.candidate} in {after}"


def identity_differences(
    baseline: Mapping[str, Any],
    candidate: Mapping[str, Any],
    compare: Sequence[str],
    common: bool,
    same_truth: bool | None = None,
) -> tuple[list[Difference], list[Difference]]:
    """Compare two identities (`run.json`).

    Args:
        baseline, candidate: Their identities.
        compare: Patterns of the switches that are being compared, as "task.nms_iou" or "task.nms_*".
        common: Whether other sample sets of the same data are let pass.
        same_truth: Whether the samples that both have are known to have the same ground truth; the data's fingerprint
            is of all samples together, and differs where they do. None where the runs do not tell.

    Data of the same contents are the same whatever their name, which may be that of a folder that was moved.

    Returns:
        The differences that forbid a comparison, and those that it is about or that are only told.
    """
    before, after = ({**UNSAID, **flatten(dict(identity))} for identity in (baseline, candidate))
    cut = any(before.get(key) != after.get(key) for key in SAMPLES)
    forbidding: list[Difference] = []
    noted: list[Difference] = []
    for key in sorted(before.keys() | after.keys()):
        values = before.get(key, ABSENT), after.get(key, ABSENT)
        if values[0] == values[1]:
            continue
        moved = key == "data.name" and before.get("data.fingerprint") == after.get("data.fingerprint") is not None
        if moved or key.startswith(NOTED) or any(fnmatchcase(key, pattern) for pattern in compare):
            noted.append(Difference(key, *values))
        elif key in SAMPLES or (key == "data.fingerprint" and cut and same_truth):
            if common:
                noted.append(Difference(key, *values))
            else:
                forbidding.append(Difference(key, *values, mend=COMMON))
        elif key == "data.fingerprint" and cut and same_truth is None:
            forbidding.append(Difference(key, *values, mend=UNTOLD))
        elif key.startswith(("task.", "predictions.")) and key != "task.name":
            forbidding.append(Difference(key, *values, mend=f"compare={key} compares this switch"))
        else:
            forbidding.append(Difference(key, *values, mend="run both on the same task and data"))
    return forbidding, noted


def switch_names(identity: Mapping[str, Any]) -> list[str]:
    """Return the names of the switches that `compare` may let differ, those that an identity leaves unsaid included."""
    return [key for key in {**flatten(dict(identity)), **UNSAID} if key.startswith(("task.", "predictions."))]


def unknown_patterns(identity: Mapping[str, Any], compare: Sequence[str]) -> list[str]:
    """Return the patterns of `compare` that fit no switch of the task."""
    switches = switch_names(identity)
    return [pattern for pattern in compare if not any(fnmatchcase(key, pattern) for key in switches)]


def image_differences(baseline: Mapping[str, str], candidate: Mapping[str, str]) -> list[Difference]:
    """Return the samples whose pixels differ, from sample id -> SHA-256 (or its first digits) on both sides."""
    differences = []
    for key in sorted(baseline.keys() & candidate.keys()):
        before, after = baseline[key], candidate[key]
        digits = min(len(before), len(after))
        if before[:digits] != after[:digits]:
            differences.append(
                Difference(f"image {key}", before[:12], after[:12], mend="score both runs on the same image files")
            )
    return differences


def sample_differences(baseline: Sequence[str], candidate: Sequence[str]) -> list[Difference]:
    """Return how two runs' scored samples differ, where they do: runs that say the same may hold other rows."""
    known = set(candidate)
    lost, added = [key for key in baseline if key not in known], known - set(baseline)
    if not lost and not added:
        return []
    text = f"{len(candidate)} samples, without {listing(lost, 3) or 'none'}, with {listing(sorted(added), 3) or 'none'}"
    return [Difference("samples", f"{len(baseline)} samples", text, mend=COMMON)]


def truth_differences(
    baseline: Mapping[str, str], candidate: Mapping[str, str], keys: Iterable[str]
) -> list[str] | None:
    """Return the samples whose ground truth differs, or None where a run does not tell it of all of them.

    Args:
        baseline, candidate: `truths` of the runs' records (`sambench.datasets.reading.truth_record`).
        keys: The samples that both have.
    """
    pairs = {key: [side.get(key, side.get(ALIKE)) for side in (baseline, candidate)] for key in keys}
    if any(None in pair for pair in pairs.values()):
        return None
    return [key for key, (before, after) in pairs.items() if before != after]
