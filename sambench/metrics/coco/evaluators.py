"""One way to ask for instance figures, whoever counts: this package, the official evaluators, or both and hotcoco.

`evaluator="fast"` is this package's own matching: numba over pycocotools' overlaps, image by image, with records small
enough to keep; it takes less than half of hotcoco's time. `"official"` is pycocotools (COCO, proposals) or lvis (LVIS).
`"both"` runs these two and hotcoco, and stops where they differ (`sambench.metrics.coco.agreement`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from sambench.errors import PredictionError, UsageError, listing
from sambench.metrics.coco.agreement import agreed_figures, check_records
from sambench.metrics.coco.average_precision import precision_figures
from sambench.metrics.coco.average_recall import ProposalMatches, match_proposals, recall_figures
from sambench.metrics.coco.by_pycocotools import (
    official_match_coco,
    official_match_proposals,
    official_precision_coco,
    official_recall,
)
from sambench.metrics.coco.detections import ImagePair
from sambench.metrics.coco.matches import InstanceMatches, default_limits, match_instances
from sambench.metrics.coco.params import PROPOSAL_LIMITS, IouType, RuleKind, checked_limits

Evaluator = Literal["fast", "official", "both"]
EVALUATORS = ("fast", "official", "both")

Categories = Sequence[Mapping[str, Any]]
"""Category records of an annotation file: `id`, and `frequency` ("r", "c", "f") in LVIS."""


def evaluate_instances(
    pairs: Iterable[ImagePair],
    categories: Categories,
    *,
    kind: RuleKind = "coco",
    iou_type: IouType = "segm",
    max_dets: int | Sequence[int] | None = None,
    evaluator: Evaluator = "fast",
) -> dict[str, float]:
    """Score instances by COCO's or LVIS's rules.

    Args:
        pairs: Images one by one; none is kept.
        categories: The dataset's categories.
        kind: Whose rules.
        iou_type: Overlap of masks or of boxes.
        max_dets: Limits on detections (`precision_figures`); LVIS takes one.
        evaluator: Who counts.

    Returns:
        Fractions by name, as `precision_figures`.

    Raises:
        DisagreementError: With "both", a figure differs.
        PredictionError: A detection has a category the dataset does not know.
        DatasetError: An LVIS category has no frequency.
        UsageError: A switch has no such value.
    """
    limits = instance_limits(kind, max_dets)
    witness = None
    if check_evaluator(evaluator) == "both":
        from sambench.metrics.coco.by_hotcoco import FastInstances

        witness = FastInstances(categories, kind, iou_type, limits)
    known = np.array([int(category["id"]) for category in categories], np.int64)
    matches = []
    for pair in pairs:
        _check_categories(pair, known)
        matches.append(match_instances_by(pair, evaluator, kind=kind, iou_type=iou_type, max_dets=limits[-1]))
        if witness is not None:
            witness.add(pair)
    frequencies = frequencies_of(categories)
    figures = instance_figures(matches, frequencies, kind=kind, max_dets=limits, evaluator=evaluator)
    if witness is not None:
        agreed_figures({"sambench": figures, "hotcoco": witness.figures()})
    return figures


def proposal_recall(
    pairs: Iterable[ImagePair],
    categories: Categories | None = None,
    *,
    iou_type: IouType = "segm",
    max_dets: int | Sequence[int] = PROPOSAL_LIMITS,
    evaluator: Evaluator = "fast",
) -> dict[str, float]:
    """Score class-agnostic proposals.

    Args:
        pairs: Images one by one; none is kept.
        categories: The dataset's categories, for recall by frequency; None, or without `frequency`, leaves that out.
        iou_type: Overlap of masks or of boxes.
        max_dets: Limits k.
        evaluator: Who counts.

    Returns:
        Fractions by name, as `recall_figures`.

    Raises:
        DisagreementError: With "both", a figure differs.
        DatasetError: Some categories have a frequency and one has none.
        UsageError: A switch has no such value.
    """
    limits = checked_limits(max_dets)
    frequencies = frequencies_of(categories or [])
    witness = None
    if check_evaluator(evaluator) == "both":
        from sambench.metrics.coco.by_hotcoco import FastProposals

        witness = FastProposals(iou_type, limits, frequencies)
    matches = []
    for pair in pairs:
        matches.append(
            match_proposals_by(pair, evaluator, iou_type=iou_type, max_dets=limits[-1], frequencies=frequencies)
        )
        if witness is not None:
            witness.add(pair)
    figures = proposal_figures(matches, max_dets=limits, evaluator=evaluator)
    if witness is not None:
        agreed_figures({"sambench": figures, "hotcoco": witness.figures()})
    return figures


def match_instances_by(
    pair: ImagePair, evaluator: Evaluator, *, kind: RuleKind = "coco", iou_type: IouType = "segm", max_dets: int
) -> InstanceMatches:
    """Match one image as `match_instances`, by the evaluator asked for; with "both" the two records are compared."""
    records: dict[str, InstanceMatches] = {}
    if check_evaluator(evaluator) != "official":
        records["sambench"] = match_instances(pair, kind=kind, iou_type=iou_type, max_dets=max_dets)
    if evaluator != "fast" and kind == "lvis":
        from sambench.metrics.coco.by_lvis import official_match_lvis

        records["lvis"] = official_match_lvis(pair, iou_type=iou_type, max_dets=max_dets)
    elif evaluator != "fast":
        records["pycocotools"] = official_match_coco(pair, iou_type=iou_type, max_dets=max_dets)
    check_records({name: vars(record) for name, record in records.items()}, pair.truth.image_id)
    return next(iter(records.values()))


def match_proposals_by(
    pair: ImagePair,
    evaluator: Evaluator,
    *,
    iou_type: IouType = "segm",
    max_dets: int = PROPOSAL_LIMITS[-1],
    frequencies: Mapping[int, str] | None = None,
) -> ProposalMatches:
    """Match one image as `match_proposals`, by the evaluator asked for; with "both" the two records are compared."""
    records: dict[str, ProposalMatches] = {}
    if check_evaluator(evaluator) != "official":
        records["sambench"] = match_proposals(pair, iou_type=iou_type, max_dets=max_dets, frequencies=frequencies)
    if evaluator != "fast":
        records["pycocotools"] = official_match_proposals(
            pair, iou_type=iou_type, max_dets=max_dets, frequencies=frequencies
        )
    check_records({name: record.places for name, record in records.items()}, pair.truth.image_id)
    return next(iter(records.values()))


def instance_figures(
    matches: Sequence[InstanceMatches],
    frequencies: Mapping[int, str] | None = None,
    *,
    kind: RuleKind = "coco",
    max_dets: int | Sequence[int] | None = None,
    evaluator: Evaluator = "fast",
) -> dict[str, float]:
    """Sum up records as `precision_figures`, by the evaluator asked for; with "both" the figures are compared."""
    limits = instance_limits(kind, max_dets)
    figures: dict[str, dict[str, float]] = {}
    if check_evaluator(evaluator) != "official":
        figures["sambench"] = precision_figures(matches, kind=kind, max_dets=limits, frequencies=frequencies)
    if evaluator != "fast" and kind == "lvis":
        from sambench.metrics.coco.by_lvis import official_precision_lvis

        figures["lvis"] = official_precision_lvis(matches, frequencies=frequencies or {}, max_dets=limits)
    elif evaluator != "fast":
        figures["pycocotools"] = official_precision_coco(matches, max_dets=limits)
    return agreed_figures(figures)


def proposal_figures(
    matches: Sequence[ProposalMatches],
    *,
    max_dets: int | Sequence[int] = PROPOSAL_LIMITS,
    evaluator: Evaluator = "fast",
) -> dict[str, float]:
    """Sum up records as `recall_figures`, by the evaluator asked for; with "both" the figures are compared."""
    limits = checked_limits(max_dets)
    figures: dict[str, dict[str, float]] = {}
    if check_evaluator(evaluator) != "official":
        figures["sambench"] = recall_figures(matches, limits)
    if evaluator != "fast":
        figures["pycocotools"] = official_recall(matches, max_dets=limits)
    return agreed_figures(figures)


def check_evaluator(evaluator: str) -> str:
    """Return the switch's value.

    Raises:
        UsageError: There is no such evaluator, or it asks a package that is not installed.
    """
    if evaluator not in EVALUATORS:
        raise UsageError(f"there is no evaluator {evaluator!r}", mend=f"choose one of {', '.join(EVALUATORS)}")
    if evaluator == "both" and find_spec("hotcoco") is None:
        what = "evaluator=both asks hotcoco as well, which is not installed"
        raise UsageError(what, mend="pip install 'hotcoco>=1.3,<2', or use evaluator=official")
    return evaluator


def instance_limits(kind: RuleKind, max_dets: int | Sequence[int] | None) -> tuple[int, ...]:
    """Return limits on detections, those of the published numbers if left out.

    Raises:
        UsageError: LVIS is given several, which its rules do not know, or a limit is no whole number from 1 on.
    """
    limits = default_limits(kind) if max_dets is None else checked_limits(max_dets)
    if kind == "lvis" and len(limits) > 1:
        raise UsageError(
            f"LVIS takes one limit on the detections of an image, not {list(limits)}", mend="give max_dets=300"
        )
    return limits


def frequencies_of(categories: Categories) -> dict[int, str] | None:
    """Return category id to frequency letter, or None where no category has one (COCO)."""
    if not any("frequency" in category for category in categories):
        return None
    return {int(category["id"]): str(category.get("frequency")) for category in categories}


def _check_categories(pair: ImagePair, known: np.ndarray) -> None:
    categories = pair.detections.category_ids
    if len(unknown := categories[~np.isin(categories, known)]):
        raise PredictionError(
            f"{len(unknown)} detections have categories the dataset does not know: "
            f"{listing([str(category) for category in np.unique(unknown)])}",
            where=f"image {pair.truth.image_id}",
            mend="map the categories to the annotation file's ids",
        )
