"""Numbers of fewer bits for a torch model's image encoder: `model.quantize=`."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import torch
from torch import nn

from sambench.errors import UsageError

Quantisation = Literal["int8_dynamic", "int8_weight", "bf16"]


def quantise_encoder(encoder: nn.Module, kind: Quantisation) -> str:
    """Change an image encoder in place.

    Args:
        encoder: The module.
        kind: "int8_dynamic": weights of linear layers in eight bits a channel, activations in eight bits as they come;
            "int8_weight": the weights alone (both by torchao); "bf16": all weights rounded to bfloat16's eight bits,
            arithmetic as before, so that it shows what `dtype=bf16` loses by its weights.

    Returns:
        What it was done with, for `run.json` and the fingerprint.

    Raises:
        UsageError: torchao is not installed, or there is no such kind.
    """
    if kind == "bf16":
        with torch.no_grad():
            for parameter in encoder.parameters():
                parameter.copy_(parameter.to(torch.bfloat16).to(parameter.dtype))
        return "weights rounded to bfloat16"
    torchao = _torchao()
    configurations = {
        "int8_dynamic": "Int8DynamicActivationInt8WeightConfig",
        "int8_weight": "Int8WeightOnlyConfig",
    }
    if kind not in configurations:
        known = ", ".join([*configurations, "bf16"])
        raise UsageError(f"unknown quantisation {kind!r}", where="model.quantize", mend=f"one of {known}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torchao.quantization.quantize_(encoder, getattr(torchao.quantization, configurations[kind])())
    return f"torchao {torchao.__version__} {configurations[kind]}"


def _torchao() -> Any:
    try:
        import torchao
        import torchao.quantization
    except ImportError as error:
        what = "eight-bit weights of a torch model need the package torchao"
        raise UsageError(what, where="model.quantize", mend="pip install 'sambench[quantize]'") from error
    return torchao
