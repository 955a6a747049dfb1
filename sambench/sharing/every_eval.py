"""A run as a record of Every Eval Ever, schema 0.3.0: one JSON file a run, checked against that schema by the tests."""

from __future__ import annotations

import hashlib
import math
import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sambench.files.safe_names import safe_part
from sambench.files.storage.locations import is_web_address
from sambench.metrics.bootstrap import REPLICATES
from sambench.runs.run import Run
from sambench.runs.seals import flatten
from sambench.sharing.hub import defined, task_id
from sambench.tables.departures import departs
from sambench.types import Metric

SCHEMA_VERSION = "0.3.0"
RELATIONS = ("first_party", "third_party", "collaborative", "other")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Evaluator:
    """Who evaluated, and whose model.

    Attributes:
        by: The organisation or person who ran the evaluation.
        relation: Theirs to the model, one of `RELATIONS`.
        developer: Who made the model.
        url: Where more is told of them; None for nowhere.
    """

    by: str
    relation: str
    developer: str = UNKNOWN
    url: str | None = None


def record_name(run: Run, evaluator: Evaluator) -> str:
    """Return the file's name in a repository of such records: benchmark, developer and model name its folders."""
    folders = [run.record.data.name, evaluator.developer, str(run.record.model.name)]
    digest = hashlib.sha256((run.record.sha256 or run.folder.name).encode()).digest()
    return "/".join(["data", *map(safe_part, folders), f"{uuid.UUID(bytes=digest[:16], version=4)}.json"])


def every_eval(run: Run, evaluator: Evaluator) -> dict[str, Any]:
    """Return a run's record; undefined metrics are left out."""
    record, now = run.record, str(int(time.time()))
    model = f"{evaluator.developer}/{record.model.name}"
    source = {
        "source_name": "sambench",
        "source_type": "evaluation_run",
        "source_organization_name": evaluator.by,
        "evaluator_relationship": evaluator.relation,
        "additional_details": {"run_sha256": record.sha256, **_texts(run.hashes)},
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"{record.task_name}/{model}/{now}",
        "retrieved_timestamp": now,
        **({"evaluation_timestamp": when} if (when := _epoch(record.finished)) else {}),
        "source_metadata": {**source, **({"source_organization_url": evaluator.url} if evaluator.url else {})},
        "eval_library": {
            "name": "sambench",
            "version": str(record.code.version or UNKNOWN),
            "additional_details": _texts({"commit": record.code.commit, "device": record.environment.device}),
        },
        "model_info": _model(run, evaluator, model),
        "evaluation_results": [_result(run, name, metric) for name, metric in defined(run).items()],
    }


def _model(run: Run, evaluator: Evaluator, model: str) -> dict[str, Any]:
    """Say which model it was: by its name and the hash of its weights, or of the predictions that stood for it."""
    ran = run.record.config.predictions.path is None
    details = {
        "deployment_type": "self_deployed" if ran else UNKNOWN,
        "model_availability": UNKNOWN,
        "sha256": run.record.model.fingerprint,
        "predictions": "made by this run" if ran else "made elsewhere and scored",
    }
    return {
        "name": str(run.record.model.name),
        "id": model,
        "developer": evaluator.developer,
        "additional_details": details,
    }


def _result(run: Run, name: str, metric: Metric) -> dict[str, Any]:
    record, (low, high) = run.record, metric.bounds
    departures = departs(run)
    details = {"departs_from_published_protocol": departures} if departures else {}
    if metric.note:
        details["note"] = metric.note
    return {
        "evaluation_result_id": f"{record.sha256[:16]}.{task_id(run, name)}",
        "evaluation_name": record.task_name,
        "source_data": _data(run),
        "metric_config": {
            "metric_id": f"sambench.{task_id(run, name)}",
            "metric_name": name,
            "metric_unit": metric.unit,
            "lower_is_better": not metric.higher_is_better,
            "score_type": "continuous",
            "min_score": low,
            "max_score": "Infinity" if high == math.inf else high,
        },
        "score_details": {"score": metric.value, "details": details, "uncertainty": _uncertainty(metric)},
        "generation_config": {"additional_details": _texts(flatten(record.switches))},
    }


def _uncertainty(metric: Metric) -> dict[str, Any]:
    fields: dict[str, Any] = {"num_samples": metric.n}
    if metric.ci95 is not None and all(map(math.isfinite, metric.ci95)):
        ends = {"lower": metric.ci95[0], "upper": metric.ci95[1]}
        fields["confidence_interval"] = {**ends, "confidence_level": 0.95, "method": "bootstrap over images"}
        fields["num_bootstrap_samples"] = REPLICATES
    return fields


def _data(run: Run) -> dict[str, Any]:
    """Say which data it was, by its address where it has one."""
    data = run.record.data
    details = {"split": data.split, "samples": data.samples, "annotations_sha256": data.fingerprint}
    source = (
        {"source_type": "url", "url": [data.card.home]} if is_web_address(data.card.home) else {"source_type": "other"}
    )
    return {
        "dataset_name": data.card.title,
        **source,
        "additional_details": _texts({**details, "samples_sha256": run.record.identity.data.keys_sha256}),
    }


def _texts(values: Any) -> dict[str, str]:
    """Return a table of texts, as the schema wants all further details."""
    return {str(key): str(value) for key, value in values.items() if value is not None}


def _epoch(moment: str) -> str | None:
    """Return a moment of a record in seconds since 1970; None where it has none."""
    try:
        return str(int(datetime.fromisoformat(moment).timestamp()))
    except ValueError:
        return None
