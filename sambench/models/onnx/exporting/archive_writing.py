"""TorchScript and torch.export archives of a native model's halves, with the names of their inputs and outputs."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from sambench.errors import ModelError
from sambench.models.checkpoint_files import first_line
from sambench.models.onnx.archives import NOTE
from sambench.models.onnx.exporting.graphs import Half, to_trace
from sambench.models.onnx.exporting.writing import made_of
from sambench.models.sam.model import TransformersSam

Form = Literal["torchscript", "torch_export"]

ENDINGS: dict[Form, str] = {"torchscript": ".pt", "torch_export": ".pt2"}
"""Form -> ending of its files."""

VARYING = {"point_coords": 2, "point_labels": 2, "mask_input": 1}
"""Input of a decoder -> how many of its first sides vary: prompts, then points."""


def export_archive(sam: TransformersSam, half: Half, folder: Path, form: Form) -> Path:
    """Trace one half of a float32 model on the CPU into FOLDER/HALF.pt or .pt2.

    Raises:
        ModelError: torch cannot trace it.
    """
    graph, inputs, names = to_trace(sam, half)
    path = folder / f"{half}{ENDINGS[form]}"
    with warnings.catch_warnings(), torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        warnings.simplefilter("ignore")
        note = json.dumps(_note(sam, half, graph, inputs, names))
        try:
            if form == "torchscript":
                traced = torch.jit.trace(graph, tuple(inputs.values()), check_trace=False, strict=False)
                torch.jit.save(traced, str(path), _extra_files={NOTE: note})
            else:
                varying = _varying(inputs) if half == "decoder" else None
                program = torch.export.export(graph, tuple(inputs.values()), dynamic_shapes=varying)
                torch.export.save(program, str(path), extra_files={NOTE: note})
        except Exception as error:  # whatever a tracer meets
            what = f"torch cannot write the archive: {type(error).__name__}: {first_line(error)}"
            raise ModelError(what, where=path, mend="use to=onnx, or another version of torch") from error
    return path


def _varying(inputs: dict[str, Tensor]) -> Any:
    """Return which sides vary, as torch.export wants it of a call with positional arguments alone."""
    sides = [torch.export.Dim(name, min=1, max=1 << 16) for name in ("prompts", "points")]
    return (tuple({axis: sides[axis] for axis in range(VARYING.get(name, 0))} for name in inputs),)


def _note(
    sam: TransformersSam, half: Half, graph: nn.Module, inputs: dict[str, Tensor], names: tuple[str, ...]
) -> dict[str, Any]:
    made = graph(*inputs.values())
    varying = [(name, part, VARYING.get(name, 0)) for name, part in inputs.items()]
    outputs = [(name, part, int(half == "decoder")) for name, part in zip(names, made, strict=True)]
    return {
        **{
            side: [{"name": name, "shape": [None] * free + list(part.shape[free:])} for name, part, free in parts]
            for side, parts in (("inputs", varying), ("outputs", outputs))
        },
        "made_of": made_of(sam, half),
    }
