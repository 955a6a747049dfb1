"""ONNX files of a native model: traced, converted to half precision, or quantised to eight bits by onnxruntime."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from sambench.errors import ModelError, UsageError
from sambench.models.checkpoint_files import first_line
from sambench.models.onnx.exporting.graphs import Half, to_trace
from sambench.models.onnx.files import INSTALL
from sambench.models.sam.model import TransformersSam

Precision = Literal["fp32", "fp16", "int8"]

SUFFIXES: dict[Precision, str] = {"fp32": "", "fp16": "_fp16", "int8": "_int8"}
"""Precision -> what stands in the file's name before .onnx."""

QUANTISED_OPERATORS = ["MatMul", "Gemm"]
"""Operators whose weights become eight bits; convolutions stay, which halves the error at the same speed."""


def export_half(sam: TransformersSam, half: Half, folder: Path, opset: int) -> Path:
    """Trace one half of a float32 model on the CPU into FOLDER/HALF.onnx.

    Raises:
        UsageError: onnx is not installed.
        ModelError: torch cannot trace it.
    """
    graph, inputs, outputs = to_trace(sam, half)
    path = folder / f"{half}.onnx"
    axes: dict[str, dict[int, str]] = {}
    if half == "decoder":
        axes = {name: {0: "prompts", 1: "points"} for name in ("point_coords", "point_labels")}
        axes |= {name: {0: "prompts"} for name in ("mask_input", *outputs)}
    _trace(graph, inputs, outputs, axes, path, opset)
    _note(path, sam, half)
    return path


def _trace(
    graph: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: tuple[str, ...],
    axes: dict[str, dict[int, str]],
    path: Path,
    opset: int,
) -> None:
    try:
        import onnx  # noqa: F401 (torch writes with it)
    except ImportError as error:
        raise UsageError("the export needs the package onnx", where="to=onnx", mend=INSTALL) from error
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # that tracing is the older exporter, and that shapes become constants
        try:
            torch.onnx.export(
                graph.eval(),
                tuple(inputs.values()),
                str(path),
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_axes=axes,
                opset_version=opset,
                dynamo=False,
            )
        except Exception as error:  # whatever a tracer meets
            what = f"torch cannot write the graph: {type(error).__name__}: {first_line(error)}"
            raise ModelError(what, where=path, mend="opset=18, or another version of torch") from error


def made_of(sam: TransformersSam, half: Half) -> dict[str, str]:
    """Return what a file says of where it is from."""
    return {
        "half": half,
        "family": sam.family,
        "preprocessing": sam.preprocessing.describe(),
        "original": str(sam.provenance["sha256"]),
    }


def _note(path: Path, sam: TransformersSam, half: Half) -> None:
    """Write into the graph what it was made of."""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    content = made_of(sam, half)
    entry = model.metadata_props.add()
    entry.key, entry.value = "sambench", json.dumps(content, sort_keys=True)
    onnx.save(model, str(path))


def convert(path: Path, precision: Precision) -> Path:
    """Write a float32 graph's form of another precision beside it; inputs and outputs stay float32.

    Args:
        path: NAME.onnx.
        precision: "fp16" has weights and arithmetic of 16 bits; "int8" weights of eight bits a channel, activations of
            eight bits by each answer's own range (dynamic quantisation).

    Returns:
        NAME_fp16.onnx or NAME_int8.onnx; the path itself for "fp32".
    """
    if precision == "fp32":
        return path
    out = path.with_name(f"{path.stem}{SUFFIXES[precision]}.onnx")
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")
        if precision == "int8":
            _quantise(path, out)
        else:
            _halve(path, out)
    return out


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the tools' advice to themselves, which they give to the root logger."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _quantise(path: Path, out: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        str(path),
        str(out),
        op_types_to_quantize=QUANTISED_OPERATORS,
        per_channel=True,
        weight_type=QuantType.QInt8,
        reduce_range=True,  # 8 bits overflow on processors that add pairs of products in 16 (AVX2 without VNNI)
    )


def _halve(path: Path, out: Path) -> None:
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model: Any = convert_float_to_float16(onnx.load(str(path)), keep_io_types=True)
    onnx.save(model, str(out))
