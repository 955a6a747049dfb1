"""TorchScript and torch.export archives behind the interface of a session: `model=torchscript`.

Loading one runs code that lies in it, so that it needs the user's own word. An archive says in a file of its own,
`sambench.json`, what its inputs and outputs are called, as those of `sambench export` do.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sambench.errors import ModelError, UsageError
from sambench.files.atomic import file_sha256
from sambench.models.checkpoint_files import first_line
from sambench.models.onnx.answers import SingleAnswers
from sambench.models.onnx.files import OnnxFile
from sambench.models.onnx.model import OnnxModel, put_together
from sambench.models.onnx.sessions import Port
from sambench.models.sam.token_rules import TokenRules

NOTE = "sambench.json"
"""The file inside an archive that names inputs and outputs."""


ENDINGS = (".pt", ".pt2", ".ts", ".torchscript")
"""Endings of archives; other files and folders are checkpoints."""


def load(
    encoder: str | None = None,
    decoder: str | None = None,
    trusted: bool = False,
    single_answers: SingleAnswers = "refuse",
    device: str = "cpu",
    dynamic_multimask: bool = True,
    hq_token_only: bool = False,
    decode_batch_size: int = 64,
) -> OnnxModel:
    """Open a model of two archives.

    Args:
        encoder: FILE.pt (TorchScript) or FILE.pt2 (torch.export), or a checkpoint in another form.
        decoder: The same.
        trusted: Whether the user knows who made the archives.
        single_answers, device, dynamic_multimask, hq_token_only, decode_batch_size: As for `model=onnx`; the device is
            the archives' too.

    Raises:
        UsageError: No file, or no word that it is trusted.
        ModelError: An archive cannot be used.
    """
    for where, path in {"model.encoder": encoder, "model.decoder": decoder}.items():
        if path is None:
            mend = "model.encoder=FILE.pt model.decoder=FILE.pt; `sambench export to=torchscript` makes them"
            raise UsageError(f"no {where.partition('.')[2]} is given", where=where, mend=mend)
        if not trusted:
            what = "a TorchScript or torch.export archive runs code of its own when it is loaded"
            raise UsageError(what, where=f"{where}={path}", mend="add model.trusted=true if you trust who made it")
    tokens = TokenRules(dynamic_multimask=dynamic_multimask, hq_token_only=hq_token_only)

    def opened(path: str, where: str) -> ArchiveSession | None:
        return ArchiveSession(Path(path), where, device) if path.lower().endswith(ENDINGS) else None

    paths = (str(encoder), str(decoder))
    return put_together(paths, opened, "auto", single_answers, tokens, device, decode_batch_size)


class ArchiveSession:
    """An archive that can be run, as `Session` is.

    Args:
        path: The archive.
        where: The switch that named it.
        device: Where it runs.

    Raises:
        ModelError: It is no archive, or does not say what its inputs are.
    """

    def __init__(self, path: Path, where: str, device: str) -> None:
        path = path.expanduser()
        if not path.is_file():
            raise ModelError("there is no such file", where=f"{where}={path}", mend=f"{where}=FILE.pt")
        self.provider, self.device = f"torch {device}", torch.device("cpu" if device == "auto" else device)
        note: dict[str, Any] = {NOTE: ""}
        try:
            self._module = _opened(path, note, self.device)
        except Exception as error:  # whatever a damaged archive or foreign code raises
            what = f"torch cannot load the archive: {type(error).__name__}: {first_line(error)}"
            raise ModelError(what, where=path, mend="export it again with this version of torch") from error
        try:
            content = json.loads(note[NOTE])
            self.inputs, self.outputs = (
                {one["name"]: Port(one["name"], tuple(one["shape"]), "tensor(float)") for one in content[side]}
                for side in ("inputs", "outputs")
            )
        except (ValueError, KeyError, TypeError) as error:
            what = "the archive does not say what its inputs and outputs are"
            mend = f"save it with {NOTE} beside its code (docs/exports.md), or score it by two functions of your own"
            raise ModelError(what, where=path, mend=mend) from error
        about: dict[str, Any] = {
            "notes": {"sambench": json.dumps(content.get("made_of", {}), sort_keys=True)},
            "quantised": {},
        }
        about |= {"half_precision": 0.0, "torch": torch.__version__}
        self.file = OnnxFile(path, file_sha256(path), path.stat().st_size, about)

    @torch.inference_mode()
    def run(self, feeds: Mapping[str, np.ndarray], wanted: Sequence[str]) -> dict[str, np.ndarray]:
        """Compute outputs; see `Session.run`."""
        if missing := [name for name in self.inputs if name not in feeds]:
            what = f"the archive has inputs nothing is known for: {', '.join(missing)}"
            raise ModelError(what, where=self.file.path, mend="score it by two functions of your own")
        arrays = [np.ascontiguousarray(feeds[name], np.float32) for name in self.inputs]
        try:
            made = self._module(*(torch.from_numpy(array).to(self.device) for array in arrays))
        except (RuntimeError, AssertionError) as error:
            if "out of memory" in str(error).lower():
                raise
            what = f"the archive's code fails: {first_line(error)}"
            raise ModelError(what, where=self.file.path, mend="export it again") from error
        parts = made if isinstance(made, tuple | list) else (made,)
        named = dict(zip(self.outputs, parts, strict=False))
        return {name: named[name].float().cpu().numpy() for name in wanted}

    def describe(self) -> dict[str, Any]:
        """Return what `run.json` says of it."""
        return {
            "file": str(self.file.path),
            "sha256": self.file.sha256,
            "size_bytes": self.file.size_bytes,
            "provider": self.provider,
            "inputs": [str(one) for one in self.inputs.values()],
            "outputs": [str(one) for one in self.outputs.values()],
            **self.file.about,
        }


def _opened(path: Path, note: dict[str, Any], device: torch.device) -> Callable[..., Any]:
    """Load an archive and fill in the note; this runs its code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if path.suffix == ".pt2":
            program = torch.export.load(str(path), extra_files=note)
            module: Callable[..., Any] = program.module().to(device)
            return module
        return torch.jit.load(str(path), map_location=device, _extra_files=note).eval()
