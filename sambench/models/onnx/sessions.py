"""onnxruntime's sessions: made on the provider that was asked for or refused, with their inputs and outputs by name."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch

from sambench.errors import ModelError, UsageError
from sambench.models.checkpoint_files import first_line
from sambench.models.devices import flush_denormals
from sambench.models.onnx.files import INSTALL, OnnxFile, read_onnx

Provider = Literal["cpu", "cuda", "tensorrt", "coreml", "openvino"]

PROVIDERS: dict[str, str] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
"""Name -> onnxruntime's own."""

OPTIONS: dict[str, dict[str, str]] = {"cuda": {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}}
"""Provider -> options, so that two runs compute the same and in full float32."""

HOST = torch.device("cpu")
"""Where operators run that a provider does not have."""

NUMPY = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}
"""Type as a session declares it -> numpy's."""


@dataclass(frozen=True)
class Port:
    """An input or output of a graph.

    Attributes:
        name: Its name.
        shape: Each side's length, None where it may vary; an undeclared shape is ().
        type: As in "tensor(float)".
    """

    name: str
    shape: tuple[int | None, ...]
    type: str

    @property
    def rank(self) -> int:
        """Number of sides."""
        return len(self.shape)

    def __str__(self) -> str:
        sides = ", ".join("?" if side is None else str(side) for side in self.shape)
        return f"{self.name} ({sides}) {self.type.removeprefix('tensor(').removesuffix(')')}"


class GraphSession(Protocol):
    """A graph that can be run, in whatever form it is stored.

    Attributes:
        file: The file with its identity.
        provider: Where it runs.
        inputs, outputs: By name, in the graph's order.
    """

    file: OnnxFile
    provider: str
    inputs: dict[str, Port]
    outputs: dict[str, Port]

    def run(self, feeds: Mapping[str, np.ndarray], wanted: Sequence[str]) -> dict[str, np.ndarray]:
        """Compute outputs; see `Session.run`."""

    def describe(self) -> dict[str, Any]:
        """Return what `run.json` says of the file and of where it runs."""


class Session:
    """An ONNX graph that can be run.

    Args:
        file: The graph, checked.
        provider: Where it runs.

    Attributes:
        inputs, outputs: By name, in the graph's order.

    Raises:
        UsageError: onnxruntime is not installed, or has not the provider.
        ModelError: onnxruntime refuses the graph.
    """

    def __init__(self, file: OnnxFile, provider: Provider = "cpu") -> None:
        self.file, self.provider = file, str(provider)
        self._session = _open(file, provider)
        self.inputs = {one.name: one for one in map(_port, self._session.get_inputs())}
        self.outputs = {one.name: one for one in map(_port, self._session.get_outputs())}

    def run(self, feeds: Mapping[str, np.ndarray], wanted: Sequence[str]) -> dict[str, np.ndarray]:
        """Compute outputs.

        Args:
            feeds: Input -> array, cast to the declared type; those that the graph does not declare are left out.
            wanted: Names of outputs; others are not computed.

        Returns:
            Output -> array; half precision as float32.

        Raises:
            ModelError: An input is missing, or onnxruntime fails.
        """
        if missing := [name for name in self.inputs if name not in feeds]:
            what = f"the graph has inputs nothing is known for: {', '.join(str(self.inputs[name]) for name in missing)}"
            raise ModelError(what, where=self.file.path, mend="name its contract: model.contract=")
        cast: dict[str, np.ndarray] = {
            name: np.ascontiguousarray(feeds[name], NUMPY.get(port.type, np.float32))
            for name, port in self.inputs.items()
        }
        flush_denormals(HOST)
        try:
            made = self._session.run(list(wanted), cast)
        except Exception as error:  # onnxruntime's exceptions have no common class
            raise _refusal(error, self.file) from error
        return {
            name: array.astype(np.float32) if array.dtype == np.float16 else array
            for name, array in zip(wanted, made, strict=True)
        }

    def describe(self) -> dict[str, Any]:
        """Return what `run.json` says of the file and of where it runs."""
        import onnxruntime

        return {
            "file": str(self.file.path),
            "sha256": self.file.sha256,
            "size_bytes": self.file.size_bytes,
            "provider": self.provider,
            "providers": self._session.get_providers(),
            "provider_options": OPTIONS.get(self.provider, {}),
            "optimisation": "all",
            "onnxruntime": onnxruntime.__version__,
            "inputs": [str(one) for one in self.inputs.values()],
            "outputs": [str(one) for one in self.outputs.values()],
            **self.file.about,
        }


def open_session(path: str, where: str, provider: Provider) -> Session:
    """Check a file and make a session of it; `where` is the switch that named it.

    Raises:
        UsageError: A package or the provider is missing.
        ModelError: The file cannot be used.
    """
    return Session(read_onnx(Path(path).expanduser(), where), provider)


def _open(file: OnnxFile, provider: Provider) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        what = "ONNX models need the package onnxruntime"
        raise UsageError(what, where=file.path, mend=INSTALL) from error
    name = PROVIDERS[provider]
    there = onnxruntime.get_available_providers()
    if name not in there:
        what = f"onnxruntime has no provider {provider} here; it has {', '.join(there)}"
        mend = "model.provider=cpu, or install the onnxruntime package that has it (docs/exports.md)"
        raise UsageError(what, where=f"model.provider={provider}", mend=mend)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is told by its error
    options.intra_op_num_threads = torch.get_num_threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # scorers and torch share the cores
    # What `flush_denormals` asks of this thread, of onnxruntime's own.
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    chosen = [(name, OPTIONS.get(provider, {}))]
    if provider != "cpu":
        chosen.append((PROVIDERS["cpu"], {}))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            session = onnxruntime.InferenceSession(str(file.path), options, providers=chosen)
    except Exception as error:  # onnxruntime's exceptions have no common class
        raise _refusal(error, file) from error
    if name not in session.get_providers():
        what = f"provider {provider} was asked for, but onnxruntime runs the graph on {session.get_providers()}"
        raise UsageError(what, where=f"model.provider={provider}", mend="model.provider=cpu, or mend its installation")
    return session


def _refusal(error: Exception, file: OnnxFile) -> Exception:
    """Return what is told of an error of onnxruntime's; a lack of memory is handed on as such."""
    text = str(error)
    if any(part in text.lower() for part in ("out of memory", "failed to allocate memory", "bad allocation")):
        return MemoryError(text)
    mend = "export it again, or upgrade onnxruntime"
    if "ConvInteger" in text:
        mend = "quantise with op_types_to_quantize=['MatMul','Gemm'], or upgrade onnxruntime"
    elif "tensor(float16)" in text:
        mend = "make its fp16 form with onnxruntime.transformers.float16 or `sambench export dtype=fp16`"
    return ModelError(f"onnxruntime refuses the graph: {first_line(error)}", where=file.path, mend=mend)


def _port(one: Any) -> Port:
    return Port(one.name, tuple(side if isinstance(side, int) else None for side in one.shape or ()), one.type)
