"""What the rows of each task hold, as they are checked when they are read (`sambench.runs.row_checks`)."""

from __future__ import annotations

from sambench.metrics.groups import AREA_RANGES, FREQUENCY_GROUPS

_EDGES = ("cnt_r", "sum_r", "cnt_p", "sum_p")
_REGIONS = ("cover_r", "sum_r", "cover_p", "sum_p", "rand_index", "voi")
_AGREEMENT = ("covered", "pixels", "segments", "segment_iou", "segment_best", "rand_index", "voi")
_MOVED = ("strengths", "objects", "clean", "mean", "spread", "worst")
_PLACES = tuple(f"places_{group}" for group in AREA_RANGES)
_FOUND = tuple(f"found_{what}" for what in ("category", "score", "place", *AREA_RANGES))
_TRUTH = tuple(f"truth_{what}" for what in ("category", *AREA_RANGES))
_INSTANCES = {
    "image_id": "name",
    **dict.fromkeys((*_FOUND, *_TRUTH), "whole numbers or nothing"),
    "found_score": "numbers or nothing",
}

COLUMNS: dict[str, dict[str, str]] = {
    "edges": {**dict.fromkeys(_EDGES, "numbers")},
    "annotators": {
        "annotators": "number",
        **dict.fromkeys(_EDGES, "numbers"),
        **dict.fromkeys(_AGREEMENT, "numbers or nothing"),
    },
    "regions": {"cover_best": "number", **dict.fromkeys(_REGIONS, "numbers")},
    "noise": {
        "object": "text",
        **dict.fromkeys(("area", "strength", "clean_iou"), "number"),
        "ious": "numbers",
        "box_iou": "number or nothing",
    },
    "points": {"dataset": "text", "object": "text", **dict.fromkeys(("area", "clicks", "iou"), "number")},
    "proposals": {"image_id": "name", "proposals": "number", **dict.fromkeys(_PLACES, "whole numbers")},
    "instances": _INSTANCES,
    "vocabulary": _INSTANCES,
}
"""Task -> column -> "text", "number", "name" (a number or a text), "numbers" or "texts" (a list); "or nothing" where a
place may be empty, "or nowhere" where all may."""

OPTIONAL: dict[str, dict[str, str]] = {
    "points": dict.fromkeys(("boundary_iou", "predicted_iou", "oracle_iou"), "number or nothing"),
    "noise": {"box": "numbers or nowhere"},
    "proposals": {f"places_{group}": "whole numbers or nowhere" for group in FREQUENCY_GROUPS},
    "instances": {
        "truth_frequency": "texts or nowhere",
        **dict.fromkeys(("box_iou", "box_area"), "numbers or nowhere"),
    },
    "vocabulary": {
        "truth_frequency": "texts or nowhere",
        **dict.fromkeys(("found_rank", "ranked_category"), "whole numbers or nowhere"),
        "ranked_score": "numbers or nowhere",
    },
}
"""The same of columns that need not be there."""

FROZEN: dict[str, dict[str, str]] = {
    **COLUMNS,
    "noise": dict.fromkeys(_MOVED, "numbers"),
    "points": {
        "dataset": "text",
        "image_sha256": "text",
        "clicks": "whole numbers",
        **dict.fromkeys(("size", "steps", "oracle_steps"), "whole numbers or nothing"),
    },
}
"""What the rows of a frozen baseline hold (`Task.compact`)."""

ALIKE: dict[str, tuple[str, ...]] = {"edges": _EDGES, "regions": _REGIONS}
"""Task -> columns whose lists have one length, in all rows."""

TOGETHER: dict[str, tuple[tuple[str, ...], ...]] = {
    "annotators": (_EDGES, _AGREEMENT),
    "noise": ((*_MOVED, "box"),),
    "instances": (_FOUND, (*_TRUTH, "truth_frequency"), ("box_iou", "box_area")),
    "vocabulary": (_FOUND, (*_TRUTH, "truth_frequency"), ("ranked_category", "ranked_score")),
}
"""Task -> columns whose lists have one length in each row, an element a detection, a category or an object."""
