"""ONNX files: read without their weights, checked before anything runs, named by the bytes of all of their files."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from sambench.errors import ModelError, UsageError, listing
from sambench.files.atomic import file_sha256
from sambench.models.checkpoint_files import first_line

DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"}
"""Domains whose operators are onnxruntime's own; those of any other need native code, which is never loaded."""

QUANTISED = ("MatMulInteger", "ConvInteger", "QLinear", "QuantizeLinear", "DynamicQuantizeLinear", "MatMulNBits")
"""Beginnings of the names of operators that tell a quantised graph."""

INSTALL = "pip install 'sambench[onnx]'"


@dataclass(frozen=True)
class OnnxFile:
    """A graph with the files that hold its weights, checked.

    Attributes:
        path: The graph, as given.
        sha256: SHA-256 (hex) over the graph's bytes and, by location, size and bytes of every file of weights.
        size_bytes: Of all files.
        about: What `run.json` says of it: producer, opset, IR version, files of weights, quantised operators, the
            share of weights in 16 bits, and the producer's notes.
    """

    path: Path
    sha256: str
    size_bytes: int
    about: dict[str, Any]


def read_onnx(path: Path, where: str) -> OnnxFile:
    """Read a graph's structure, check the files it names and hash all of them; no weights are loaded.

    Args:
        path: The `.onnx` file.
        where: The switch that named it, for messages.

    Raises:
        UsageError: onnx is not installed.
        ModelError: No such file, no ONNX, a file of weights that is missing, too short or outside the model's folder,
            or operators that need code of others.
    """
    try:
        import onnx
    except ImportError as error:
        raise UsageError("ONNX files need the package onnx", where=where, mend=INSTALL) from error
    if not path.is_file():
        raise ModelError("there is no such file", where=f"{where}={path}", mend=f"{where}=FILE.onnx")
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's own exceptions have no common class across its versions
        head = path.open("rb").read(24)
        what = f"the file is no ONNX model: {first_line(error)} (begins with {head!r})"
        raise ModelError(what, where=path, mend="export or download it again") from error
    if not model.graph.node:
        raise ModelError("the file holds no graph", where=path, mend="export or download it again")
    _check_domains(model, path)
    files_by_location = _external_files(model, path)
    digest = hashlib.sha256(file_sha256(path).encode())
    size = path.stat().st_size
    for location, file in sorted(files_by_location.items()):
        size += file.stat().st_size
        digest.update(f"\n{location} {file.stat().st_size} {file_sha256(file)}".encode())
    return OnnxFile(path, digest.hexdigest(), size, _about(model, list(files_by_location)))


def _check_domains(model: Any, path: Path) -> None:
    used = {node.domain for graph in _graphs(model) for node in graph.node} - {one.domain for one in model.functions}
    if strange := sorted(used - DOMAINS):
        what = f"the graph has operators of other domains, which need native code: {listing(strange)}"
        raise ModelError(what, where=path, mend="export it with the standard operators")


def _external_files(model: Any, path: Path) -> dict[str, Path]:
    """Return location -> file of every file of weights, each found inside the model's folder and large enough."""
    files: dict[str, Path] = {}
    for tensor in _tensors(model):
        if tensor.data_location != tensor.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        if location not in files:
            files[location] = _inside(location, path)
        try:
            end = int(entries.get("offset") or 0) + int(entries.get("length") or 0)
        except ValueError as error:
            raise ModelError(
                f"the weights {tensor.name!r} lie at no number", where=path, mend="export again"
            ) from error
        size = files[location].stat().st_size
        if not 0 <= end <= size:
            what = f"the weights {tensor.name!r} end at byte {end} of {location!r}, which has {size}"
            raise ModelError(what, where=path, mend="download the file of weights again: it is truncated")
    return files


def _inside(location: str, path: Path) -> Path:
    """Return the file of a location; a graph may name files beside it alone, or beside what a link of it points to."""
    parts = [PurePosixPath(location), PureWindowsPath(location)]
    escapes = not location or any(one.is_absolute() or one.drive or ".." in one.parts for one in parts)
    file = path.parent / location
    if not escapes:
        try:
            real = file.resolve(strict=True)
        except OSError as error:
            what = f"the file of weights {location!r} is not beside the graph"
            raise ModelError(what, where=path, mend=f"put {location} into {path.parent}") from error
        homes = (path.parent.resolve(), path.resolve().parent)
        if real.is_file() and any(real.is_relative_to(home) for home in homes):
            return file
    what = f"the graph names weights outside its folder: {location!r}"
    raise ModelError(what, where=path, mend="use a graph whose weights lie beside it; export it again")


def _graphs(model: Any) -> Iterator[Any]:
    """Yield the main graph, the functions and every graph inside a node of them."""
    waiting = [model.graph, *model.functions]
    while waiting:
        graph = waiting.pop()
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                waiting += [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]


def _tensors(model: Any) -> Iterator[Any]:
    """Yield every tensor that can lie in another file: weights, and values of nodes' attributes."""
    for graph in _graphs(model):
        yield from getattr(graph, "initializer", ())
        for sparse in getattr(graph, "sparse_initializer", ()):
            yield from (sparse.values, sparse.indices)
        for node in graph.node:
            for attribute in node.attribute:
                yield from [*([attribute.t] if attribute.HasField("t") else []), *attribute.tensors]
                for sparse in attribute.sparse_tensors:
                    yield from (sparse.values, sparse.indices)


def _about(model: Any, external: list[str]) -> dict[str, Any]:
    counted = Counter(node.op_type for graph in _graphs(model) for node in graph.node)
    weights, half = 0, 0
    for tensor in model.graph.initializer:
        number = 1
        for side in tensor.dims:
            number *= side
        weights += number
        half += number if tensor.data_type in (tensor.FLOAT16, tensor.BFLOAT16) else 0
    return {
        "producer": f"{model.producer_name} {model.producer_version}".strip(),
        "opset": {entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        "ir_version": model.ir_version,
        "weights_in": sorted(external),
        "quantised": {name: number for name, number in sorted(counted.items()) if name.startswith(QUANTISED)},
        "half_precision": round(half / max(weights, 1), 4),
        "notes": {entry.key: entry.value for entry in model.metadata_props},
    }
