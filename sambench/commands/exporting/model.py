"""`sambench export model=... to=onnx`: files of a native model, checked against it on the spot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from sambench.commands.comparing.two_models import built, composed, images
from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, JSON, json_of, show
from sambench.commands.grammar.words import own_words, read
from sambench.config.ranges import Range
from sambench.errors import UsageError
from sambench.files.progress import say

if TYPE_CHECKING:
    import numpy as np

    from sambench.models.onnx.exporting.graphs import Half
    from sambench.models.onnx.exporting.writing import Precision
    from sambench.models.sam.model import TransformersSam
    from sambench.types import Embedding

HALVES: tuple[Half, Half] = ("encoder", "decoder")


def main(words: list[str]) -> int:
    """Export, check and tell."""
    from sambench.models.onnx.exporting.writing import convert, export_half

    own, rest = own_words(MODEL, words)
    values = read(MODEL, own)
    config = composed(_words(rest), [key.name for key in MODEL.keys])
    original = _native(config)
    check = partial(_check, original, list(images(config)), {}, values["prompts"], values["format"])
    out = Path(values["out"])
    out.mkdir(parents=True, exist_ok=True)
    if values["to"] != "onnx":
        return _archives(original, out, values, check)
    checks: list[dict[str, Any]] = []
    written = [export_half(original, half, out, values["opset"]) for half in HALVES]
    code = 0
    for precision in dict.fromkeys(["fp32", *values["precisions"]]):
        paths = [convert(path, precision) for path in written]
        say(f"written: {' '.join(map(str, paths))}")
        checks.append(check(paths, precision))
        code = code if checks[-1]["within"] else 1
    if values["format"] == JSON:
        print(json_of({"checks": checks}))
    return code


def _archives(
    original: TransformersSam, out: Path, values: dict[str, Any], check: Callable[..., dict[str, Any]]
) -> int:
    """Write TorchScript or torch.export archives, which are of float32 alone, and check them."""
    from sambench.models.onnx.exporting.archive_writing import export_archive

    if list(values["precisions"]) != ["fp32"]:
        what = f"to={values['to']} writes fp32 alone"
        raise UsageError(what, where="precisions", mend="leave precisions= out, or use to=onnx")
    paths = [export_archive(original, half, out, values["to"]) for half in HALVES]
    say(f"written: {' '.join(map(str, paths))}")
    checked = check(paths, "fp32")
    if values["format"] == JSON:
        print(json_of({"checks": [checked]}))
    return 0 if checked["within"] else 1


def _words(words: Sequence[str]) -> list[str]:
    """Return the words of `sambench run` that choose the model and the images it is checked on."""
    defaults = {"task=": "task=points", "data=": "data=mini", "limit=": "limit=2", "device=": "device=cpu"}
    missing = [word for key, word in defaults.items() if not any(one.startswith(key) for one in words)]
    return [*words, *missing]


def _native(config: dict[str, Any]) -> TransformersSam:
    from sambench.models.sam.model import TransformersSam

    model = built(config)
    if not isinstance(model, TransformersSam):
        what = f"model {model.name} cannot be exported: only model=sam and its sizes can"
        raise UsageError(what, where="model", mend="add model=sam model.checkpoint=PATH")
    if model.device.type != "cpu" or {str(model.dtype), str(model.decode_dtype)} != {"torch.float32"}:
        what = "a model is exported from float32 on the CPU"
        raise UsageError(
            what, where="device, dtype", mend="leave device= and dtype= out; precisions= chooses the files'"
        )
    return model


def _check(
    original: TransformersSam,
    seen: Sequence[tuple[str, np.ndarray]],
    encoded: dict[str, Embedding],
    prompts: int,
    form: str,
    paths: Sequence[Path],
    precision: Precision,
) -> dict[str, Any]:
    """Tell how far an export is from the original: as text at once; returns it as `ExportCheck`.

    Whether it is near enough is asked of fp32 alone.

    Args:
        original: The model.
        seen: Images and their names.
        encoded: The original's features of those that it was asked about before.
        prompts: How many of each kind are asked.
        form: What is printed: nothing here where it is JSON.
        paths: The export's files.
        precision: Of the export.
    """
    from sambench.commands.results.tables import table_result
    from sambench.engine.parity import ParitySettings, measure_parity
    from sambench.models.onnx.archives import load as load_archives
    from sambench.models.onnx.model import load
    from sambench.tables.parity import FREE, Limits, parity_table
    from sambench.tables.render import render

    encoder, decoder = map(str, paths)
    export = load(encoder, decoder) if encoder.endswith(".onnx") else load_archives(encoder, decoder, trusted=True)
    errors = measure_parity(original, export, seen, ParitySettings(prompts=prompts, worst=0), encoded=encoded)
    table, notes, within = parity_table(errors, Limits() if precision == "fp32" else FREE)
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    title = f"{precision}, {megabytes:.1f} MB, against {original.name}"
    if form != JSON:
        show(render(table, notes, title, "md"))
    fields = {"precision": precision, "files": list(map(str, paths)), "megabytes": megabytes, "within": within}
    return {**fields, "table": table_result(precision, table, notes, title)}


MODEL = Command(
    name="export model",
    summary="a model of SAM's family as files, checked against it",
    main=main,
    takes_run_words=True,
    usage=("export model model=NAME model.checkpoint=PATH [to=onnx] [key=value ...]",),
    about="""\
Writes encoder.onnx and decoder.onnx of a model of SAM's family (model=sam and its sizes), and for every other precision
encoder_fp16.onnx, encoder_int8.onnx and so on: half precision weights and arithmetic, or eight-bit weights of the
products by channel with activations quantised as they come (onnxruntime's dynamic quantisation; convolutions stay).
Then asks original and export the same of the first images of the data and prints a table of errors for each precision.
to=torchscript and to=torch_export write encoder.pt and .pt2 for model=torchscript, in fp32.

SAM's decoder has segment_anything's names with all four masks, at low resolution and for several prompts at once; SAM
2's those of samexporter. Each file says what it was made of.""",
    keys=(
        Key("to", "the form", Literal["onnx", "torchscript", "torch_export"], "onnx"),
        Key("out", "where the files are written", str, "exported", path="local"),
        Key("precisions", "fp32, fp16, int8", list[Literal["fp32", "fp16", "int8"]], ["fp32"], example="[fp32,int8]"),
        Key("opset", "ONNX's set of operators", Annotated[int, Range(18, 30)], 18),
        Key("prompts", "of each kind on each image that the files are checked on", Annotated[int, Range(1, 1000)], 4),
        FORMAT,
    ),
    result="verdicts:ExportResult",
    exit_codes={
        1: "fp32 is not within 1e-4 of the original (relative), or a mask differs by more than logits within 1e-3 of 0",
    },
    examples=(
        "sambench export model model=sam_vit_b model.checkpoint=sam_vit_b_01ec64.pth to=onnx precisions=[fp32,int8]",
        "sambench run task=points model=onnx model.folder=exported model.encoder=encoder_int8.onnx "
        "model.decoder=decoder.onnx",
    ),
)
