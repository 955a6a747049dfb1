"""`sambench latency`: two models timed in turn on the same images, as ratios with intervals."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from sambench.commands.comparing.two_models import built, composed, images, side_words
from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import format_key, tell
from sambench.commands.grammar.words import own_words, read
from sambench.config.ranges import Range
from sambench.errors import UsageError
from sambench.files.progress import say
from sambench.tables.render import FORMATS

if TYPE_CHECKING:
    import pandas as pd

    from sambench.engine.latency_steps import StepSettings
    from sambench.metrics.latency.ratios import StepRatio
    from sambench.models.base import PromptableModel

SIDES = ("baseline", "candidate")


def main(words: list[str]) -> int:
    """Time, print, judge."""
    from sambench.config.resolve import build
    from sambench.engine.costs import OtherLoad
    from sambench.files.atomic import write_text
    from sambench.metrics.latency.figures import load_note
    from sambench.metrics.uncertainty.spread import ENOUGH
    from sambench.models.base import check_questions
    from sambench.tables.render import render

    own, rest = own_words(LATENCY, words)
    values = read(LATENCY, own)
    also = [*(key.name for key in LATENCY.keys), *SIDES]
    configs = [composed(side, also) for side in side_words(rest, SIDES, "latency", "latency", 12)]
    task = build("tasks", "task", configs[0]["task"], own_words=True)
    if task.name != "latency":
        what = f"task {task.name} is not timed step by step"
        raise UsageError(what, where=f"task={task.name}", mend="leave task= out; task.KEY=VALUE sets its switches")
    models = [built(config) for config in configs]
    for model in models:
        check_questions(model, task.questions())
    load = OtherLoad()
    ratios = _timed(models, configs[0], task)
    table, notes = _table(ratios), [note] if (note := load_note(load.processors())) else []
    title = f"{models[1].name} beside {models[0].name}, timed in turn on {ratios[0].images} images"
    out = Path(values["out"])
    for form, ending in FORMATS.items():
        write_text(out / f"latency.{ending}", render(table, notes, title, form))
    slow = [one.step for one in ratios if values["most"] is not None and one.interval[0] > values["most"]]
    files = [f"{out}/latency.{ending}" for ending in FORMATS.values()]
    result = {"baseline": models[0].name, "candidate": models[1].name, "steps": [asdict(one) for one in ratios]}
    result |= {"slow": slow, "notes": notes, "files": files}
    form = values["format"]
    tell(form, result, lambda: render(table, notes, title, form).removesuffix("\n"))
    say(f"written: {out}/latency.{{{','.join(FORMATS.values())}}}")
    if slow:
        print(f"slower than {values['most']:g} times: {', '.join(slow)}", file=sys.stderr)
        return 1
    untold = [one.step for one in ratios if values["most"] is not None and math.isnan(one.interval[0])]
    if untold:
        few = f"{ratios[0].images} images give no interval; give limit={ENOUGH} or more"
        print(f"cannot tell {', '.join(untold)}: {few}", file=sys.stderr)
        return 3
    return 0


def _timed(models: Sequence[PromptableModel], config: dict[str, Any], settings: StepSettings) -> list[StepRatio]:
    """Time every step of both models in turn, image by image."""
    import numpy as np

    from sambench.engine.costs import timed
    from sambench.engine.latency_steps import in_turn, steps_of
    from sambench.engine.predictor import Predictor
    from sambench.engine.stages import Stages
    from sambench.metrics.latency.figures import step_name
    from sambench.metrics.latency.ratios import step_ratios
    from sambench.models.devices import device_of

    predictors = [Predictor(model, None, Stages(), int(config["prompt_batch"])) for model in models]
    clock = partial(timed, device=device_of(models[0]))
    seconds: dict[str, tuple[list[np.ndarray], list[np.ndarray]]] = {}
    for name, image in images(config):
        say(f"timing {name}")
        sides = [steps_of(predictor, image, settings) for predictor in predictors]
        for step in sides[0]:
            times = in_turn(sides, step, clock, settings)
            for kept, one in zip(seconds.setdefault(step_name(*step), ([], [])), times, strict=True):
                kept.append(np.array(one))
    return step_ratios(seconds, int(config["seed"]))


def _table(ratios: Sequence[StepRatio]) -> pd.DataFrame:
    """Lay the ratios out as texts."""
    import pandas as pd

    from sambench.gates.cells import number

    return pd.DataFrame(
        {
            "step": one.step,
            "baseline, ms": f"{1e3 * one.baseline:.4g}",
            "candidate, ms": f"{1e3 * one.candidate:.4g}",
            "ratio": number(one.ratio),
            "95 % interval": "" if math.isnan(one.interval[0]) else "[{:.3f}, {:.3f}]".format(*one.interval),
            "verdict": one.verdict,
        }
        for one in ratios
    )


LATENCY = Command(
    name="latency",
    summary="two models timed in turn: how many times as long each step takes",
    main=main,
    takes_run_words=True,
    usage=("latency baseline=NAME candidate=NAME [baseline.KEY=VALUE ...] [candidate.KEY=VALUE ...] [key=value ...]",),
    about="""\
Times two models A B A B on the same images, so that what else the machine does meets both alike: encoding, decoding of
K prompts on one embedding, first and next mask, automatic generation. Prints medians and their ratio with a 95 %
interval over images (ten or more). Times of two runs at different moments are not compared. The words of `sambench run`
hold for both; limit=12 if none is given; task.prompts, task.batches, task.generate, task.repeats and task.seconds say
what is timed. One model alone: sambench run task=latency.""",
    keys=(
        Key(
            "most",
            "exit with 1 where the interval of a step's ratio lies above this",
            Annotated[float, Range(0, 1e6, above=True)] | None,
            example="1.1",
        ),
        format_key(tuple(FORMATS), "md"),
        Key("out", "where all formats are written", str, "results/latency-compared", path="local"),
    ),
    exit_codes={
        0: "timed, and no step slower than `most`",
        1: "a step is slower than `most`",
        3: "too few images to tell",
    },
    result="tables:LatencyResult",
    examples=(
        "sambench latency baseline=hierarchy candidate=hierarchy task.generate=0 limit=12 task.seconds=1",
        "sambench latency baseline=sam baseline.checkpoint=s.pth candidate=sam candidate.checkpoint=s.pth "
        "candidate.dtype=bf16 most=1",
    ),
)
