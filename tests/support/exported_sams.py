"""Tiny random models of SAM's family with their exported files, made once a process."""

import functools
import tempfile
from pathlib import Path

from tiny_sams import tiny_model

from sambench.models.onnx.exporting.writing import convert, export_half
from sambench.models.sam.loading import load


@functools.cache
def exported(family):
    """Return the folder of a tiny model in transformers' format, with encoder.onnx and decoder.onnx in it."""
    folder = Path(tempfile.mkdtemp(prefix=f"tiny_{family}_"))
    tiny_model(family).save_pretrained(folder)
    native = load(str(folder), device="cpu")
    for half in ("encoder", "decoder"):
        export_half(native, half, folder, opset=18)
    return folder


@functools.cache
def converted(family, precision):
    """Return encoder and decoder of another precision."""
    folder = exported(family)
    return tuple(str(convert(folder / f"{half}.onnx", precision)) for half in ("encoder", "decoder"))
