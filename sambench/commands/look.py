"""`sambench look`: pictures of a run's best, median and worst images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from sambench.commands.grammar.declaration import Command, Key
from sambench.commands.grammar.output import FORMAT, tell
from sambench.commands.grammar.words import read
from sambench.config.ranges import Range


def main(words: list[str]) -> int:
    """Draw and list the pictures."""
    from sambench.drawing.figures.clicks import gallery
    from sambench.files.safe_names import inside, safe_name
    from sambench.pages.report.choice import draw_gallery, open_again, predictions_path
    from sambench.runs.open import load_run
    from sambench.runs.summary import number

    values = read(LOOK, words[1:])
    run = load_run(words[0])
    beside = run.folder if run.url is None else Path(run.folder.name)
    out = Path(values["out"]) if values["out"] else inside(beside, "gallery")
    task, dataset = open_again(run)
    by_group = draw_gallery(run, task, dataset, values["count"], out)
    clicks = None
    if task.name == "points":
        clicks = gallery(run, dataset, out, each=values["count"], predictions=predictions_path(run))
    pictures, lines = [], []
    for group, samples in by_group.items():
        for sample_id, quality in samples:
            picture = out / group / f"{safe_name(sample_id)}.png"
            drawn = picture.exists()
            text = picture if drawn else f"{sample_id}: nothing was predicted, so nothing is drawn"
            lines.append(f"{group:6}  {number(quality)}  {text}")
            file = str(picture) if drawn else None
            pictures.append({"group": group, "sample": sample_id, "quality": quality, "file": file})
    if task.name == "points":
        lines.append(f"masks with clicks and candidates: {clicks or 'none, as no object was clicked on'}")
    result = {"pictures": pictures, "clicks": str(clicks) if clicks else None}
    tell(values["format"], result, "\n".join(lines))
    return 0


LOOK = Command(
    name="look",
    summary="pictures of a run's best, median and worst images",
    main=main,
    argument="RUN",
    arguments="paths",
    about="""\
Draws the best, median and worst images of a finished run with what was predicted and how well it fits.""",
    keys=(
        Key("count", "images of each kind", Annotated[int, Range(1, 1000)], 3),
        Key(
            "out",
            "where they are written (default: RUN/gallery; of a run at a URL NAME/gallery here)",
            str | None,
            example="FOLDER",
            path="local",
        ),
        FORMAT,
    ),
    result="data:LookResult",
    examples=("sambench look results/instances/mini-hierarchy-1a2b3c4d count=5",),
)
