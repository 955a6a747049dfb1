"""`sambench parity`: two models side by side on the same images and prompts, a table of errors, and a verdict."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sambench.commands.comparing.two_models import built, composed, images, side_words
from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import JSON, format_key, tell
from sambench.commands.grammar.words import own_words, read
from sambench.config.ranges import SHARED, Range
from sambench.files.progress import say
from sambench.tables.render import FORMATS

if TYPE_CHECKING:
    from sambench.gates.result import GateResult
    from sambench.models.base import PromptableModel


def main(words: list[str]) -> int:
    """Compare, print, draw, and judge."""
    from sambench.commands.results.tables import table_result
    from sambench.drawing.pictures.parity import draw_worst
    from sambench.engine.parity import ParitySettings, measure_parity
    from sambench.files.atomic import write_text
    from sambench.gates.render import render_gate
    from sambench.tables.folding import terminal_width
    from sambench.tables.parity import Limits, parity_table
    from sambench.tables.render import render

    own, rest = own_words(PARITY, words)
    values = read(PARITY, own)
    sides = side_words(rest, ("model_a", "model_b"), "parity", "points", 4)
    configs = [composed(side, _ALSO) for side in sides]
    models = [built(config) for config in configs]
    settings = ParitySettings(values["prompts"], values["generator"], seed=values["seed"])
    errors = measure_parity(models[0], models[1], images(configs[0]), settings)
    limits = Limits(**{item.name: values[item.name] for item in fields(Limits)})
    table, notes, within = parity_table(errors, limits)
    title = f"{models[1].name} against {models[0].name}"
    out = Path(values["out"])
    for form, ending in FORMATS.items():
        write_text(out / f"parity.{ending}", render(table, notes, title, form))
    drawn = draw_worst(errors.worst, out)
    code, form = 0 if within else 1, values["format"]
    verdict = _gated(sides, models, out) if values["metrics"] else None
    if verdict is not None:
        code = max(code, verdict.exit_code)
    files = [*(f"{out}/parity.{ending}" for ending in FORMATS.values()), *map(str, drawn)]
    result = {"model_a": models[0].name, "model_b": models[1].name, "within": within, "files": files}
    result |= {"table": table_result("parity", table, notes, title)}
    result |= {"gate": None if verdict is None else json.loads(render_gate(verdict, "json"))}
    text = "" if form == JSON else render(table, notes, title, form).removesuffix("\n")
    judged = "" if verdict is None else "\n" + render_gate(verdict, "text", terminal_width())
    tell(form, result, (text + judged).removesuffix("\n"))
    print(f"{'within the limits' if within else 'beyond a limit'}", file=sys.stderr)
    say(f"written: {out}/parity.{{{','.join(FORMATS.values())}}}")
    for case, path in zip(errors.worst, drawn, strict=True):
        say(f"IoU {case.iou:.3f}, {case.kind}, image {case.sample_id}: {path}")
    return code


def _gated(sides: tuple[list[str], list[str]], models: Sequence[PromptableModel], out: Path) -> GateResult:
    """Run the task with both models and hold the second against the first."""
    from sambench.api.calls import gate
    from sambench.engine.launch import launch

    configs = [composed([*side, f"run.results={out / 'runs'}"], _ALSO) for side in sides]
    runs = [launch(config, model).run for config, model in zip(configs, models, strict=True)]
    return gate(runs[0], runs[1])


_SHARE = Annotated[float, Range(0, 1e9)] | None

PARITY = Command(
    name="parity",
    summary="two models side by side: features, logits, masks, and a verdict",
    main=main,
    takes_run_words=True,
    usage=("parity model_a=NAME model_b=NAME [model_a.KEY=VALUE ...] [model_b.KEY=VALUE ...] [key=value ...]",),
    about="""\
Holds model_b (an export, a port, a quantised form) against model_a (the original): the features of each image, and for
points, boxes and masks fed back the low-resolution logits, the predicted IoU and the masks at the image's size. Prints
a table of errors, and draws the prompts whose masks differ most. Kinds of prompts that one of the two does not answer
are left out and told. The words of `sambench run` hold for both; limit=4 if none is given. A limit of null judges
nothing.""",
    keys=(
        Key("prompts", "of each kind on each image, drawn anywhere", Annotated[int, Range(1, 10000)], 8),
        Key(
            "generator",
            "points a side of a grid of masks, both sets compared",
            Annotated[int, Range(0, 1000)],
            0,
        ),
        Key("metrics", "run the task (points if none is named) with both, and gate model_b", bool, False),
        Key("embedding", "largest difference of a feature, as a fraction of model_a's largest magnitude", _SHARE, 1e-4),
        Key("logits", "the same of low-resolution logits", _SHARE, 1e-4),
        Key("scores", "largest difference of a predicted IoU", _SHARE, 1e-4),
        Key("flipped", "share of an image's pixels that change sides, logits within 1e-3 of 0 left out", _SHARE, 0.0),
        Key("mask_iou", "lowest mean IoU of the two models' masks, for each kind of prompt", _SHARE, None),
        Key("same_set", "lowest share of model_a's generated masks that model_b generates too", _SHARE, None),
        Key("seed", "of the prompts", Annotated[int, SHARED["seed"]], 0),
        format_key(tuple(FORMATS), "md"),
        Key("out", "where all formats, the pictures and the runs are written", str, "results/parity", path="local"),
    ),
    exit_codes={
        0: "within all limits",
        1: "beyond a limit, or a regression of the task's metrics",
        3: "the two runs of the task cannot be compared",
    },
    result="verdicts:ParityResult",
    examples=(
        "sambench parity model_a=sam model_a.checkpoint=s.pth model_b=onnx model_b.encoder=e.onnx "
        "model_b.decoder=d.onnx",
        "sambench parity model_a=sam model_a.checkpoint=s.pth model_b=sam model_b.checkpoint=s.pth model_b.dtype=bf16 "
        "embedding=null logits=null scores=null flipped=null mask_iou=0.95 generator=16",
    ),
)

_ALSO = [*(key.name for key in PARITY.keys), "model_a", "model_b"]
"""Keys that the command takes for itself."""
