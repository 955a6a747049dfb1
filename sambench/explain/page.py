"""The page of an explained run: where its loss is, by which objects, and what the worst of them look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sambench.explain.change import Change, is_sure
from sambench.explain.confidence import FIGURES, Confidence
from sambench.explain.detections import KIND_TEXTS, DetectionKinds
from sambench.explain.pictures import LEGEND, Example
from sambench.explain.summary import LOSS, Estimate, Group
from sambench.metrics.anatomy.parts import PARTS
from sambench.metrics.paired import Comparison
from sambench.pages.report.page import environment
from sambench.runs.run import Run
from sambench.runs.summary import caption, number


@dataclass(frozen=True)
class Finding:
    """Everything that the page shows of a run.

    Attributes:
        run: The run.
        against: The run it is held against, or None.
        verdicts: Sentences that the intervals allow.
        groups: All objects first, then those of each kind.
        kinds: How many objects are of which kind of error.
        change: What changed, or None.
        notes: What the run cannot answer, in sentences.
        detections: Kinds of wrong detections, of all tasks but points.
        confidence: How far each of the run's own estimates can be believed, by its name; empty where it has none.
    """

    run: Run
    against: Run | None
    verdicts: Sequence[str]
    groups: Sequence[Group]
    kinds: dict[str, int]
    change: Change | None
    notes: Sequence[str]
    detections: DetectionKinds | None = None
    confidence: Mapping[str, Confidence] = field(default_factory=dict)


def build_page(finding: Finding, examples: Sequence[Example], scratch: Path) -> str:
    """Write the page as HTML that asks for nothing beside it; `scratch` is a folder for files of figures."""
    whole = finding.groups[0]
    longest = max(group.means[LOSS].value for group in finding.groups) or 1.0
    groups = [(group, _bar(group, longest)) for group in finding.groups[1:]]
    return (
        environment()
        .get_template("explain.html")
        .render(
            finding=finding,
            caption=caption(finding.run),
            whole=whole,
            loss=LOSS,
            bar=_bar(whole, whole.means[LOSS].value or 1.0),
            parts=[(index, part, PARTS[part], whole.means[part]) for index, part in enumerate(PARTS)],
            ends=ends,
            kind_texts=KIND_TEXTS,
            believed=FIGURES,
            confidence=[(name, one, one.drawn(scratch, name)) for name, one in finding.confidence.items()],
            groups=groups,
            changes=change_lines(finding.change.parts) if finding.change else [],
            examples=[
                (index, part, PARTS[part], [one for one in examples if one.part == part])
                for index, part in enumerate(PARTS)
            ],
            legend=[(name, "#{:02x}{:02x}{:02x}".format(*colour)) for name, colour in LEGEND],
        )
    )


def ends(one: Estimate) -> str:
    """Write an interval, or that there is none."""
    low, high = one.ci95
    return "too few images" if low != low else f"[{number(low)}, {number(high)}]"


def _bar(group: Group, longest: float) -> list[tuple[int, str, str]]:
    """Return a bar's pieces: place of the part, what it says, and its width in percent."""
    means = [group.means[part].value for part in PARTS]
    return [
        (index, f"{part} {number(value)}", f"{100 * value / longest:.2f}")
        for index, (part, value) in enumerate(zip(PARTS, means, strict=True))
        if value > 0
    ]


def change_lines(changes: Mapping[str, Comparison]) -> list[dict[str, Any]]:
    """Return what a page or table says of each figure that two runs have."""
    return [
        {
            "name": name,
            "before": number(one.baseline),
            "after": number(one.candidate),
            "difference": f"{one.difference:+.3f}",
            "ends": "too few images"
            if one.interval[0] != one.interval[0]
            else f"[{one.interval[0]:+.3f}, {one.interval[1]:+.3f}]",
            "sure": is_sure(one),
        }
        for name, one in changes.items()
    ]
