"""`sambench pareto`: which models nobody beats in cost and quality at once."""

from __future__ import annotations

from pathlib import Path

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import format_key, tell
from sambench.commands.grammar.words import read
from sambench.files.progress import say
from sambench.tables.render import FORMATS


def main(words: list[str]) -> int:
    """Print the table, and write it in all formats with its figure."""
    from sambench.commands.results.runs import metric_result
    from sambench.drawing.figures.pareto import pareto_front
    from sambench.files.atomic import write_text
    from sambench.runs.open import load_run
    from sambench.tables.pareto import pareto_points, pareto_table
    from sambench.tables.render import as_file, render

    values = read(PARETO, words)
    x, y, out = values["x"], values["y"], Path(values["out"])
    points, notes = pareto_points([load_run(location) for location in values["runs"]], x, y)
    table, front = pareto_table(points, x, y), sum(one.standing == "on" for one in points)
    title = f"{y} against {x}: {front} of {len(points)} models on the front"
    for form, ending in FORMATS.items():
        write_text(out / f"pareto.{ending}", as_file(render(table, notes, title, form), form))
    drawn = pareto_front(points, (table.columns[1], table.columns[2]), out)
    models = [
        {"model": one.model, "x": metric_result(one.x), "y": metric_result(one.y), "standing": one.standing}
        for one in points
    ]
    files = [*(f"{out}/pareto.{ending}" for ending in FORMATS.values()), *map(str, drawn)]
    form = values["format"]
    result = {"x": x, "y": y, "models": models, "notes": notes, "files": files}
    tell(form, result, lambda: render(table, notes, title, form).removesuffix("\n"))
    say(f"written: {out}/pareto.{{{','.join(FORMATS.values())}}} {' '.join(map(str, drawn))}")
    return 0


PARETO = Command(
    name="pareto",
    summary="which models are on the front of cost and quality",
    main=main,
    about="""\
Puts runs of the same model together, one for each axis, and says which models are on the front: none other is at least
as good on both axes and better on one. A model that is beaten within the intervals only is told as such. Axes are
TASK.METRIC, as the run's summary names it, or memory, params, speed (of task=latency).""",
    keys=(
        Key(
            "runs",
            "finished runs, of task=latency and of what x and y name",
            list[str],
            example="[A,B,...]",
            required=True,
            path="url",
        ),
        Key("x", "the first axis", str, "latency.encode_p50"),
        Key("y", "the second axis", str, "points.mIoU@1"),
        format_key(tuple(FORMATS), "md"),
        Key("out", "where all formats and the figure are written", str, "results/pareto", path="local"),
    ),
    result="tables:ParetoResult",
    examples=(
        "sambench pareto runs=[results/latency/a,results/latency/b,results/points/a,results/points/b]",
        "sambench pareto runs=[latency/a,latency/b,edges/a,edges/b] x=memory y=edges.ods",
    ),
)
