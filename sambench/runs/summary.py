"""What is said of a run in a line, and numbers as the field writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from string import ascii_uppercase

from sambench.runs.run import Run
from sambench.types import Metric


def caption(run: Run) -> str:
    """Say in one line what was run on what, and whatever a reader of the numbers must not miss."""
    record, data, card = run.record, run.record.data, run.record.data.card
    preset = record.config.task.preset
    text = record.task_name + (f" ({preset})" if preset else "")
    named = run.label if run.label == record.model.name else f"{run.label} ({record.model.name})"
    text += f", {named}, {card.title} {data.split}, {data.samples} images"
    text += missing_note(run) + "".join(f"; {line}" for line in metric_notes(run))
    return f"{text}. {card.note}".strip() if card.note else text


def metric_notes(run: Run) -> list[str]:
    """Return what a reader of single metrics must know of them, each after its metric's name."""
    return [f"{name}: {metric.note}" for name, metric in run.metrics.items() if metric.note]


def missing_note(run: Run) -> str:
    """Say which part of the data was run, how files were read, what became of images without a prediction, and NaN."""
    data, model, shard = run.record.data, run.record.model, run.record.shard
    parts = [f"part {shard.index} of {shard.count} of {shard.samples} images"] if shard else []
    if (nms := run.record.identity.nms) != "none":
        parts.append(f"raw edge maps, suppressed before scoring (predictions.nms={nms})")
    if model.missing:
        means = {"left out": "are left out", "empty": "count as images where nothing was found"}
        parts.append(f"{len(model.missing)} images without a prediction {means[model.missing_means]}")
    parts += orientation_notes({**(data.orientations or {}), **data.readings})
    parts += [nan] if (nan := nan_note(run)) else []
    return "".join(f"; {line}" for line in (*parts, *model.notes))


def orientation_notes(counts: Mapping[str, int]) -> list[str]:
    """Say how many images were turned by their EXIF orientation, and how many were not read as they are stored.

    Args:
        counts: `turned`, `ignored` and `damaged` images, as in `sambench.datasets.images.orientation.Orientations`, and
            `first_frames` and `scaled` ones, as in `sambench.datasets.images.headers.read_as`.
    """
    words = {
        "turned": "turned by EXIF orientation",
        "ignored": "with an EXIF orientation read as stored (data.exif=apply turns them)",
        "damaged": "with a damaged EXIF block read as stored",
        "first_frames": "of several frames or pages, of which the first is read",
        "scaled": "of 16 bits a channel scaled to 8",
    }
    return [
        f"{counts[name]} image{'s' * (counts[name] > 1)} {text}" for name, text in words.items() if counts.get(name)
    ]


def nan_note(run: Run) -> str:
    """Say how many of a model's answers were NaN and count as empty masks; nothing where none were."""
    counts = run.record.nan or {}
    if not any(counts.get(key, 0) for key in ("embeddings", "masks")):
        return ""
    earlier = run.record.data.samples - counts.get("of_images", 0)
    text = f"{counts['masks']} masks of {counts['images']} images were NaN and count as empty (task.nan=zero)"
    text += f", as did {counts['embeddings']} embeddings" if counts["embeddings"] else ""
    return text + (f"; the {earlier} images done before the run was interrupted are not counted" if earlier > 0 else "")


def interval(metric: Metric, digits: int = 3) -> str:
    """Write a 95 % interval, or nothing where there is none."""
    if metric.ci95 is None or math.isnan(metric.ci95[0]):
        return ""
    return f"[{number(metric.ci95[0], digits)}, {number(metric.ci95[1], digits)}]"


def carriers(metric: Metric) -> str:
    """Say how many images carry a metric where not all that it is of do, as "1 of 60 images"; nothing where all do."""
    if metric.support is None or metric.support >= metric.n:
        return ""
    return f"{metric.support} of {metric.n} images"


def cell(metric: Metric | None) -> str:
    """Write a metric as it stands in a table: value, interval and, where not all do, how many images carry it."""
    if metric is None or not number(metric.value):
        return ""
    measured = f"{number(metric.value)} {interval(metric)}".strip()
    return ", ".join(filter(None, (measured, carriers(metric))))


def number(value: float | None, digits: int = 3) -> str:
    """Write a fraction as the field does: .768; nothing for an undefined value."""
    if value is None or math.isnan(value):
        return ""
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def label(index: int) -> str:
    """Return A to Z, then A2 and so on."""
    turn, letter = divmod(index, len(ascii_uppercase))
    return ascii_uppercase[letter] + (str(turn + 1) if turn else "")
