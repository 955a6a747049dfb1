"""A run's results as Hugging Face's Hub reads them: `.eval_results/*.yaml`, and `model-index` of a model card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import yaml
from huggingface_hub import EvalResult, EvalResultEntry, eval_result_entries_to_yaml
from huggingface_hub.repocard_data import eval_results_to_model_index

from sambench.errors import UsageError
from sambench.files.safe_names import readable
from sambench.runs.run import Run
from sambench.runs.summary import interval
from sambench.tables.departures import departs
from sambench.types import Metric

KINDS = {"edges": "image-segmentation", "regions": "image-segmentation", "annotators": "image-segmentation"}
"""Task -> the Hub's name for it; all others make masks from prompts."""

OTHERS = "mask-generation"


@dataclass(frozen=True)
class HubTarget:
    """Where results belong on the Hub.

    Attributes:
        dataset: The data set's repository there, which holds the leaderboard, as "ORG/NAME".
        url: Where more is told of the results; None for nowhere.
    """

    dataset: str
    url: str | None = None


def eval_results(run: Run, target: HubTarget) -> str:
    """Return a run's metrics as the content of a file of `.eval_results`; undefined ones are left out.

    The interval, the number of images, the protocol and what departs from it stand in an entry's notes.
    """
    entries = [
        EvalResultEntry(
            dataset_id=target.dataset,
            task_id=task_id(run, name),
            value=metric.value,
            date=run.record.finished or None,
            source_url=target.url,
            source_name="sambench" if target.url else None,
            notes=notes_of(run, metric),
        )
        for name, metric in defined(run).items()
    ]
    return _dumped(eval_result_entries_to_yaml(entries))


def model_index(runs: Sequence[Run], target: HubTarget) -> str:
    """Return runs of one model as the `model-index` block of a model card's metadata.

    Raises:
        UsageError: The runs are of several models.
    """
    names = {str(run.record.model.name) for run in runs}
    if len(names) > 1:
        mend = "give the runs of one model at a time"
        raise UsageError(f"the runs are of several models: {', '.join(sorted(names))}", where="runs", mend=mend)
    results = [
        EvalResult(
            task_type=KINDS.get(run.record.task_name, OTHERS),
            task_name=run.record.task_name,
            dataset_type=target.dataset,
            dataset_name=run.record.data.card.title,
            dataset_split=run.record.data.split,
            metric_type=readable(name),
            metric_name=f"{name} {interval(metric)}".strip(),
            metric_value=metric.value,
            source_name="sambench" if target.url else None,
            source_url=target.url,
        )
        for run in runs
        for name, metric in defined(run).items()
    ]
    return _dumped({"model-index": eval_results_to_model_index(names.pop(), results)})


def task_id(run: Run, metric: str) -> str:
    """Return the name under which a benchmark lists one of a run's metrics, as "edges_ods"."""
    return f"{readable(run.record.task_name)}_{readable(metric)}"


def notes_of(run: Run, metric: Metric) -> str:
    """Say how a metric was measured."""
    preset, departures = run.record.config.task.preset, departs(run)
    parts = [f"95 % interval {interval(metric)}" if interval(metric) else "", f"{metric.n} images"]
    parts += [f"protocol {preset}" if preset else "", f"departs: {departures}" if departures else "", metric.note]
    return "; ".join(filter(None, [*parts, f"sambench {run.record.code.version}"]))


def defined(run: Run) -> dict[str, Metric]:
    """Return a run's metrics that have a value."""
    return {name: metric for name, metric in run.metrics.items() if metric.value == metric.value}


def _dumped(value: object) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text
