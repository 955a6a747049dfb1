"""What runs are called where several stand side by side: so that no two of one model look alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

from sambench.errors import RunError
from sambench.redact import without_secrets
from sambench.runs.record import RunRecord
from sambench.runs.seals import flatten

SHOWN = 3
"""Differing settings that a label tells; of more it tells how many."""

LONGEST = 32
"""Characters of a setting's value that a label tells."""

_WEIGHTS = (".pth", ".pt", ".safetensors", ".onnx", ".bin", ".ckpt")


def labels(records: Sequence[RunRecord], locations: Sequence[str]) -> list[str]:
    """Name runs: `own_label`, and behind it what differs between those of one task and data that share one.

    Args:
        records: Of the runs that are shown together.
        locations: The folder or file of each; its name stands behind a label where nothing else differs.
    """
    own = [own_label(record) for record in records]
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, record in enumerate(records):
        groups.setdefault((own[index], *_about(record)), []).append(index)
    labelled = list(own)
    for indices_of in groups.values():
        if len(indices_of) > 1:
            differing = _differing([records[index] for index in indices_of])
            names = _ends([without_secrets(locations[index]) for index in indices_of])
            for index, parts, name in zip(indices_of, differing, names, strict=True):
                last = [] if differing.count(parts) == 1 and parts else [name]
                labelled[index] = ", ".join([own[index], *parts, *last])
    return labelled


def own_label(record: RunRecord) -> str:
    """Return what a run is called by itself: the name it was given, else its model, weights file and dtype."""
    with suppress(RunError):  # a record without a configuration
        if record.config.run.name is not None:
            return record.config.run.name
    model = record.model
    name, parts = model.name, [model.name]
    if isinstance(model.variant, str) and _bare(model.variant) not in _bare(name):
        parts.append(model.variant)
    weights = _file_name(model.stored.get("checkpoint"))
    if weights and _bare(weights) not in _bare(name):
        parts.append(weights)
    dtype = str(model.stored.get("dtype", "")).removeprefix("torch.")
    if dtype not in ("", "float32", "fp32"):
        parts.append({"bfloat16": "bf16", "float16": "fp16"}.get(dtype, dtype))
    return ", ".join(parts)


def _about(record: RunRecord) -> tuple[str, str, str]:
    """Return task, data and split, as far as the record tells them: runs that differ there are told apart by that."""
    with suppress(RunError):
        return record.task_name, record.data.name, record.data.split
    return "", "", ""


def _differing(records: Sequence[RunRecord]) -> list[tuple[str, ...]]:
    """Return for each of several runs in words what it differs in from the others.

    Runs of different presets are told apart by these, as a preset is many switches; those of one preset by settings;
    runs of the same settings by what else a number may depend on, one thing at a time until it tells them apart.
    """
    presets = [_preset(record) for record in records]
    if len(set(presets)) > 1:
        described: list[tuple[str, ...]] = [()] * len(records)
        for preset in dict.fromkeys(presets):
            own = [index for index, one in enumerate(presets) if one == preset]
            for index, parts in zip(own, _differing([records[one] for one in own]), strict=True):
                described[index] = (preset, *parts)
        return described
    words = [_shown(one) for one in _unlike([_settings(record) for record in records])]
    for values in zip(*(_circumstances(record) for record in records), strict=True):
        if len(set(words)) == len(words):
            break
        if len({json.dumps(value) for value in values}) > 1:
            words = [(*parts, value) if value else parts for parts, value in zip(words, values, strict=True)]
    return words


def _unlike(settings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Keep of each run's settings those that are not the same in all, paths without the folders all have in common."""
    keys = dict.fromkeys(key for one in settings for key in one)
    kept = [key for key in keys if len({json.dumps(one.get(key), default=str) for one in settings}) > 1]
    differing: list[dict[str, Any]] = [{key: one[key] for key in kept if key in one} for one in settings]
    for key in kept:
        own = [one for one in differing if isinstance(one.get(key), str) and "/" in one[key]]
        for one, end in zip(own, _ends([one[key] for one in own]), strict=True):
            one[key] = end
    return differing


def _ends(paths: Sequence[str]) -> list[str]:
    """Return the last names of paths, with as many folders before them as it takes to tell different paths apart."""
    parts = [PurePosixPath(path).parts for path in paths]
    for length in range(1, max(map(len, parts), default=0)):
        ends = ["/".join(one[-length:]) for one in parts]
        if len(set(ends)) == len(set(paths)):
            return ends
    return list(paths)


def _shown(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Write settings as the command line takes them, the first few."""
    words = [f"{key.removeprefix('task.')}={_value(value)}" for key, value in settings.items()]
    return (*words[:SHOWN], f"{len(words) - SHOWN} more") if len(words) > SHOWN else tuple(words)


def _value(value: Any) -> str:
    text = without_secrets(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _preset(record: RunRecord) -> str:
    with suppress(RunError):
        return record.config.task.preset or ""
    return ""


def _settings(record: RunRecord) -> dict[str, Any]:
    """Return what a run was told to do, by the words of the command line, those of the model first."""
    settings: dict[str, Any] = {}
    with suppress(RunError):
        model = flatten(record.config.model.stored)
        settings |= {key: value for key, value in model.items() if key not in ("name", "family", "variant", "device")}
    with suppress(RunError):
        settings |= {f"task.{key}": value for key, value in flatten(dict(record.switches)).items()}
    with suppress(RunError):
        settings["limit"] = record.config.limit
        settings["predictions"] = record.config.predictions.path
    with suppress(RunError):
        settings |= {"nms": record.identity.nms, "seed": record.identity.seed}
        settings |= {"cache.dtype": record.identity.embedding_dtype, "device": record.identity.device}
    return settings


def _circumstances(record: RunRecord) -> list[str]:
    """Return what a number may depend on beside settings: images, weights, machine, version, commit and day."""
    circumstances = ["", "", "", "", "", ""]
    with suppress(RunError):
        circumstances[0] = f"{record.data.samples} images"
    with suppress(RunError):
        circumstances[1] = f"weights {record.model.fingerprint[:6]}" if record.model.fingerprint else ""
    with suppress(RunError):
        circumstances[2] = record.environment.device or ""
    with suppress(RunError):
        circumstances[3] = f"sambench {record.code.version}" if record.code.version else ""
        circumstances[4] = f"commit {str(record.code.commit)[:8]}" if record.code.commit else ""
    circumstances[5] = record.finished[:10]
    return circumstances


def _file_name(path: object) -> str:
    """Return the name of a weights file or folder without its ending."""
    if not isinstance(path, str) or not path:
        return ""
    name = PurePosixPath(without_secrets(path).replace("\\", "/")).name
    return next((name.removesuffix(ending) for ending in _WEIGHTS if name.endswith(ending)), name)


def _bare(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())
