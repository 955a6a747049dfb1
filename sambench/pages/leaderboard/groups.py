"""Which runs of a task may be ranked together, and how they rank; what keeps the others out is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sambench.errors import SambenchError, UsageError, listing
from sambench.gates.comparable import Difference, unknown_patterns
from sambench.gates.ranking import compare_runs
from sambench.gates.sides import Side, differences
from sambench.gates.standings import CompareResult, Standing
from sambench.pages.leaderboard.entries import Entry
from sambench.runs.summary import label

TIMED = "latency"
"""The task whose numbers are of a machine."""


@dataclass(frozen=True)
class Group:
    """Runs of one task that follow one protocol on the same samples.

    Attributes:
        entries: The runs.
        result: How they compare; None of a run that stands alone, or where they cannot be compared after all.
        unranked: Why there is no ranking, empty where there is.
        allowed: In what the runs differ though it was let pass, as "task.nms_iou".
    """

    entries: list[Entry]
    result: CompareResult | None = None
    unranked: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def standing(self, entry: Entry, metric: str) -> Standing | None:
        """Return a run's place in the ranking of a metric, None where it has none."""
        if self.result is None:
            return None
        own = label(self.entries.index(entry))
        return next((one for one in self.result.ranking if (one.run, one.metric) == (own, metric)), None)


def group_runs(entries: Sequence[Entry], compare: Sequence[str], replicates: int, seed: int) -> list[Group]:
    """Put the runs of one task into groups and rank each.

    Args:
        entries: Runs of one task.
        compare: Patterns of switches that may differ within a group.
        replicates, seed: Of the resampling.

    Returns:
        The groups, the largest first. A run joins the first group with whose first run it may be compared.
    """
    sides = [Side(entry.run.location, entry.run.record, entry.run.rows()) for entry in entries]
    members: list[list[int]] = []
    reasons: dict[tuple[int, int], list[Difference]] = {}
    for index, side in enumerate(sides):
        for group in members:
            own = [one for one in compare if not unknown_patterns(side.record.identity.stored, [one])]
            forbidding = _forbidding(sides[group[0]], side, own)
            if not forbidding:
                group.append(index)
                break
            reasons[group[0], index] = forbidding
        else:
            members.append([index])
    members.sort(key=len, reverse=True)
    ranked = [
        _ranked([entries[at] for at in own], [sides[at] for at in own], compare, replicates, seed) for own in members
    ]
    return [_unranked(group, own, members, entries, reasons) for group, own in zip(ranked, members, strict=True)]


def check_patterns(entries: Sequence[Entry], compare: Sequence[str]) -> None:
    """Refuse a pattern that fits no switch of any run.

    Raises:
        UsageError: There is one.
    """
    identities = [entry.run.record.identity.stored for entry in entries]
    for pattern in compare:
        if all(unknown_patterns(identity, [pattern]) for identity in identities):
            mend = "use compare=task.SWITCH, as in compare=task.nms_iou, or compare=predictions.nms"
            raise UsageError(f"no run has a switch {pattern}", where="compare", mend=mend)


def _forbidding(first: Side, other: Side, compare: Sequence[str]) -> list[Difference]:
    """Return what forbids to rank two runs together: what a comparison refuses, and times of other machines."""
    forbidding, _ = differences([first], [other], compare, common=False)
    if first.record.task_name == other.record.task_name == TIMED:
        here, there = (
            f"{side.record.environment.platform} {side.record.environment.device}" for side in (first, other)
        )
        if here != there:
            forbidding = [*forbidding, Difference("environment", here, there)]
    return forbidding


def _ranked(entries: list[Entry], sides: list[Side], compare: Sequence[str], replicates: int, seed: int) -> Group:
    if len(sides) < 2:
        return Group(entries)
    own = [one for one in compare if not unknown_patterns(sides[0].record.identity.stored, [one])]
    try:
        result = compare_runs(sides, compare=own, replicates=replicates, seed=seed)
    except SambenchError as error:  # as of a task that cannot be resampled
        return Group(entries, unranked=[error.what])
    if result.forbidding:  # what the first run lets pass, another may not
        return Group(entries, unranked=[f"{name}: {one}" for name, one in result.forbidding])
    switches = [one.key for _, one in result.told if one.key.startswith(("task.", "predictions."))]
    return Group(entries, result, allowed=list(dict.fromkeys(switches)))


def _unranked(
    group: Group,
    own: Sequence[int],
    members: Sequence[Sequence[int]],
    entries: Sequence[Entry],
    reasons: dict[tuple[int, int], list[Difference]],
) -> Group:
    """Say why a group of one run is not ranked with the others."""
    if len(own) > 1:
        return group
    lines = []
    for other in members:
        pair = (min(other[0], own[0]), max(other[0], own[0]))
        if other is not own and pair in reasons:
            names = listing([entries[at].label for at in other], 3)
            words = "; ".join(_plain(one, swapped=pair[0] == own[0]) for one in reasons[pair][:3])
            more = f" and {len(reasons[pair]) - 3} more" if len(reasons[pair]) > 3 else ""
            lines.append(f"not with {names}: {words}{more}")
    return Group(group.entries, unranked=lines or ["no other run of this task"])


def _plain(one: Difference, swapped: bool) -> str:
    """Say a difference as "task.nms_iou is 0.9 here, 0.7 there"."""
    there, here = (one.candidate, one.baseline) if swapped else (one.baseline, one.candidate)
    return f"{one.key} is {_short(here)} here, {_short(there)} there"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:12]}..."
