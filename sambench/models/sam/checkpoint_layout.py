"""What training programs make of a checkpoint's names: prefixes, LoRA beside the weights, a decoder alone."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sambench.errors import ModelError, listing
from sambench.files.json_files import read_json_file
from sambench.files.json_text import JsonError

Tensors = dict[str, Tensor]

_ANCHOR = re.compile(r"(.*?)(?:sam_)?mask_decoder\.(?:mask_tokens|transformer\.layers\.0\.norm1)\.weight")
"""A tensor every family has, after whatever stands before the model's own names."""

_LORA = re.compile(r"(.*)\.lora_([AB])(?:\.\w+)?\.weight")

_PEFT = "base_model.model."
"""Before every name in what PEFT writes."""

SAM3 = ("tracker.", "detector.", "sam3_model.", "sam2_predictor.")
"""Beginnings of names in the original files of SAM 3 and 3.1, whose parts are models of their own."""


@dataclass
class Layout:
    """Tensors under a model's own names, and how they came by them.

    Attributes:
        tensors: By name.
        notes: What was taken off or put together, in words.
    """

    tensors: Tensors
    notes: list[str] = field(default_factory=list)


def plain_names(tensors: Tensors, path: Path, prefix: str | None = None) -> Layout:
    """Take off what a training program put before or into a model's names; what lies beside the model is left out.

    Args:
        tensors: As in the file.
        path: For messages.
        prefix: Which of several models is meant, as "student."; None where there is one.

    Raises:
        ModelError: There are several models, or none below the prefix.
    """
    notes: list[str] = []
    if any("_orig_mod." in name for name in tensors):
        tensors = {name.replace("_orig_mod.", ""): tensor for name, tensor in tensors.items()}
        notes.append("'_orig_mod.' of torch.compile taken out of the names")
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    if all(name.startswith(_PEFT) for name in tensors) and not any(_ANCHOR.fullmatch(name) for name in tensors):
        tensors = {name.removeprefix(_PEFT): tensor for name, tensor in tensors.items()}
    starts = sorted({match[1] for name in tensors if (match := _ANCHOR.fullmatch(_without_wrappers(name)))})
    if prefix is not None:
        if not any(name.startswith(prefix) for name in tensors):
            what = f"no tensor's name begins with {prefix!r}; models begin with {listing([repr(s) for s in starts])}"
            raise ModelError(what, where=path, mend="choose one of these with model.prefix, or leave it out")
        starts = [prefix]
    if len(starts) > 1 and "" not in starts and not any(name.startswith(SAM3) for name in tensors):
        what = f"the checkpoint holds {len(starts)} models, below {listing([repr(start) for start in starts])}"
        raise ModelError(what, where=path, mend=f"choose one: model.prefix={starts[0]}")
    if len(starts) == 1 and starts[0] and not any(name.startswith(SAM3) for name in tensors):
        inside = {name.removeprefix(starts[0]): one for name, one in tensors.items() if name.startswith(starts[0])}
        left = [name for name in tensors if not name.startswith(starts[0])]
        notes.append(f"the prefix {starts[0]!r} taken off {len(inside)} names")
        if left:
            notes.append(f"{len(left)} tensors beside the model left out: {listing(left, 3)}")
        tensors = inside
    return Layout(tensors, notes)


def _without_wrappers(name: str) -> str:
    return name.replace(".base_layer.", ".").replace(".modules_to_save.default.", ".")


def merged_lora(tensors: Tensors, path: Path, alpha: float | None, rank_stabilised: bool = False) -> Layout:
    """Merge LoRA in PEFT's layout into the weights it stands beside: W + alpha / r * B A.

    Args:
        tensors: With `X.base_layer.weight`, `X.lora_A.NAME.weight` and `X.lora_B.NAME.weight`.
        path: For messages.
        alpha: `lora_alpha`, which no tensor tells.
        rank_stabilised: Whether it is divided by the root of r.

    Raises:
        ModelError: The scale is not known, a half is missing, or it is a kind of adapter that is no sum.
    """
    if not any(".lora_" in name for name in tensors):
        return Layout(tensors)
    strange = [name for name in tensors if ".lora_" in name and not _LORA.fullmatch(name)]
    if strange:
        what = f"the checkpoint has adapters that are no plain LoRA: {listing(strange, 3)}"
        raise ModelError(what, where=path, mend="merge them where they were made: model.merge_and_unload()")
    if alpha is None:
        what = "the checkpoint holds LoRA beside the weights, whose scale no tensor tells"
        raise ModelError(what, where=path, mend="give the lora_alpha of its LoraConfig: model.lora_alpha=16")
    halves: dict[str, dict[str, Tensor]] = {}
    for name in [name for name in tensors if ".lora_" in name]:
        match = _LORA.fullmatch(name)
        assert match is not None
        halves.setdefault(match[1], {})[match[2]] = tensors[name]
    replaced = {name for name in tensors if ".modules_to_save." in name}
    plain = {
        re.sub(r"\.(?:base_layer|modules_to_save\.\w+)\.", ".", name): tensor
        for name, tensor in tensors.items()
        if ".lora_" not in name and ".original_module." not in name
    }
    for layer, pair in halves.items():
        weight = plain.get(f"{layer}.weight")
        if pair.keys() != {"A", "B"} or weight is None:
            what = f"LoRA of {layer} lacks {'its weight' if weight is None else 'one of its halves'}"
            raise ModelError(what, where=path, mend="give the base it was trained on: model.base=PATH")
        rank = pair["A"].shape[0]
        scale = alpha / (math.sqrt(rank) if rank_stabilised else rank)
        delta = (pair["B"].double().flatten(1) @ pair["A"].double().flatten(1)).view(weight.shape)
        plain[f"{layer}.weight"] = (weight.double() + scale * delta).to(weight.dtype)
    notes = [f"LoRA of {len(halves)} layers merged with lora_alpha {alpha:g}"]
    if replaced:
        notes.append(f"{len(replaced)} tensors of modules_to_save taken in the place of their originals")
    return Layout(plain, notes)


def adapter_settings(folder: Path) -> tuple[float, bool] | None:
    """Return `lora_alpha` and whether it is rank-stabilised, of a folder that PEFT wrote; None for any other folder.

    Raises:
        ModelError: The folder's adapter is no LoRA, or its configuration cannot be read.
    """
    file = folder / "adapter_config.json"
    if not file.is_file():
        return None
    try:
        config: Mapping[str, Any] = read_json_file(file)
        kind, alpha = config["peft_type"], float(config["lora_alpha"])
    except (JsonError, OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"the adapter's configuration cannot be read: {error}", where=file) from error
    if kind != "LORA" or config.get("use_dora") or config.get("rank_pattern") or config.get("alpha_pattern"):
        what = f"the adapter is {kind} with patterns or DoRA, which is no plain LoRA"
        raise ModelError(what, where=file, mend="merge it where it was made: model.merge_and_unload()")
    return alpha, bool(config.get("use_rslora"))


def over_base(part: Tensors, base: Tensors, path: Path) -> Layout:
    """Lay a part of a model (a decoder alone, an adapter) over the tensors of a whole one.

    Names may lack the decoder's own beginning.

    Raises:
        ModelError: A tensor of the part has no place in the base, or has another shape there.
    """
    beginnings = ("", "mask_decoder.", "sam_mask_decoder.")
    names = [name for name in part if ".lora_" not in name]
    begin = next((b for b in beginnings if all(b + name in base for name in names)), None)
    if begin is None:
        lost = [name for name in names if name not in base]
        what = f"{len(lost)} of {len(names)} tensors have no place in the base: {listing(lost, 3)}"
        raise ModelError(what, where=path, mend="give the base of the same architecture and layout: model.base=PATH")
    wrong = [name for name in names if part[name].shape != base[begin + name].shape]
    if wrong:
        name = wrong[0]
        what = f"{len(wrong)} tensors have another shape than the base's: {name} is {tuple(part[name].shape)}"
        raise ModelError(what, where=path, mend="give the base it was trained on: model.base=PATH")
    both = {**base, **{begin + name: tensor for name, tensor in part.items()}}
    same = sum(torch.equal(part[name].float(), base[begin + name].float()) for name in names)
    note = f"{len(names)} of {len(base)} tensors from the checkpoint, the others from the base"
    return Layout(both, [note + (f" ({same} are the base's own)" if same else "")])
